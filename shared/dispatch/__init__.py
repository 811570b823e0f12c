"""Releasing the stages of a run that are ready, as task groups: the one way work is started.

A run is a chain of Celery groups, one for each step of its stage graph; the links of that chain are rows in PostgreSQL. Whoever finishes a
stage marks it done and releases what is now ready in one transaction under the run's row lock (`results`), and sends those messages as one
`celery.group` after the commit (`sending`). The scheduler uses the same functions to start runs and to recover (`recovery`).
"""
