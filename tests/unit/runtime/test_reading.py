"""Bodies are read whole or not at all."""

from collections.abc import AsyncIterator

import pytest

from gtvision_edge.runtime.reading import TooLongError, read_capped


class Endless:
    """A body of *pieces* pieces of ten bytes; remembers how many were taken."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.taken = 0

    async def iter_any(self) -> AsyncIterator[bytes]:
        while self.taken < self.pieces:
            self.taken += 1
            yield b"0123456789"


async def test_a_body_within_the_limit_comes_whole() -> None:
    assert await read_capped(Endless(3), 30) == b"0123456789" * 3


async def test_a_longer_one_is_given_up_where_the_limit_is_passed() -> None:
    body = Endless(10**9)

    with pytest.raises(TooLongError):
        await read_capped(body, 30)

    assert body.taken == 4
