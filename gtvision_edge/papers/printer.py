"""Has papers made: in a child process for the daemon, or in place for a process that is one already."""

import asyncio
import contextlib
import os
import pickle
import sys
from typing import ClassVar, Final

from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.keys import PaperKey
from gtvision_edge.papers.model import CustodyForm, PurgePaper

_TIMEOUT_S: Final = 120.0
_MAX_PAPERS: Final = 1


class PaperError(EdgeError):
    """A PDF could not be made; its content is not lost, asking again makes it."""

    code: ClassVar[str] = "paper_failed"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


def render_paper(paper: PurgePaper | CustodyForm, key: PaperKey) -> bytes:
    """Return *paper* as a signed PDF. Takes a second or two and loads some 60 MB: not for the daemon's own process."""
    from gtvision_edge.papers.making import make_paper

    return make_paper(paper, key)


class PaperPrinter:
    """Makes papers one at a time, each in a process of its own: what the libraries load goes with it."""

    def __init__(self, key: PaperKey) -> None:
        self._key = key
        self._places = asyncio.Semaphore(_MAX_PAPERS)

    async def render(self, paper: PurgePaper | CustodyForm) -> bytes:
        """Return *paper* as a signed PDF; cancelling ends the child.

        Raises:
            PaperError: the child failed or took over two minutes.

        """
        order = pickle.dumps((paper, self._key.to_pem()))
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "gtvision_edge.papers.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
            )
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    content, trouble = await process.communicate(order)
            except TimeoutError as error:
                raise PaperError("The PDF took too long to make.") from error
            finally:
                await _end(process)
        if process.returncode != 0 or not content.startswith(b"%PDF-"):
            raise PaperError("The PDF could not be made.") from RuntimeError(
                trouble.decode("utf-8", "replace")[-2000:]
            )
        return content


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
