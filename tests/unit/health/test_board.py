import asyncio

from gtvision_edge.health.board import HealthBoard
from gtvision_edge.storage import StorageError


async def _well() -> None:
    pass


async def _ill() -> None:
    raise StorageError("The database could not be read.")


async def _hanging() -> None:
    await asyncio.Event().wait()


async def test_each_check_speaks_for_itself() -> None:
    board = HealthBoard({"a": _well, "b": _ill, "c": _hanging}, patience_s=0.01)

    assert await board.examine() == {"a": "", "b": "storage_unavailable", "c": "no_answer"}
