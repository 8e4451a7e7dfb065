"""The control API: the subset of MediaMTX's v3 that the daemon uses, with its status codes and its errors."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from gtvision_edge.media.embedded.config import (
    Fields,
    InvalidConfigError,
    NoSuchPathError,
    PathConfigs,
    check_name,
)
from gtvision_edge.media.embedded.path import MediaPath
from gtvision_edge.runtime.timestamps import to_rfc3339

_MAX_BODY = 10 * 2**20
_OK = {"status": "ok"}
_EPOCHLESS = "0001-01-01T00:00:00Z"

Change = Callable[[str, Mapping[str, object]], None]


class ApiHost(Protocol):
    """What the API shows and changes."""

    @property
    def configs(self) -> PathConfigs: ...

    @property
    def paths(self) -> Mapping[str, MediaPath]:
        """The running paths, by name."""
        ...

    def config_changed(self) -> None:
        """Apply the configuration, soon: the answer does not wait for it."""

    def info(self) -> Fields: ...

    def global_config(self) -> Fields: ...


def build_control_api(host: ApiHost) -> web.Application:
    """Return the application under ``/v3``."""
    app = web.Application(client_max_size=_MAX_BODY, middlewares=[_answer_errors])
    api = _ControlApi(host)
    name = "{name:.*}"
    app.add_routes(
        [
            web.get("/v3/info", api.info, allow_head=False),
            web.get("/v3/config/global/get", api.get_global, allow_head=False),
            web.get("/v3/config/pathdefaults/get", api.get_defaults, allow_head=False),
            web.patch("/v3/config/pathdefaults/patch", api.patch_defaults),
            web.get("/v3/config/paths/list", api.list_configs, allow_head=False),
            web.get(f"/v3/config/paths/get/{name}", api.get_config, allow_head=False),
            web.post(f"/v3/config/paths/add/{name}", api.add_config),
            web.patch(f"/v3/config/paths/patch/{name}", api.patch_config),
            web.post(f"/v3/config/paths/replace/{name}", api.replace_config),
            web.delete(f"/v3/config/paths/delete/{name}", api.delete_config),
            web.get("/v3/paths/list", api.list_paths, allow_head=False),
            web.get(f"/v3/paths/get/{name}", api.get_path, allow_head=False),
        ]
    )
    return app


@web.middleware
async def _answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return web.Response(status=404, text="404 page not found")
    except web.HTTPRequestEntityTooLarge:
        return _error(400, "http: request body too large")
    except InvalidConfigError as error:
        return _error(400, str(error))


class _ControlApi:
    def __init__(self, host: ApiHost) -> None:
        self._host = host

    async def info(self, _: web.Request) -> web.Response:
        return web.json_response(self._host.info())

    async def get_global(self, _: web.Request) -> web.Response:
        return web.json_response(self._host.global_config())

    async def get_defaults(self, _: web.Request) -> web.Response:
        return web.json_response(self._host.configs.defaults())

    async def patch_defaults(self, request: web.Request) -> web.Response:
        self._host.configs.patch_defaults(await _fields(request))
        return self._changed()

    async def list_configs(self, request: web.Request) -> web.Response:
        return _page(request, self._host.configs.list())

    async def get_config(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self._host.configs.get(_name(request)))
        except NoSuchPathError:
            return _error(404, "path configuration not found")

    async def add_config(self, request: web.Request) -> web.Response:
        self._host.configs.add(_name(request), await _fields(request))
        return self._changed()

    async def patch_config(self, request: web.Request) -> web.Response:
        name, fields = _name(request), await _fields(request)
        try:
            self._host.configs.patch(name, fields)
        except NoSuchPathError:
            return _error(404, "path not found")
        return self._changed()

    async def replace_config(self, request: web.Request) -> web.Response:
        self._host.configs.replace(_name(request), await _fields(request))
        return self._changed()

    async def delete_config(self, request: web.Request) -> web.Response:
        try:
            self._host.configs.delete(_name(request))
        except NoSuchPathError:
            return _error(404, "path not found")
        return self._changed()

    async def list_paths(self, request: web.Request) -> web.Response:
        paths = self._host.paths
        return _page(request, [describe_path(paths[name]) for name in sorted(paths)])

    async def get_path(self, request: web.Request) -> web.Response:
        path = self._host.paths.get(_name(request))
        if path is None:
            return _error(404, "path not found")
        return web.json_response(describe_path(path))

    def _changed(self) -> web.Response:
        self._host.config_changed()
        return web.json_response(_OK)


def describe_path(path: MediaPath) -> Fields:
    """Return the runtime object of a path, as ``/v3/paths/get`` answers it."""
    since = path.available_since_us
    available_time = to_rfc3339(since) if since is not None else None
    stream = path.stream
    tracks: list[str] = []
    properties: list[Fields] = []
    if stream is not None:
        picture = stream.video.picture
        tracks.append(stream.video.label)
        size: Fields = {"width": picture.width, "height": picture.height}
        properties.append({"codec": stream.video.label, "codecProps": size})
        if stream.audio is not None:
            audio = stream.audio
            sound: Fields = {"sampleRate": audio.timescale, "channelCount": audio.channels}
            tracks.append(audio.source_label)
            properties.append({"codec": audio.source_label, "codecProps": sound})
    pulled = path.config.is_pulled
    inbound = path.inbound_bytes
    return {
        "name": path.config.name,
        "confName": path.config.name,
        "ready": since is not None,
        "readyTime": available_time,
        "available": since is not None,
        "availableTime": available_time,
        "online": pulled,
        "onlineTime": (available_time or _EPOCHLESS) if pulled else None,
        "source": {"type": "rtspSource", "id": ""} if pulled else None,
        "tracks": tracks,
        "tracks2": properties,
        "readers": _readers(path),
        "inboundBytes": inbound,
        "outboundBytes": path.outbound_bytes,
        "inboundFramesInError": 0,
        "bytesReceived": inbound,
        "bytesSent": path.outbound_bytes,
    }


def _readers(path: MediaPath) -> list[Fields]:
    readers: list[Fields] = []
    if path.is_watched:
        readers.append({"type": "hlsSession", "id": path.viewer_id})
    readers += [{"type": "liveSession", "id": client.id} for client in path.live_clients]
    readers += [{"type": "rtspSession", "id": ""} for _ in range(path.rtsp_readers)]
    return readers


def _name(request: web.Request) -> str:
    name = request.match_info["name"]
    check_name(name)
    return name


async def _fields(request: web.Request) -> Mapping[str, object]:
    text = await request.text()
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise InvalidConfigError(
            "unexpected end of JSON input" if not text.strip() else f"invalid JSON: {error}"
        ) from error
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise InvalidConfigError("json: cannot unmarshal into Go value of type map")
    return fields


def _page(request: web.Request, items: Sequence[Fields]) -> web.Response:
    size = _count(request.query.get("itemsPerPage", "100"))
    page = _count(request.query.get("page", "0"))
    if size == 0:
        raise InvalidConfigError("invalid items per page")
    return web.json_response(
        {
            "itemCount": len(items),
            "pageCount": -(-len(items) // size),
            "items": items[page * size : (page + 1) * size],
        }
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InvalidConfigError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"status": "error", "error": message}, status=status)
