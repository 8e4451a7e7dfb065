"""Papers for people outside: what was deleted, what was handed over; in Portuguese, as signed PDFs.

The libraries behind it take a second and 60 MB to load, so they are imported where a paper is made, never with this package.
"""

from gtvision_edge.papers.model import (
    ClockStep,
    CustodyCamera,
    CustodyFile,
    CustodyForm,
    CustodyReadings,
    CustodyRequest,
    Gap,
    Issuer,
    Movement,
    PurgedCamera,
    PurgePaper,
)
from gtvision_edge.papers.printer import PaperError, PaperPrinter, render_paper
from gtvision_edge.papers.shelf import PaperShelf

__all__ = [
    "ClockStep",
    "CustodyCamera",
    "CustodyFile",
    "CustodyForm",
    "CustodyReadings",
    "CustodyRequest",
    "Gap",
    "Issuer",
    "Movement",
    "PaperError",
    "PaperPrinter",
    "PaperShelf",
    "PurgePaper",
    "PurgedCamera",
    "render_paper",
]
