"""Failures of the database as the rest of the program sees them."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind, FatalError


class StorageError(EdgeError):
    """The database could not be read or written; what was asked did not happen."""

    code: ClassVar[str] = "storage_unavailable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class SearchTooLongError(EdgeError):
    """A search was ended because it took too long; one of less time, or of more letters, may not."""

    code: ClassVar[str] = "search_too_long"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class DatabaseDamagedError(FatalError):
    """The file is no database, or cannot be opened; nothing was changed."""

    code: ClassVar[str] = "database_damaged"


class DatabaseTooNewError(FatalError):
    """The file was written by a newer program that older ones must not open."""

    code: ClassVar[str] = "database_too_new"
