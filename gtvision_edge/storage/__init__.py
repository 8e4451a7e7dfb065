"""One SQLite file with one writer that groups waiting transactions into one durable commit; knows no domain."""

from gtvision_edge.storage.database import Database, Row, Transaction, open_database
from gtvision_edge.storage.errors import DatabaseTooNewError, StorageError

__all__ = ["Database", "DatabaseTooNewError", "Row", "StorageError", "Transaction", "open_database"]
