"""The command line of the copies in an object store: ``archive status``."""

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

from gtvision_edge.archive.inspection import ArchiveReport
from gtvision_edge.cli_lines import oldest_words, tell
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import Settings
from gtvision_edge.site_commands import inspect_copies

Load = Callable[[argparse.Namespace], Settings]


def add_archive_commands(commands: Any, common: argparse.ArgumentParser, load: Load) -> None:
    """Add them to *commands*; *load* reads the settings that a command line names."""
    archive = commands.add_parser(
        "archive", help="copies of pictures and evidence in an object store"
    ).add_subparsers(required=True)
    command = archive.add_parser(
        "status",
        parents=[common],
        help="say what waits to be copied, and whether the store takes it",
        description="Say what waits and try the store by writing a small file with this site's id. Works beside a running daemon."
        " Exit code 0: the store takes what we have, or none is named; 1: it does not, or something is parked.",
    )
    command.add_argument("--json", action="store_true", help="say it for a program")
    command.set_defaults(command=lambda options: _status(load(options), options))


def _status(settings: Settings, options: argparse.Namespace) -> int:
    report = asyncio.run(inspect_copies(settings))
    return tell(
        report,
        _say(report),
        as_json=options.json,
        state=report.store,
        parked=report.totals.parked,
    )


def _say(report: ArchiveReport) -> list[str]:
    store = {
        "up": f"The store takes copies: {report.place}.",
        "off": "No bucket is named in [archive]: nothing is copied.",
    }.get(
        report.store,
        f"The store cannot be used: {report.store}, {report.reason or 'no more is known'}. It is {report.place}.",
    )
    totals = report.totals
    lines = [
        store,
        f"{totals.waiting} files wait to be copied ({totals.waiting_bytes} bytes), {totals.removing} copies to be removed{oldest_words(totals.oldest_us)}.",
        f"{totals.copies} copies are there ({totals.copied_bytes} bytes).",
    ]
    if totals.given_up:
        lines.append(f"{totals.given_up} were given up since the box is in use.")
    if totals.parked:
        lines.append(f"{totals.parked} failed too often and are parked; the first of them:")
    lines += [
        f"  {each.owed.act} {each.owed.key}: {each.reason} (since {to_rfc3339(each.parked_us)})"
        for each in report.parked
    ]
    return lines
