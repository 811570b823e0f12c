"""The history of documents as Git holds it: each save is a commit, whose sha is computed and stored with the version.

PostgreSQL is the record: the chain of commits stands there, numbered without a hole, and every byte of each commit follows from it. A
bare repository is a projection of that chain (`repository`), written after the transaction: it may lag, be lost or be damaged, and any
process writes it again, commit for commit with the same shas. Pushing it to a remote (`push`) is the scheduler's leader's work.
"""
