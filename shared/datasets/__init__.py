"""What one stage hands the next, and the columns that are in it."""

from shared.datasets.columns import Column, Columns
from shared.datasets.reference import Dataset
from shared.datasets.staging import staging_folder

__all__ = ["Column", "Columns", "Dataset", "staging_folder"]
