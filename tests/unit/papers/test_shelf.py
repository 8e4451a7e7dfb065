import asyncio
import stat
from pathlib import Path

import pytest

from gtvision_edge.papers import CustodyForm, PaperError, PaperShelf, PurgePaper
from tests.fakes.papers import purge_paper


class CountingPrinter:
    """Makes another paper each time, as a signature does."""

    def __init__(self) -> None:
        self.made = 0

    async def render(self, paper: PurgePaper | CustodyForm) -> bytes:
        self.made += 1
        await asyncio.sleep(0)
        return b"%%PDF-1.4 %d\n%%%%EOF\n" % self.made


async def test_a_paper_is_made_once_whoever_asks(tmp_path: Path) -> None:
    printer = CountingPrinter()
    shelf = PaperShelf(tmp_path / "purges", printer)

    first = await asyncio.gather(*(shelf.fetch("p-1", purge_paper()) for _ in range(3)))
    later = await PaperShelf(tmp_path / "purges", printer).fetch("p-1", purge_paper())

    assert {*first, later} == {b"%PDF-1.4 1\n%%EOF\n"}
    mode = await asyncio.to_thread(lambda: (tmp_path / "purges/p-1.pdf").stat().st_mode)
    assert stat.S_IMODE(mode) == 0o600


async def test_a_paper_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    shelf = PaperShelf(tmp_path, CountingPrinter())
    await shelf.fetch("p-1", purge_paper())
    await asyncio.to_thread((tmp_path / "p-1.pdf").write_bytes, b"%PDF-1.4 1")

    assert await shelf.fetch("p-1", purge_paper()) == b"%PDF-1.4 2\n%%EOF\n"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b"])
async def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        await PaperShelf(tmp_path, CountingPrinter()).fetch(name, purge_paper())


async def test_a_paper_that_cannot_be_kept_is_an_error_of_ours(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "file").write_bytes, b"")

    with pytest.raises(PaperError):
        await PaperShelf(tmp_path / "file", CountingPrinter()).fetch("p-1", purge_paper())
