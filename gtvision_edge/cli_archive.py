"""The command line of the copies in an object store: ``archive status``."""

import argparse
import asyncio
from collections.abc import Callable
from typing import Any, Final

from gtvision_edge.archive.inspection import ArchiveReport
from gtvision_edge.cli_lines import oldest_words, tell
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import Settings
from gtvision_edge.site_commands import inspect_copies

Load = Callable[[argparse.Namespace], Settings]


CURES: Final = {
    "RequestTimeTooSkewed": "The clocks of this box and of the store differ by more than 15 minutes: set this one's time (timedatectl).",
    "SignatureDoesNotMatch": "The secret is not that of access_key.",
    "InvalidAccessKeyId": "The store knows no such access_key.",
    "AccessDenied": "The key needs s3:PutObject and s3:DeleteObject below the prefix.",
    "NoSuchBucket": "There is no such bucket; this box makes none.",
    "AuthorizationHeaderMalformed": "The bucket is of another region than the one set as region.",
    "region": "The bucket is of another region than the one set as region.",
    "certificate": "Nobody whom this box trusts vouches for the store's certificate: see ca_file, the name in endpoint, and this box's clock.",
    "no_authorities": "This box trusts no certificate at all: install the package ca-certificates, or name the store's authority as ca_file.",
    "secret_unreadable": "The file that secret_key_file names cannot be read.",
    "ca_unreadable": "The file that ca_file names cannot be read, or holds no certificates (PEM).",
}
"""What to mend, by the reason that is known."""


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
        *([CURES[report.reason]] if report.reason in CURES else []),
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
