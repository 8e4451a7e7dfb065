"""Compares an event with the JSON Schema that is published for it: as much of JSON Schema as our schemas use.

A word of a schema that is not known here is refused, so that nothing passes for want of a check.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
}
_NOTES: Final = frozenset({"$schema", "$id", "title", "description", "$defs"})


class Schemas:
    """The schemas of a folder; making one reads them all.

    Raises:
        OSError, ValueError: one cannot be read, or is no JSON.

    """

    def __init__(self, folder: Path) -> None:
        self._known: dict[str, Mapping[str, Any]] = {
            path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.json"))
        }

    def faults(self, event: Mapping[str, Any]) -> list[str]:
        """Return where the ``data`` of a CloudEvent is not as its schema says, such as ``$.placa``; [] = it is right.

        An event whose schema is not in the folder has the fault ``no schema``.
        """
        name = str(event.get("dataschema", "")).removeprefix("urn:gtvision:schema:")
        schema = self._known.get(name)
        if schema is None:
            return [f"no schema {name}"]
        return list(faults_of(event.get("data"), schema, schema))


def faults_of(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "$"
) -> Iterator[str]:
    """Yield the path of everything in *value* that *schema*, a part of *root*, does not allow; once for each broken rule.

    Raises:
        ValueError: the schema uses a word that is not known here.

    """
    for word, wanted in schema.items():
        if word in _NOTES:
            continue
        if word == "$ref":
            yield from faults_of(value, _referred(wanted, root), root, path)
        elif word == "properties":
            if isinstance(value, dict):
                for name in wanted.keys() & value.keys():
                    yield from faults_of(value[name], wanted[name], root, f"{path}.{name}")
        elif word == "items":
            if isinstance(value, list):
                for place, each in enumerate(value):
                    yield from faults_of(each, wanted, root, f"{path}[{place}]")
        elif word == "anyOf":
            if all(any(True for _ in faults_of(value, each, root, path)) for each in wanted):
                yield path
        elif not _holds(word, wanted, value):
            yield path


def _referred(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)  # noqa: S101 -- our own schemas
    return found


def _holds(word: str, wanted: Any, value: Any) -> bool:
    match word:
        case "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            return any(_TYPES[name](value) for name in names)
        case "required":
            return not isinstance(value, dict) or all(name in value for name in wanted)
        case "enum":
            return value in wanted and isinstance(value, str)
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
        case "minLength":
            return not isinstance(value, str) or len(value) >= wanted
        case "maxLength":
            return not isinstance(value, str) or len(value) <= wanted
        case "minimum":
            return not _TYPES["number"](value) or value >= wanted
        case "maximum":
            return not _TYPES["number"](value) or value <= wanted
        case _:
            raise ValueError(f"a schema uses {word}, which is not known here")
