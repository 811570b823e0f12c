"""One path between databases that speak Python's DB-API and Arrow: reading, staging, publishing, and the commit marker.

A connector type brings a `Database` (what is its own: how to connect, its catalogue, its types, its locks); all else is here, so that
every one of them passes the same tests.
"""
