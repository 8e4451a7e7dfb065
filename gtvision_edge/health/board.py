"""Is the box fit to serve: named checks, asked when somebody wants to know."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.findings import FindingSource

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises EdgeError with what is not."""

PATIENCE_S: Final = 3.0


class HealthBoard:
    """Runs checks side by side; one that hangs is not well after *patience_s*.

    *notices* are sources of findings of which somebody must read, while the box goes on serving.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        notices: Mapping[str, FindingSource] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._checks = checks
        self._notices = notices or {}
        self._patience_s = patience_s

    async def examine(self) -> dict[str, str]:
        """Return for each check and notice '' if all is well, else a stable code; of several findings the first's."""
        codes = await asyncio.gather(
            *(_ask(check, self._patience_s) for check in self._checks.values())
        )
        noticed = {
            name: next((finding.code for finding in source()), "")
            for name, source in self._notices.items()
        }
        return dict(zip(self._checks, codes, strict=True)) | noticed

    def why_unfit(self, codes: Mapping[str, str]) -> str:
        """Return the code of the first check for which the box is not fit to serve, '' when it is."""
        return next((code for name, code in codes.items() if code and name in self._checks), "")


async def _ask(check: Check, patience_s: float) -> str:
    try:
        async with asyncio.timeout(patience_s):
            await check()
    except TimeoutError:
        return "no_answer"
    except EdgeError as error:
        return error.code
    return ""
