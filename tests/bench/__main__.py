"""`python -m tests.bench [NAME…]`: run the named benchmarks (default: all) and print one table.

A benchmark is a module of this package with ``async def run() -> list[Row]``.
"""

import asyncio
import importlib
import os
import platform
import sys

from tests.bench.table import Row, markdown

BENCHMARKS = (
    "reachability",
    "gateway",
    "embedded",
    "streets",
    "beside",
    "export",
    "playback",
    "rebuild",
    "retention",
    "uplink",
    "plates",
    "anonymising",
)


def main() -> None:
    names = sys.argv[1:] or BENCHMARKS
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    rows: list[Row] = []
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        print(f"… {name}", file=sys.stderr, flush=True)
        rows += asyncio.run(module.run())
    print(markdown(rows))
    if any(row.holds is False for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
