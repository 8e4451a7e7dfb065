"""Bodies and queries as the endpoints' models: what is wrong is said place by place."""

from typing import Final

from pydantic import BaseModel, ValidationError

from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.strict_json import UnclearJsonError, read_strict_json

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
        read_strict_json(raw)
    except UnclearJsonError as error:
        fault = {"path": "", "message": str(error)}
        raise InvalidInputError("The request is not right.", faults=[fault]) from error
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
