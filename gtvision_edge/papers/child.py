"""The child process of :class:`~gtvision_edge.papers.printer.PaperPrinter`: paper and key in, signed PDF out."""

import contextlib
import os
import pickle
import sys

from gtvision_edge.keys import PaperKey
from gtvision_edge.papers.making import make_paper


def main() -> None:
    with contextlib.suppress(OSError):  # the unit's filter of system calls may refuse it
        os.nice(10)  # recording goes first
    # From our own parent, over a pipe nobody else has.
    paper, key = pickle.load(sys.stdin.buffer)  # noqa: S301
    sys.stdout.buffer.write(make_paper(paper, PaperKey.from_pem(key)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
