"""Where papers are kept once they are made: asking again gives the same bytes, with the same signature."""

import asyncio
import re
from pathlib import Path
from typing import Final, Protocol

import structlog

from gtvision_edge.papers.model import CustodyForm, PurgePaper
from gtvision_edge.papers.printer import PaperError
from gtvision_edge.runtime.durable import write_whole

log = structlog.get_logger(__name__)

_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,80}")
_HEAD: Final = b"%PDF-"


class Printer(Protocol):
    """Makes signed PDFs."""

    async def render(self, paper: PurgePaper | CustodyForm) -> bytes: ...


class PaperShelf:
    """A folder of PDFs, one for each name. A file that was cut off is made again."""

    def __init__(self, folder: Path, printer: Printer) -> None:
        self._folder = folder
        self._printer = printer
        self._making = asyncio.Lock()

    async def fetch(self, name: str, paper: PurgePaper | CustodyForm) -> bytes:
        """Return the PDF called *name*; make it from *paper* and keep it, when it is asked for the first time.

        Raises:
            PaperError: it could not be made, or not be kept.

        """
        if not _NAME.fullmatch(name):
            raise ValueError("no name for a paper")
        path = self._folder / f"{name}.pdf"
        found = await asyncio.to_thread(_read, path)
        if found is not None:
            return found
        async with self._making:
            found = await asyncio.to_thread(_read, path)
            if found is None:
                found = await self._printer.render(paper)
                await asyncio.to_thread(_keep, path, found)
        return found


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PaperError(f"A PDF cannot be read: {error.strerror}.") from error
    if content.startswith(_HEAD) and content.rstrip().endswith(b"%%EOF"):
        return content
    log.error("paper_damaged", path=str(path))
    return None


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise PaperError(f"A PDF cannot be kept: {error.strerror}.") from error
