"""The command line of the link to the hub: ``uplink status`` and ``uplink listen``."""

import argparse
import asyncio
import json
from collections.abc import Callable
from typing import Any

from gtvision_edge.cli_lines import EXIT_FAILED, oldest_words, tell
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import Settings
from gtvision_edge.site_commands import inspect_uplink
from gtvision_edge.uplink.errors import NoHubError
from gtvision_edge.uplink.inspection import LineReport, schemas_folder
from gtvision_edge.uplink.listening import Heard, Tally, listen

Load = Callable[[argparse.Namespace], Settings]


def add_line_commands(commands: Any, common: argparse.ArgumentParser, load: Load) -> None:
    """Add them to *commands*; *load* reads the settings that a command line names."""
    uplink = commands.add_parser("uplink", help="the line to the hub").add_subparsers(required=True)
    command = uplink.add_parser(
        "status",
        parents=[common],
        help="say what waits for the hub, and whether its broker can be reached",
        description="Say what waits and try the line; nothing is sent. Works beside a running daemon."
        " Exit code 0: its broker lets this box in and has the exchange, and nothing is parked, or no hub is named; 1: not so."
        " Whether it takes messages, and a queue wants them, shows when they are sent: see what waits and what is parked.",
    )
    command.add_argument("--json", action="store_true", help="say it for a program")
    command.set_defaults(command=lambda options: _status(load(options), options))
    command = uplink.add_parser(
        "listen",
        parents=[common],
        help="show what arrives at the hub, a line an event (a trial consumer)",
        description="Listen at the hub's broker with a queue of its own, which goes with it: no queue of the hub loses anything."
        " Each event is compared with its schema; what comes twice, out of order or late is marked. Ctrl-C ends it."
        " Exit code 1: an event was not by its schema, or out of order.",
    )
    command.add_argument(
        "--key",
        default="#",
        type=_routing_key,
        help="routing keys, such as deteccoes.# (default: everything)",
    )
    command.add_argument("--count", type=_at_least_one, help="end after so many events")
    command.add_argument(
        "--json", action="store_true", help="say it for a program, a line an event"
    )
    command.set_defaults(command=lambda options: _listen(load(options), options))


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a number from 1 on")
    return int(text)


def _routing_key(text: str) -> str:
    if not text.isprintable() or len(text.encode("utf-8", "replace")) > 255:
        raise argparse.ArgumentTypeError("give at most 255 bytes of text")
    return text


def _status(settings: Settings, options: argparse.Namespace) -> int:
    report = asyncio.run(inspect_uplink(settings))
    return tell(
        report,
        _say(report),
        as_json=options.json,
        state=report.hub,
        parked=report.backlog.parked,
    )


def _say(report: LineReport) -> list[str]:
    hub = {
        "up": "The hub's broker lets this box in and has the exchange.",
        "off": "No hub is named in [uplink]: nothing is kept for one.",
    }.get(
        report.hub,
        f"{report.detail} [{report.hub}{f', {report.reason}' if report.reason else ''}]",
    )
    backlog = report.backlog
    lines = [
        hub,
        f"{backlog.waiting} messages wait ({backlog.waiting_bytes} bytes){oldest_words(backlog.oldest_us)}.",
    ]
    if report.hub == "off" and backlog.waiting:
        lines.append("They are from when there was a hub, and go once there is one again.")
    if backlog.parked:
        lines.append(f"{backlog.parked} are parked: the hub refused them too often.")
    if backlog.dropped:
        lines.append(f"{backlog.dropped} never reached the hub since the box is in use.")
    if report.newest_purge is not None:
        purge = report.newest_purge
        lines.append(
            f"Given up last: {purge.messages} at {to_rfc3339(purge.at_us)}, by the bound of {purge.reason}."
        )
    lines += [
        f"The hub's queue {name} holds {depth} messages."
        if depth is not None
        else f"The hub's queue {name} may not be asked, or is not there."
        for name, depth in report.depths.items()
    ]
    return lines


def _listen(settings: Settings, options: argparse.Namespace) -> int:
    if not settings.uplink.has_hub:
        raise NoHubError("No hub is named: give uplink.url in the settings.")
    tally = Tally()

    def show(heard: Heard) -> None:
        tally.events += 1
        tally.disordered += heard.is_disordered
        tally.faulty += bool(heard.faults)
        said = json.dumps(heard.document, ensure_ascii=False) if options.json else heard.line
        # Strangers publish there, too: what is no text is shown as ?.
        print(said.encode("utf-8", "replace").decode(), flush=True)

    def say_ready() -> None:
        if not options.json:
            print(f"Listening to {options.key} at {settings.uplink.exchange}.", flush=True)

    work = listen(
        settings.uplink,
        schemas_folder(),
        show,
        key=options.key,
        count=options.count,
        ready=say_ready,
    )
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        print()
    if not options.json:
        print(
            f"{tally.events} events; {tally.faulty} not by their schema, {tally.disordered} out of order."
        )
    return EXIT_FAILED if tally.faulty or tally.disordered else 0
