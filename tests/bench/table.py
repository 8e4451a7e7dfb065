"""What a benchmark reports: one row a figure, with its peer of the same run and the budget."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """*figure* and *peer* are text with a unit; *ratio* is ours divided by the peer's, None where there is no peer."""

    what: str
    figure: str
    peer: str = "—"
    ratio: float | None = None
    budget: str = ""
    holds: bool | None = None


def markdown(rows: Iterable[Row]) -> str:
    """Write *rows* as a Markdown table."""
    lines = ["| what | ours | peer | ratio | budget | |", "|---|---|---|---|---|---|"]
    for row in rows:
        ratio = "—" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {None: "", True: "holds", False: "**missed**"}[row.holds]
        lines.append(
            f"| {row.what} | {row.figure} | {row.peer} | {ratio} | {row.budget} | {verdict} |"
        )
    return "\n".join(lines)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which *share* (0–1) of *values* lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
