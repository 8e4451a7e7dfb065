"""The command line: each subcommand a few lines over the services."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from gtvision_edge import __version__
from gtvision_edge.accounts import find_key_faults
from gtvision_edge.app import RunOptions, Started, reset_password, run, verify_audit
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.runtime.collector import spare_the_started
from gtvision_edge.runtime.limits import raise_file_limit
from gtvision_edge.runtime.logs import configure_logs
from gtvision_edge.runtime.owner import act_as_owner_of
from gtvision_edge.settings import BrokenSettingsError, Settings, load_settings

log = structlog.get_logger(__name__)

EXIT_FAILED = 1
EXIT_BROKEN_SETTINGS = 78  # EX_CONFIG of sysexits.h: systemd shows it by name
_EXIT_CODES = {
    ErrorKind.INVALID: 65,
    ErrorKind.NOT_FOUND: 66,
    ErrorKind.UNAVAILABLE: 69,
    ErrorKind.CONFLICT: 73,
}

DEFAULT_CONFIG = Path("/etc/gtvision-edge/edge.toml")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the subcommand named on the command line and exit with its code."""
    options = _parser().parse_args(arguments)
    try:
        code = int(options.command(options) or 0)
    except BrokenSettingsError as error:
        _print_faults(error)
        code = EXIT_BROKEN_SETTINGS
    except EdgeError as error:
        print(f"gtvision-edge: {error.message} [{error.code}]", file=sys.stderr)
        code = _EXIT_CODES.get(error.kind, EXIT_FAILED)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        help=f"settings file (default: {DEFAULT_CONFIG} if it exists, else the built-in defaults)",
    )
    common.add_argument(
        "--state",
        type=Path,
        help="folder for database, keys and recordings, over the settings file",
    )
    parser = argparse.ArgumentParser(prog="gtvision-edge", description=__doc__)
    parser.add_argument("--version", action="version", version=f"gtvision-edge {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("run", parents=[common], help="run the daemon")
    command.add_argument("--demo", action="store_true", help="with four drawn street cameras")
    command.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="RTSP_URL",
        help="add this camera at start; once per camera",
    )
    command.add_argument(
        "--print-password",
        action="store_true",
        help="print the first administrator's password even when this is no terminal (a journal would keep it)",
    )
    command.set_defaults(command=_run)

    command = commands.add_parser(
        "check", parents=[common], help="say whether the settings file is good; lists every fault"
    )
    command.set_defaults(command=_check)

    audit = commands.add_parser("audit", help="the audit log").add_subparsers(required=True)
    command = audit.add_parser("verify", parents=[common], help="look for edits and removals")
    command.set_defaults(command=_verify_audit)

    user = commands.add_parser("user", help="people").add_subparsers(required=True)
    command = user.add_parser("reset-password", parents=[common], help="give a new password")
    command.add_argument("username")
    command.set_defaults(command=_reset_password)
    return parser


def _load(options: argparse.Namespace, *, with_files: bool = False) -> Settings:
    """Read the settings; *with_files* looks into the files they name, too.

    From here on root is the owner of the site's folder: see :func:`act_as_owner_of`.
    """
    path: Path | None = options.config
    if path is None and DEFAULT_CONFIG.is_file():
        path = DEFAULT_CONFIG
    overrides = {}
    if options.state is not None:
        state = options.state.absolute()
        overrides["storage"] = {"state_dir": state, "volume": state / "recordings"}
    settings = load_settings(path, **overrides)
    act_as_owner_of(settings.storage.state_dir)
    faults = find_key_faults(settings.identity, with_files=with_files)
    if faults:
        raise BrokenSettingsError(path or Path("defaults"), faults)
    return settings


def _print_faults(error: BrokenSettingsError) -> None:
    print(f"gtvision-edge: {error.message}", file=sys.stderr)
    for path, message in error.faults:
        print(f"  {path or '(file)'}: {message}", file=sys.stderr)


def _check(options: argparse.Namespace) -> int:
    settings = _load(options, with_files=True)
    print(
        f"The settings are good. Site: {settings.site.name}; console on port {settings.api.port}."
    )
    return 0


def _run(options: argparse.Namespace) -> int:
    settings = _load(options)
    configure_logs(settings.logs.level, settings.logs.style)
    raise_file_limit()
    shows_password = options.print_password or sys.stdout.isatty()

    def begin(started: Started) -> None:
        _announce(started, shows_password=shows_password)
        spare_the_started()

    try:
        asyncio.run(
            _run_until_signal(settings, RunOptions(options.demo, tuple(options.camera), begin))
        )
    except* EdgeError as group:
        failures = _leaves(group)
    else:
        failures = []
    for error in failures:
        log.error("daemon_failed", code=error.code, detail=error.message)
        print(f"gtvision-edge: {error.message} [{error.code}]", file=sys.stderr)
    return EXIT_FAILED if failures else 0


def _leaves(group: BaseExceptionGroup[EdgeError]) -> list[EdgeError]:
    found: list[EdgeError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


async def _run_until_signal(settings: Settings, options: RunOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping(number: signal.Signals) -> None:
        # A second signal of the same kind gets its default action and ends the process at once.
        loop.remove_signal_handler(number)
        log.info("stopping", signal=number.name, again="ends the process at once")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping, number)
    await run(settings, stop, options=options)


def _announce(started: Started, *, shows_password: bool) -> None:
    lines = [f"GT-Vision Edge {__version__}", f"  Console   {started.url}"]
    if started.first_password is not None and not shows_password:
        lines.append(
            "  User      admin   (`gtvision-edge user reset-password admin` gives a password)"
        )
    elif started.first_password is not None:
        lines += [
            "  User      admin",
            f"  Password  {started.first_password}   (shown only now; README says how to get another)",
        ]
    if started.volume_error:
        lines.append(f"  Nothing is recorded: {started.volume_error}")
    for camera in started.cameras:
        lines.append(f"  Camera    {camera.name}" + (f": {camera.error}" if camera.error else ""))
    print("\n".join(lines), flush=True)


def _verify_audit(options: argparse.Namespace) -> int:
    verification = asyncio.run(verify_audit(_load(options)))
    if verification.is_whole:
        print(
            f"The audit log is whole: {verification.entries} entries, head {verification.head.hex()}."
        )
    else:
        print(f"The audit log is not whole: entry {verification.bad_seq} {verification.fault}.")
    return 0 if verification.is_whole else EXIT_FAILED


def _reset_password(options: argparse.Namespace) -> int:
    password = asyncio.run(reset_password(_load(options), options.username))
    print(f"New password of {options.username}: {password}")
    return 0
