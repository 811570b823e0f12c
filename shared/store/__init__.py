"""The record: one module per aggregate, functions that take a transaction. SQL stands in the function that runs it."""
