"""How bytes become rows and back: which format a file has, its options, its column names, the types of its values.

Pure: nothing here opens a database engine. What reads and writes is the engine, by the table-function calls that `calls` composes.
"""

from shared.formats.names import FORMATS, FileFormat, file_format
from shared.formats.options import CsvDialect, FileOptions, csv_dialect

__all__ = ["FORMATS", "CsvDialect", "FileFormat", "FileOptions", "csv_dialect", "file_format"]
