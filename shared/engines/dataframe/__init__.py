"""Stages computed on Arrow tables by pandas, whole, or by Dask, in parts: one evaluator of the program's relations for both.

pandas and Dask work on positions and on integer codes; the values stay Arrow's, which has exact decimals, 64-bit integers and NULLs, where
pandas would go over to Python objects or to floats. Nothing is imported here, since a worker loads this engine with its first such stage.
"""
