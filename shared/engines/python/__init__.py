"""python nodes: a person's function from a table to a table, in a process of its own that may be ended at any time.

The process has the memory, the time and the environment that it is given, and no way into the store. It is no sandbox: it runs as the
worker's user, sees the worker's files and reaches the network.
"""
