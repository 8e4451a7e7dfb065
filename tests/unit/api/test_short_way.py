"""The short way of busy endpoints answers as the long one does; what asks for more takes the long one."""

from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from gtvision_edge.api.routing import EVERYONE, PUBLIC, Answer, Body, Call, Endpoint
from gtvision_edge.errors import EdgeError, ErrorKind
from tests.unit.api.conftest import Starter


class _FullError(EdgeError):
    """The shelf is full."""

    code = "shelf_full"
    kind = ErrorKind.CONFLICT


class _Echo(Answer):
    text: str
    way: str


class _EchoBody(Body):
    text: str


async def _echo(call: Call) -> _Echo:
    text = call.body_as(_EchoBody).text
    if text == "full":
        raise _FullError("The shelf is full.", retry_after_s=7)
    if text == "broken":
        raise RuntimeError("with a secret inside")
    # What only the router puts there tells the ways apart.
    return _Echo(text=text, way="short" if _is_short(call) else "long")


def _is_short(call: Call) -> bool:
    try:
        return call.request.match_info is None
    except AssertionError:
        return True


ENDPOINTS = [
    Endpoint(
        "POST",
        "/echo",
        _echo,
        "Echo",
        "test",
        PUBLIC,
        body=_EchoBody,
        response=_Echo,
        errors=(_FullError,),
        is_busy=True,
    ),
    Endpoint("GET", "/echo", _echo, "Echo", "test", EVERYONE, response=_Echo),
]
PATH = "/api/v1/echo"
LONG = {"Origin": "https://elsewhere.example"}


def _as_told(content: Any) -> Any:
    """Return *content* without what is new in each answer."""
    if not isinstance(content, dict):
        return content
    return {
        name: value
        for name, value in content.items()
        if name not in ("way", "instance", "incident")
    }


@pytest.mark.parametrize(
    "sent", [{"text": "a"}, {"text": "full"}, {"text": "broken"}, {"text": 1}, {}]
)
async def test_both_ways_answer_alike(start: Starter, sent: dict[str, Any]) -> None:
    async with start(ENDPOINTS) as served:
        status, headers, content = await served.exchange("POST", PATH, json=sent)
        long_status, long_headers, long_content = await served.exchange(
            "POST", PATH, json=sent, headers=LONG
        )

    assert (status, _as_told(content)) == (long_status, _as_told(long_content))
    changing = {"x-request-id", "date", "content-length"}
    short, long = (
        {name.lower(): value for name, value in each.items() if name.lower() not in changing}
        for each in (headers, long_headers)
    )
    assert short == long
    assert len(headers["X-Request-Id"]) == len(long_headers["X-Request-Id"]) == 16
    if status == 200:
        assert (content["way"], long_content["way"]) == ("short", "long")


async def test_who_waits_for_a_hundred_continue_is_told_so(start: Starter) -> None:
    async with start(ENDPOINTS) as served:
        status, _, content = await served.exchange("POST", PATH, json={"text": "a"}, expect100=True)

    assert (status, content["way"]) == (200, "long")


async def test_other_methods_and_paths_take_the_long_way(start: Starter) -> None:
    async with start(ENDPOINTS) as served:
        asked = [("GET", PATH), ("PUT", PATH), ("POST", PATH + "/"), ("OPTIONS", PATH)]
        statuses = [(await served.exchange(method, path))[0] for method, path in asked]

    assert statuses == [401, 405, 404, 405]


async def test_both_ways_are_counted_and_written_down_alike(
    start: Starter, registry: CollectorRegistry
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with start(ENDPOINTS) as served:
            for headers in ({}, LONG):
                for text in ("a", "full"):
                    await served.exchange("POST", PATH, json={"text": text}, headers=headers)

    def count(status: int) -> float | None:
        labels = {"method": "POST", "route": PATH, "status": str(status)}
        return registry.get_sample_value("gtvision_edge_http_requests_total", labels)

    assert (count(200), count(409)) == (2, 2)
    requests = [line for line in lines if line["event"] == "request" and line["path"] == PATH]
    assert [(line["status"], line["address"]) for line in requests] == 2 * [
        (200, "127.0.0.1"),
        (409, "127.0.0.1"),
    ]


async def test_what_is_busy_names_no_ids(start: Starter) -> None:
    busy = Endpoint(
        "GET", "/things/{id}", _echo, "Thing", "test", PUBLIC, ids={"id": _FullError}, is_busy=True
    )

    with pytest.raises(ValueError, match="whole path"):
        async with start([busy]):
            pass
