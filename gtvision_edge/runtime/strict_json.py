"""JSON as a stranger may send it: one meaning or none."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Never


class UnclearJsonError(ValueError):
    """It is no JSON, or JSON that two readers may understand in two ways; its text says what is wrong, never what was sent."""


def read_strict_json(
    raw: bytes, *, number: Callable[[str], Any] | None = None, with_mark: bool = False
) -> Any:
    """Return the value that *raw* (UTF-8) stands for; safe in any thread.

    *number* makes a value of a number's literal; without it whole numbers are int and others float. *with_mark*: a byte order
    mark before it is passed over.

    Raises:
        UnclearJsonError: no JSON, or JSON with NaN, infinities, a key twice, lone surrogates or too deep a nesting.

    """
    try:
        text = raw.decode("utf-8-sig" if with_mark else "utf-8")
        value = _decoder(number).decode(text)
        if "\\u" in text:
            # What json makes of "\ud800" can be neither stored nor sent again.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise UnclearJsonError("has characters that are no UTF-8") from error
    except json.JSONDecodeError as error:
        message = f"is no JSON (line {error.lineno}, column {error.colno})"
        raise UnclearJsonError(message) from error
    except RecursionError as error:
        raise UnclearJsonError("is nested too deeply") from error
    except ValueError as error:
        raise UnclearJsonError(str(error)[:200]) from error
    return value


@lru_cache(maxsize=8)
def _decoder(number: Callable[[str], Any] | None) -> json.JSONDecoder:
    """Return what ``json.loads`` would make anew for each text; it keeps nothing of one for the next."""
    return json.JSONDecoder(
        object_pairs_hook=_without_duplicates,
        parse_constant=_refuse_constant,
        parse_float=number or _finite,
        parse_int=number,
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("has a key twice in one object")
    return found


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"has {name}, which is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("has a number that is too large")
    return number
