"""A report in words, for the command line."""

from collections.abc import Mapping
from typing import Final

from gtvision_edge.recordings.integrity.model import Finding, Kind, Report, Verdict

_WORDS: Final[Mapping[Kind, str]] = {
    Kind.DATABASE_DAMAGED: "the database is damaged: stop the daemon, keep a copy, and put back a backup or run `gtvision-edge rebuild-index` on a new one",
    Kind.AUDIT_BROKEN: "the audit log is not what was written",
    Kind.SEAL_BROKEN: "footage is not what was sealed",
    Kind.SEAL_LATE: "segments that should have been sealed by now",
    Kind.VOLUME_AWAY: "the recordings could not be compared: their volume is not there",
    Kind.FORMER_VOLUME: "rows of a disk that was replaced: mount it, or forget them with `gtvision-edge rebuild-index --forget-missing`",
    Kind.DIRECTORY_UNOWNED: "directories whose camera cannot be told; nothing in them was touched",
    Kind.DIRECTORY_TWICE: "directories of a camera that has another one; nothing in them was touched",
    Kind.DIRECTORY_UNKNOWN: "directories of cameras that the index does not know yet",
    Kind.DAY_IMPOSSIBLE: "directories of days on which nothing can have been recorded",
    Kind.UNREADABLE: "files or directories that the disk does not give",
    Kind.FILE_MISSING: "recordings whose files are gone",
    Kind.FILE_NOT_INDEXED: "recordings that are not in the index",
    Kind.FILE_UNSOUND: "files in which nothing is recorded",
    Kind.SIZE_DIFFERS: "files that have another size than when they were indexed",
    Kind.HASH_DIFFERS: "files that are not what was recorded: their SHA-256 is another",
    Kind.LAYOUT_DIFFERS: "files without a SHA-256 yet that are not what was indexed: their parts lie elsewhere",
    Kind.DELETION_UNFINISHED: "deletions that were broken off; the daemon ends them at its next start",
    Kind.NOT_HELD: "recordings that an incident keeps and that were not marked so",
    Kind.HELD_BY_NOBODY: "recordings marked as kept that no open incident keeps",
    Kind.TOTALS_DIFFER: "days whose totals are not the sum of their recordings",
    Kind.EXPORT_MISSING: "evidence bundles that are gone, or not whole",
    Kind.EXPORT_UNFINISHED: "files of exports that were broken off; the daemon removes them at its next start",
    Kind.REFUSED: "nothing was changed but that what incidents keep is marked so",
}


def describe_report(report: Report, *, is_running: bool) -> list[str]:
    """Return the report as lines for a person."""
    lines = []
    if is_running:
        lines.append(
            "The daemon is running: nothing is changed, and what it is just doing may show."
        )
    lines.append(
        f"{report.cameras} cameras, {report.rows} recordings in the index, {report.files} files on the disk"
        + (
            f", {report.waiting_files} of them not finished or not indexed yet."
            if report.waiting_files
            else "."
        )
    )
    if report.hashed_files:
        lines.append(f"{report.hashed_files} files read again ({report.hashed_bytes} bytes).")
    elif not report.deep:
        lines.append("Files were compared by name and size; --deep reads their content too.")
    if report.unhashed_files:
        lines.append(
            f"{report.unhashed_files} files have no SHA-256 yet: of them size and layout alone were compared, not the content."
        )
    if report.missing_before:
        lines.append(f"{report.missing_before} more recordings are known to be gone from the disk.")
    if report.sealed_late:
        lines.append(
            f"{report.sealed_late} recordings were sealed more than two hours after their end."
        )
    lines += describe_findings(report)
    lines.append(
        {
            Verdict.GOOD: "All that was compared fits." if report.unhashed_files else "All fits.",
            Verdict.MENDED: "All that was found is mended.",
        }.get(report.verdict, "Not all fits.")
    )
    return lines


def describe_findings(report: Report) -> list[str]:
    """Return what was found, with the first five of each kind."""
    lines = []
    for kind, tally in report.findings:
        mended = f", {tally.mended} mended" if tally.mended else ""
        lines.append(f"FOUND   {tally.count} × {_WORDS[kind]} [{kind.value}{mended}]")
        lines += [f"        {_describe(each)}" for each in tally.examples[:5]]
        if tally.count > 5:
            lines.append(f"        … and {tally.count - 5} more")
    return lines


def _describe(finding: Finding) -> str:
    number = f"segment {finding.segment_id}" if finding.segment_id is not None else ""
    facts = (finding.camera_id, finding.file, number, finding.detail)
    return ", ".join(fact for fact in facts if fact)
