"""Times of the wire: RFC 3339 with offset, within what can be counted and written again."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def in_range(moment: datetime) -> datetime:
    """Return *moment*, which has an offset.

    Raises:
        ValueError: it lies before 1970 or after 8999.

    """
    if not EARLIEST <= moment < LATEST:
        raise ValueError("must lie between the years 1970 and 9000")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(in_range)]
"""What a body or query takes for a time; ``from_datetime`` never fails on it."""
