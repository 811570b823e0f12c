"""What a dialect lacks, said with what it has: one rewrite a file, each a `Pass`; `shared/sql/dialects` says which of them a dialect needs.

A rewrite keeps the meaning of the tree, in PostgreSQL's sense; golden pairs in tests/golden/dialects hold each of them.
"""
