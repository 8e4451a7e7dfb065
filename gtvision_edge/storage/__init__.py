"""One SQLite file with one writer that groups waiting transactions into one durable commit; knows no domain."""

from gtvision_edge.storage.database import Database, Row, Transaction, open_database
from gtvision_edge.storage.errors import DatabaseTooNewError, SearchTooLongError, StorageError
from gtvision_edge.storage.many_rows import insert_rows, rows_with

__all__ = [
    "Database",
    "DatabaseTooNewError",
    "Row",
    "SearchTooLongError",
    "StorageError",
    "Transaction",
    "insert_rows",
    "open_database",
    "rows_with",
]
