"""Is the box fit to serve: named checks, asked when somebody wants to know."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gtvision_edge.errors import EdgeError

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises EdgeError with what is not."""

PATIENCE_S: Final = 3.0


class HealthBoard:
    """Runs checks side by side; one that hangs is not well after *patience_s*.

    *notices* are checks whose failure somebody must read of, while the box goes on serving.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        notices: Mapping[str, Check] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._needed = frozenset(checks)
        self._checks = {**checks, **(notices or {})}
        self._patience_s = patience_s

    async def examine(self) -> dict[str, str]:
        """Return for each check '' if all is well, else a stable code."""
        codes = await asyncio.gather(
            *(_ask(check, self._patience_s) for check in self._checks.values())
        )
        return dict(zip(self._checks, codes, strict=True))

    def why_unfit(self, codes: Mapping[str, str]) -> str:
        """Return the code of the first check for which the box is not fit to serve, '' when it is."""
        return next((code for name, code in codes.items() if code and name in self._needed), "")

    def is_fit(self, codes: Mapping[str, str]) -> bool:
        """Tell whether the box is fit to serve when :meth:`examine` returned *codes*."""
        return not self.why_unfit(codes)


async def _ask(check: Check, patience_s: float) -> str:
    try:
        async with asyncio.timeout(patience_s):
            await check()
    except TimeoutError:
        return "no_answer"
    except EdgeError as error:
        return error.code
    return ""
