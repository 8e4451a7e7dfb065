"""JSON as a stranger may send it: one meaning or none."""

import json
from typing import Any, Final, Never

from pydantic import BaseModel, ValidationError

from gtvision_edge.errors import InvalidInputError

_NO_MOMENT: Final = frozenset(
    {
        "datetime_parsing",
        "datetime_from_date_parsing",
        "datetime_object_invalid",
        "datetime_type",
        "timezone_aware",
    }
)
_MAX_FAULTS: Final = 50


def parse_body(raw: bytes, model: type[BaseModel]) -> BaseModel:
    """Return *raw* as *model*; safe in any thread.

    Raises:
        InvalidInputError: no JSON, or JSON with NaN, infinities, a key twice, lone surrogates or too deep a nesting;
            or it does not fit *model*. ``faults`` names every place.

    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        # What json makes of "\ud800" can be neither stored nor sent again.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise _invalid("has characters that are no UTF-8") from error
    except json.JSONDecodeError as error:
        raise _invalid(f"is no JSON (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise _invalid("is nested too deeply") from error
    except ValueError as error:
        raise _invalid(str(error)[:200]) from error
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise faults_of(error) from error


def parse_query(pairs: list[tuple[str, str]], model: type[BaseModel]) -> BaseModel:
    """Return the query as *model*.

    Raises:
        InvalidInputError: a name is unknown, given twice, or its value does not fit.

    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidInputError(
                "The query is not right.",
                faults=[{"path": name[:100], "message": "is given twice"}],
            )
        values[name] = value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise faults_of(error) from error


def faults_of(error: ValidationError) -> InvalidInputError:
    """Say what is wrong and where, never what was sent: it may be a password."""
    faults = [
        {
            "path": ".".join(_readable(part) for part in fault["loc"]),
            "message": _message(fault["type"], fault["msg"]),
        }
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return InvalidInputError("The request is not right.", faults=faults[:_MAX_FAULTS])


def _message(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is not known here"
    if kind in _NO_MOMENT:
        return "must be a date and time with offset, such as 2026-12-29T12:00:00Z"
    return message.removeprefix("Value error, ")


def _readable(part: str | int) -> str:
    return str(part)[:100].encode("utf-8", "replace").decode("utf-8")


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError("The request is not right.", faults=[{"path": "", "message": message}])


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
