import asyncio

from gtvision_edge.health.board import HealthBoard
from gtvision_edge.runtime.findings import Finding
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


async def test_a_notice_is_told_while_the_box_goes_on_serving() -> None:
    found: list[Finding] = []
    board = HealthBoard({"a": _well}, notices={"n": lambda: found})

    quiet = await board.examine()
    found += [Finding("first"), Finding("second")]
    codes = await board.examine()

    assert quiet == {"a": "", "n": ""}
    assert codes == {"a": "", "n": "first"}
    assert board.why_unfit(codes) == ""
    assert board.why_unfit({"a": "no_answer", "n": "x"}) == "no_answer"
