"""The configuration of paths: defaults, what was set, what follows from both. In memory only, as MediaMTX's API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gtvision_edge.media.embedded.durations import format_go_duration, parse_go_duration

Fields = dict[str, object]

_NAME = re.compile(r"[0-9a-zA-Z_\-/.]+")
_DURATIONS = (
    "sourceOnDemandStartTimeout",
    "sourceOnDemandCloseAfter",
    "recordPartDuration",
    "recordSegmentDuration",
    "recordDeleteAfter",
)
_DAY_NS = 86_400_000_000_000


class InvalidConfigError(ValueError):
    """The configuration is refused; nothing was changed. Its text goes into the answer (400)."""


class NoSuchPathError(LookupError):
    """No path of that name is configured."""


@dataclass(frozen=True, slots=True)
class PathConfig:
    """A path's effective configuration, checked."""

    name: str
    source: str
    on_demand: bool
    start_timeout_s: float
    close_after_s: float
    record: bool
    record_path: str
    part_s: float
    segment_s: float

    @property
    def is_pulled(self) -> bool:
        return self.source != "publisher"

    def restarts_source_of(self, other: "PathConfig") -> bool:
        """Tell whether going from *other* to this one needs a new source; record fields are hot."""
        return (self.source, self.on_demand, self.start_timeout_s, self.close_after_s) != (
            other.source,
            other.on_demand,
            other.start_timeout_s,
            other.close_after_s,
        )


class PathConfigs:
    """All configured paths. Every change is checked whole before any of it counts."""

    def __init__(self, record_root: Path) -> None:
        self._defaults: Fields = {
            "source": "publisher",
            "sourceOnDemand": False,
            "sourceOnDemandStartTimeout": "10s",
            "sourceOnDemandCloseAfter": "10s",
            "record": False,
            "recordPath": f"{record_root}/%path/%Y-%m-%d/%H-%M-%S-%f",
            "recordFormat": "fmp4",
            "recordPartDuration": "1s",
            "recordSegmentDuration": "1h0m0s",
            # MediaMTX deletes after a day by default. This server never deletes.
            "recordDeleteAfter": "",
            "rtspTransport": "automatic",
        }
        self._root = record_root
        self._paths: dict[str, Fields] = {}
        self._effective: dict[str, PathConfig] = {}

    @property
    def effective(self) -> Mapping[str, PathConfig]:
        """The checked configurations, by name."""
        return self._effective

    def defaults(self) -> Fields:
        return {"name": "", **self._defaults}

    def get(self, name: str) -> Fields:
        """Return the effective fields of a path.

        Raises:
            NoSuchPathError: it is not configured.

        """
        if name not in self._paths:
            raise NoSuchPathError(name)
        return {"name": name, **self._defaults, **self._paths[name]}

    def list(self) -> list[Fields]:
        return [self.get(name) for name in sorted(self._paths)]

    def add(self, name: str, fields: Mapping[str, object]) -> None:
        if name in self._paths:
            raise InvalidConfigError("path already exists")
        self._commit(self._defaults, self._paths | {name: self._canonical(fields)})

    def patch(self, name: str, fields: Mapping[str, object]) -> None:
        if name not in self._paths:
            raise NoSuchPathError(name)
        merged = self._paths[name] | self._canonical(fields)
        self._commit(self._defaults, self._paths | {name: merged})

    def replace(self, name: str, fields: Mapping[str, object]) -> None:
        self._commit(self._defaults, self._paths | {name: self._canonical(fields)})

    def delete(self, name: str) -> None:
        if name not in self._paths:
            raise NoSuchPathError(name)
        self._commit(self._defaults, {key: v for key, v in self._paths.items() if key != name})

    def patch_defaults(self, fields: Mapping[str, object]) -> None:
        self._commit(self._defaults | self._canonical(fields), self._paths)

    def _commit(self, defaults: Fields, paths: dict[str, Fields]) -> None:
        effective = {
            name: _check(name, defaults | fields, self._root) for name, fields in paths.items()
        }
        self._defaults, self._paths, self._effective = defaults, paths, effective

    def _canonical(self, fields: Mapping[str, object]) -> Fields:
        result: Fields = {}
        for key, value in fields.items():
            if key == "name":
                continue
            if key not in self._defaults:
                raise InvalidConfigError(f'json: unknown field "{key}"')
            if value is None:
                continue
            result[key] = _canonical_value(key, value, self._defaults[key])
        return result


def _canonical_value(key: str, value: object, default: object) -> object:
    kind = type(default)
    if type(value) is not kind:
        names = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}
        found = names.get(type(value), "object")
        wanted = "bool" if kind is bool else "string"
        raise InvalidConfigError(f"json: cannot unmarshal {found} into Go value of type {wanted}")
    if key in _DURATIONS:
        try:
            return format_go_duration(parse_go_duration(str(value)))
        except ValueError as error:
            raise InvalidConfigError(str(error)) from error
    return value


def check_name(name: str) -> None:
    """Refuse a name that MediaMTX would refuse.

    Raises:
        InvalidConfigError: it is no valid path name.

    """
    if not name:
        raise InvalidConfigError("invalid name")
    if name.startswith(("~", "all")) and (name.startswith("~") or name in {"all", "all_others"}):
        raise InvalidConfigError("this server has no regular-expression paths")
    if not _NAME.fullmatch(name):
        raise InvalidConfigError(
            f"invalid path name '{name}': can contain only alphanumeric characters, underscore,"
            " dot, minus, slash"
        )
    if name.startswith("/") or name.endswith("/"):
        raise InvalidConfigError(f"invalid path name '{name}': can't begin or end with a slash")
    if any(part in {".", ".."} for part in name.split("/")):
        raise InvalidConfigError(f"invalid path name '{name}': can't contain '.' or '..'")


def _check(name: str, fields: Fields, root: Path) -> PathConfig:
    check_name(name)
    source = str(fields["source"])
    _check_source(source)
    on_demand = fields["sourceOnDemand"] is True
    if on_demand and source == "publisher":
        raise InvalidConfigError("'sourceOnDemand' is useless when source is 'publisher'")
    if fields["rtspTransport"] not in {"automatic", "tcp"}:
        raise InvalidConfigError(f"invalid transport '{fields['rtspTransport']}'")
    if fields["recordFormat"] != "fmp4":
        raise InvalidConfigError(f"invalid record format '{fields['recordFormat']}'")
    record_path = str(fields["recordPath"])
    _check_record_path(record_path)
    ns = {key: parse_go_duration(str(fields[key])) for key in _DURATIONS}
    if ns["recordSegmentDuration"] > _DAY_NS:
        raise InvalidConfigError("maximum segment duration is 1 day")
    if min(ns.values()) < 0:
        raise InvalidConfigError("a duration cannot be negative")
    if ns["recordDeleteAfter"] != 0:
        if ns["recordDeleteAfter"] < ns["recordSegmentDuration"]:
            raise InvalidConfigError(
                "'recordDeleteAfter' cannot be lower than 'recordSegmentDuration'"
            )
        raise InvalidConfigError("this server deletes nothing: 'recordDeleteAfter' must be 0s")
    absolute = record_path if record_path.startswith("/") else f"{root}/{record_path}"
    return PathConfig(
        name=name,
        source=source,
        on_demand=on_demand,
        start_timeout_s=ns["sourceOnDemandStartTimeout"] / 1e9,
        close_after_s=ns["sourceOnDemandCloseAfter"] / 1e9,
        record=fields["record"] is True,
        record_path=absolute,
        part_s=ns["recordPartDuration"] / 1e9,
        segment_s=ns["recordSegmentDuration"] / 1e9,
    )


def _check_source(source: str) -> None:
    if source == "publisher":
        return
    try:
        parts = urlsplit(source)
        _ = parts.port
    except ValueError as error:
        raise InvalidConfigError("invalid source: the URL is malformed") from error
    if parts.scheme != "rtsp" or not parts.hostname:
        # The URL may hold a password: never into the answer, which people log.
        raise InvalidConfigError(f"invalid source: '{parts.scheme}' is not served here")
    if "@" in parts.netloc and not (parts.username and parts.password):
        raise InvalidConfigError("username and password must be both provided")


def _check_record_path(template: str) -> None:
    if "%path" not in template:
        raise InvalidConfigError("'recordPath' must contain %path")
    needed = ("%Y", "%m", "%d", "%H", "%M", "%S")
    if "%s" not in template and not all(token in template for token in needed):
        raise InvalidConfigError("'recordPath' must contain either %s or %Y %m %d %H %M %S")
