"""The command line: each subcommand a few lines over the services."""

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import structlog

from gtvision_edge import __version__
from gtvision_edge.accounts import find_key_faults
from gtvision_edge.app import RunOptions, Started, run
from gtvision_edge.archive.errors import ArchiveExtraMissingError
from gtvision_edge.archive.store import require_extra
from gtvision_edge.audit import entry_document
from gtvision_edge.cli_archive import add_archive_commands
from gtvision_edge.cli_uplink import add_line_commands
from gtvision_edge.detections.push_wording import ONLY_HERE, describe_help
from gtvision_edge.errors import EdgeError, ErrorKind, InvalidInputError
from gtvision_edge.recordings.adoption import Candidate, describe
from gtvision_edge.recordings.evidence.verify import Verdict as BundleVerdict
from gtvision_edge.recordings.evidence.verify import read_trusted, verify_bundle
from gtvision_edge.recordings.evidence.wording import Language, language_of, say
from gtvision_edge.recordings.integrity.model import Kind, Verdict
from gtvision_edge.recordings.integrity.wording import describe_findings, describe_report
from gtvision_edge.recordings.rebuilding.service import Progress
from gtvision_edge.runtime.collector import spare_the_started
from gtvision_edge.runtime.limits import raise_file_limit
from gtvision_edge.runtime.logs import configure_logs
from gtvision_edge.runtime.owner import act_as_owner_of
from gtvision_edge.settings import BrokenSettingsError, Settings, load_settings
from gtvision_edge.site_commands import (
    NoSiteError,
    adopt_volume,
    check_integrity,
    explain_pushes,
    make_checkpoint,
    prove_entry,
    rebuild_index,
    reset_password,
    verify_audit,
)

log = structlog.get_logger(__name__)

EXIT_FAILED = 1
PROGRESS_EVERY_S = 2.0
EXIT_CANNOT_CHECK = 2
EXIT_NOT_COMPARED = 3
EXIT_BROKEN_SETTINGS = 78  # EX_CONFIG of sysexits.h: systemd shows it by name
_EXIT_CODES = {
    ErrorKind.INVALID: 65,
    ErrorKind.NOT_FOUND: 66,
    ErrorKind.UNAVAILABLE: 69,
    ErrorKind.CONFLICT: 73,
}


class NoTrustedKeyError(EdgeError):
    """What was given with ``--key`` holds no key."""

    code: ClassVar[str] = "no_trusted_key"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


DEFAULT_CONFIG = Path("/etc/gtvision-edge/edge.toml")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the subcommand named on the command line and exit with its code."""
    options = _parser().parse_args(arguments)
    try:
        code = int(options.command(options) or 0)
        sys.stdout.flush()
    except BrokenSettingsError as error:
        _print_faults(error)
        code = EXIT_BROKEN_SETTINGS
    except EdgeError as error:
        print(f"gtvision-edge: {error.message} [{error.code}]", file=sys.stderr)
        code = _EXIT_CODES.get(error.kind, EXIT_FAILED)
        if isinstance(error, ArchiveExtraMissingError):
            code = EXIT_BROKEN_SETTINGS  # a restart mends nothing
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        code = _nobody_reads()
    sys.exit(code)


def _nobody_reads() -> int:
    """Leave quietly, as other programs do whose reader has gone (``… | head``); Python would flush once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


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
    command.add_argument(
        "--demo", action="store_true", help="with four drawn street cameras that read plates"
    )
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
        "check",
        parents=[common],
        help="say whether the settings are good, and whether database, audit log and recordings fit one another",
        description="Check the settings, then the site: database, audit log and seals, and disk against index in both directions."
        " Nothing is changed without --mend. Works beside a running daemon. Exit code 0: all fits; 1: something does not;"
        " 2: it could not be compared, as without the volume; 78: the settings are not good.",
    )
    command.add_argument(
        "--deep", action="store_true", help="read every recorded file again and compare its SHA-256"
    )
    command.add_argument(
        "--mend",
        action="store_true",
        help="mend what can be without loss, as the daemon does each night (stop the daemon first)",
    )
    command.add_argument("--settings", action="store_true", help="look at the settings alone")
    command.add_argument("--json", action="store_true", help="say it for a program")
    command.set_defaults(command=_check)

    command = commands.add_parser(
        "verify",
        help="check an evidence bundle; needs no site, no daemon and no network",
        description="Check an evidence bundle. Exit code 0: whole, and signed by a key given with --key; 3: whole, but whose key it is"
        " must be compared by a person; 1: something is wrong, and it says with which file.",
    )
    command.add_argument("bundle", type=Path, help="the .zip as it was handed over")
    command.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help="whom to trust, from elsewhere than the bundle: a fingerprint (SHA256:…), a .pub file or a list of allowed signers",
    )
    command.add_argument("--json", action="store_true", help="say it for a program")
    command.add_argument(
        "--language",
        choices=["pt", "en"],
        help="of the verdict; without it by LC_ALL, LC_MESSAGES or LANG",
    )
    command.set_defaults(command=_verify_bundle)

    audit = commands.add_parser("audit", help="the audit log").add_subparsers(required=True)
    command = audit.add_parser("verify", parents=[common], help="look for edits and removals")
    command.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="a checkpoint kept elsewhere: finds a history that was written anew, or cut off",
    )
    command.set_defaults(command=_verify_audit)
    command = audit.add_parser(
        "checkpoint", parents=[common], help="print a signed checkpoint; keep it elsewhere"
    )
    command.set_defaults(command=_checkpoint)
    command = audit.add_parser(
        "prove", parents=[common], help="print a proof, as JSON, that an entry is in the log"
    )
    command.add_argument("seq", type=int, metavar="SEQ", help="the entry's number")
    command.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="prove it against this checkpoint instead of a new one",
    )
    command.set_defaults(command=_prove)

    volume = commands.add_parser("volume", help="the disk of the recordings").add_subparsers(
        required=True
    )
    command = volume.add_parser(
        "adopt",
        parents=[common],
        help="record to the disk that is mounted now, in place of the one that was there before",
    )
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument(
        "--bare-folder",
        action="store_true",
        help="even if no disk is mounted there: recordings then fill the disk that holds the folder",
    )
    command.set_defaults(command=_adopt_volume)

    command = commands.add_parser(
        "rebuild-index",
        parents=[common],
        help="make the index of the recordings again from the disk (stop the daemon first)",
    )
    command.add_argument(
        "--forget-missing",
        action="store_true",
        help="even if more than half of what the index knows is not on the disk",
    )
    command.set_defaults(command=_rebuild_index)

    command = commands.add_parser(
        "webhook-help",
        parents=[common],
        help="print how a camera's plate readings are sent here, ready to paste, with its secret",
        description="Print the webhook with a signed example, the Hikvision settings and the Intelbras fields of a camera."
        " Its secret is made when it has none. Works beside a running daemon, which knows a new secret within five seconds.",
    )
    command.add_argument("camera", metavar="CAMERA", help="the camera's id, such as cam01")
    command.add_argument(
        "--url",
        help="where senders reach this box, such as http://10.20.0.5:8080; guessed without it",
    )
    command.add_argument(
        "--language", choices=["pt", "en"], help="without it by LC_ALL, LC_MESSAGES or LANG"
    )
    command.set_defaults(command=_webhook_help)

    add_line_commands(commands, common, _load)
    add_archive_commands(commands, common, _load)

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
    require_extra(settings.archive)  # good settings are those with which the daemon starts
    said = (
        f"The settings are good. Site: {settings.site.name}; console on port {settings.api.port}."
    )
    if not options.json:
        print(said)
    if options.settings:
        return 0
    try:
        checked = asyncio.run(check_integrity(settings, deep=options.deep, mends=options.mend))
    except NoSiteError as error:
        if options.deep or options.mend or options.json:
            print(f"gtvision-edge: {error.message} [{error.code}]", file=sys.stderr)
            return EXIT_CANNOT_CHECK
        # A fresh box: nothing is there to compare. Or the daemon was given another folder.
        print(f"Database, audit log and recordings were not looked at: {error.message}")
        return 0
    except EdgeError as error:
        print(f"gtvision-edge: {error.message} [{error.code}]", file=sys.stderr)
        return EXIT_CANNOT_CHECK
    report = checked.report
    if options.json:
        facts = {"verdict": report.verdict.value, "daemon_runs": checked.is_running}
        print(json.dumps(facts | report.document(), ensure_ascii=False))
    else:
        print("\n".join(describe_report(report, is_running=checked.is_running)))
    if report.has(Kind.VOLUME_AWAY):
        return EXIT_CANNOT_CHECK
    return 0 if report.verdict is Verdict.GOOD else EXIT_FAILED


def _run(options: argparse.Namespace) -> int:
    settings = _load(options)
    require_extra(settings.archive)
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
    settings = _load(options)
    verification, seals = asyncio.run(verify_audit(settings, _read(options.checkpoint)))
    if verification.is_whole:
        print(
            f"The audit log is whole: {verification.entries} entries, head {verification.head.hex()},"
            f" root {verification.root.hex()}."
        )
    else:
        print(f"The audit log is not whole: entry {verification.bad_seq} {verification.fault}.")
    if seals.is_good:
        print(f"The footage's {seals.seals} seals are good: {seals.segments} segments.")
    if seals.sealed_late:
        print(f"Of these {seals.sealed_late} were sealed more than two hours after they ended.")
    if seals.waiting:
        print(f"{len(seals.waiting)} segments or more wait for their seal for over two hours.")
    for fault in seals.faults:
        segment = f", segment {fault.segment_id}" if fault.segment_id is not None else ""
        print(f"The seal of entry {fault.audit_seq} is not good: {fault.code}{segment}.")
    return 0 if verification.is_whole and seals.is_good else EXIT_FAILED


def _verify_bundle(options: argparse.Namespace) -> int:
    trusted: list[str] = []
    for given in options.key:
        found = read_trusted(given if given.startswith(("SHA256:", "ssh-")) else _text_of(given))
        if not found:
            raise NoTrustedKeyError(f"There is no key in {given}.")
        trusted += found
    _require_file(options.bundle)
    verdict = verify_bundle(options.bundle, trusted=trusted)
    language: Language = options.language or language_of(os.environ)
    if options.json:
        document = {
            **asdict(verdict),
            "is_good": verdict.is_good,
            "faults": [{**asdict(each), "what": each.say(language)} for each in verdict.faults],
            "remarks": [{**asdict(each), "what": each.say(language)} for each in verdict.remarks],
        }
        print(json.dumps(document))  # ASCII: a terminal obeys some letters of a stranger's bundle
    else:
        print("\n".join(map(_printable, _say_verdict(verdict, language))))
    if not verdict.is_good:
        return EXIT_FAILED
    return 0 if verdict.is_trusted else EXIT_NOT_COMPARED


def _require_file(path: Path) -> None:
    """Of what cannot be looked at nothing is said; a pipe or a device would be read for ever."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidInputError(f"{path} cannot be read: it is no regular file.", faults=[])
        path.open("rb").close()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", faults=[]) from error


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NoTrustedKeyError(f"{path} cannot be read: {error.strerror}.") from error


def _say_verdict(verdict: BundleVerdict, language: Language) -> list[str]:
    def words(code: str, **facts: Any) -> str:
        return say(code, language, **facts)

    lines = [
        f"{words('fault')}  {fault.path or words('bundle')}: {fault.say(language)}"
        for fault in verdict.faults
    ]
    lines += [f"{words('remark')}  {remark.say(language)}" for remark in verdict.remarks]
    if verdict.untold:
        lines.append(words("untold", count=verdict.untold))
    if not verdict.is_good:
        return [*lines, words("is_not")]
    lines.append(words("is_whole", package=verdict.package_id, files=verdict.files))
    if verdict.sealed:
        lines.append(words("sealed", count=verdict.sealed))
    signer = "by_trusted" if verdict.is_trusted else "compare"
    return [*lines, words(signer, fingerprint=verdict.fingerprint)]


def _printable(line: str) -> str:
    """Return *line* without what moves a cursor or turns text around: parts of it are a stranger's."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )


def _adopt_volume(options: argparse.Namespace) -> int:
    def agrees(candidate: Candidate) -> bool:
        print("\n".join(describe(candidate)))
        return bool(options.yes) or _is_agreed("Record to it from now on? [y/N] ")

    work = adopt_volume(_load(options), agrees, may_be_bare_folder=options.bare_folder)
    volume_id = asyncio.run(work)
    if volume_id is None:
        print("Nothing was changed.")
        return EXIT_FAILED
    print(f"This site records to volume {volume_id} now; a running daemon takes it up at once.")
    return 0


def _rebuild_index(options: argparse.Namespace) -> int:
    shown_at = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown_at
        now = time.monotonic()
        if now - shown_at >= PROGRESS_EVERY_S:
            shown_at = now
            print(
                f"{progress.days_done} of {progress.days} days, {progress.files} files", flush=True
            )

    settings = _load(options)
    work = rebuild_index(settings, show, forget_missing=options.forget_missing)
    rebuilt = asyncio.run(work)
    print(
        f"{rebuilt.files} files of {rebuilt.cameras} cameras in {rebuilt.seconds} s: {rebuilt.added} added,"
        f" {rebuilt.unchanged} known, {rebuilt.renewed} to be indexed anew;"
        f" {rebuilt.set_apart} rows without file kept apart."
    )
    for line in describe_findings(rebuilt.report):
        print(line)
    if rebuilt.missing:
        print(
            f"{rebuilt.missing} rows that do not fit the disk stay: they are more than half of all, or their files came"
            " back meanwhile. See whether the disk is whole, and use --forget-missing."
        )
    if rebuilt.missing or rebuilt.report.findings:
        return EXIT_FAILED
    return 0


def _is_agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes", "s", "sim")
    except EOFError:  # nobody is there to answer
        print()
        return False


def _checkpoint(options: argparse.Namespace) -> int:
    print(asyncio.run(make_checkpoint(_load(options))), end="")
    return 0


def _prove(options: argparse.Namespace) -> int:
    settings = _load(options)
    proof, checkpoint = asyncio.run(prove_entry(settings, options.seq, _read(options.checkpoint)))
    document = {"proof": entry_document(proof), "checkpoint": checkpoint}
    print(json.dumps(document, ensure_ascii=False, indent=2))
    return 0


def _read(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} cannot be read.", faults=[]) from error


def _reset_password(options: argparse.Namespace) -> int:
    password = asyncio.run(reset_password(_load(options), options.username))
    print(f"New password of {options.username}: {password}")
    return 0


def _webhook_help(options: argparse.Namespace) -> int:
    settings = _load(options)
    found = asyncio.run(explain_pushes(settings, options.camera, options.url))
    language: Language = options.language or language_of(os.environ)
    print(describe_help(found, language))
    if options.url is None and settings.api.host in ("127.0.0.1", "::1", "localhost"):
        print(ONLY_HERE[language], file=sys.stderr)
    return 0
