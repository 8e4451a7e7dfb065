"""The control API of a media server, embedded or MediaMTX: same status codes, same effects."""

import asyncio

import pytest

from tests.contract.media_servers import ServerUnderTest, until
from tests.ports import free_port

pytestmark = pytest.mark.timeout(60)

# Fields of the embedded server's paths. MediaMTX has more; a client that uses only these can use both.
PATH_FIELDS = {
    "name",
    "source",
    "sourceOnDemand",
    "sourceOnDemandStartTimeout",
    "sourceOnDemandCloseAfter",
    "record",
    "recordPath",
    "recordFormat",
    "recordPartDuration",
    "recordSegmentDuration",
    "recordDeleteAfter",
    "rtspTransport",
}


def nobody() -> str:
    """Return the address of a camera that is switched off."""
    return f"rtsp://127.0.0.1:{free_port()}/nobody"


async def test_info_names_version_and_start(server: ServerUnderTest) -> None:
    info = (await server.api("GET", "info")).json()

    assert info["version"].startswith("gtvision-embedded-" if server.is_embedded else "v1.")
    assert info["started"].startswith("20")


async def test_a_path_is_echoed_whole_and_canonical(server: ServerUnderTest) -> None:
    await server.add(
        "cam_rec", server.recording(nobody()) | {"recordSegmentDuration": "60m", "record": False}
    )

    fields = (await server.api("GET", "config/paths/get/cam_rec")).json()

    assert fields.keys() >= PATH_FIELDS
    if server.is_embedded:
        assert fields.keys() == PATH_FIELDS
    assert fields["name"] == "cam_rec"
    assert fields["recordSegmentDuration"] == "1h0m0s"
    assert fields["recordDeleteAfter"] == ""
    assert fields["recordPartDuration"] == "500ms"
    assert fields["sourceOnDemandStartTimeout"] == "10s"
    assert fields["record"] is False


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("POST", "config/paths/add/there", {}, 400),
        ("POST", "config/paths/add/bad%20name", {}, 400),
        ("POST", "config/paths/add/", {}, 400),
        ("POST", "config/paths/add/x", "", 400),
        ("POST", "config/paths/add/x", "{", 400),
        ("POST", "config/paths/add/x", "[]", 400),
        ("POST", "config/paths/add/x", {"nope": 1}, 400),
        ("POST", "config/paths/add/x", {"record": "yes"}, 400),
        ("POST", "config/paths/add/x", {"recordPartDuration": 5}, 400),
        ("POST", "config/paths/add/x", {"recordPartDuration": "5x"}, 400),
        ("POST", "config/paths/add/x", {"recordSegmentDuration": "25h"}, 400),
        ("POST", "config/paths/add/x", {"recordDeleteAfter": "1s"}, 400),
        ("POST", "config/paths/add/x", {"recordPath": "/volume/x"}, 400),
        ("POST", "config/paths/add/x", {"recordFormat": "avi"}, 400),
        ("POST", "config/paths/add/x", {"rtspTransport": "quic"}, 400),
        ("POST", "config/paths/add/x", {"source": "foo://x"}, 400),
        ("POST", "config/paths/add/x", {"source": "rtsp://user:@192.0.2.1/"}, 400),
        ("POST", "config/paths/add/x", {"sourceOnDemand": True}, 400),
        ("PATCH", "config/paths/patch/there", {"nope": 1}, 400),
        ("PATCH", "config/paths/patch/missing", {}, 404),
        ("DELETE", "config/paths/delete/missing", None, 404),
        ("GET", "config/paths/get/missing", None, 404),
        ("GET", "paths/get/missing", None, 404),
        ("GET", "paths/list?itemsPerPage=0", None, 400),
        ("GET", "paths/list?itemsPerPage=x", None, 400),
        ("GET", "paths/list?page=-1", None, 400),
        ("GET", "config/paths/list?page=9", None, 200),
        ("GET", "nothing/here", None, 404),
        ("PUT", "config/paths/get/there", {}, 404),
        ("POST", "info", {}, 404),
    ],
)
async def test_refusals_carry_mediamtx_status_codes(
    server: ServerUnderTest, method: str, route: str, body: object, status: int
) -> None:
    await server.add("there", {})

    answer = await server.api(method, route, body)

    assert answer.status == status, answer.text
    if answer.content_type == "application/json" and status >= 400:
        assert answer.json()["status"] == "error"
        assert answer.json()["error"]


@pytest.mark.parametrize("route", ["nothing", "config/paths", "info/x"])
async def test_unknown_routes_answer_plain_text(server: ServerUnderTest, route: str) -> None:
    answer = await server.api("GET", route)

    assert (answer.status, answer.content_type) == (404, "text/plain")
    assert answer.text == "404 page not found"


async def test_replace_makes_a_missing_path_and_forgets_old_fields(server: ServerUnderTest) -> None:
    await server.api("POST", "config/paths/replace/x", {"recordSegmentDuration": "10s"})

    answer = await server.api("POST", "config/paths/replace/x", {"recordPartDuration": "2s"})

    assert answer.json() == {"status": "ok"}
    fields = (await server.api("GET", "config/paths/get/x")).json()
    assert (fields["recordSegmentDuration"], fields["recordPartDuration"]) == ("1h0m0s", "2s")


async def test_patch_takes_null_for_not_given(server: ServerUnderTest) -> None:
    await server.add("x", {"recordSegmentDuration": "10s"})

    answer = await server.api("PATCH", "config/paths/patch/x", {"recordSegmentDuration": None})

    assert answer.status == 200
    fields = (await server.api("GET", "config/paths/get/x")).json()
    assert fields["recordSegmentDuration"] == "10s"


async def test_path_defaults_are_patched_and_inherited(server: ServerUnderTest) -> None:
    await server.add("x", {})

    await server.api("PATCH", "config/pathdefaults/patch", {"recordSegmentDuration": "2m"})

    defaults = (await server.api("GET", "config/pathdefaults/get")).json()
    fields = (await server.api("GET", "config/paths/get/x")).json()
    assert defaults["name"] == ""
    assert defaults["recordSegmentDuration"] == fields["recordSegmentDuration"] == "2m0s"


async def test_lists_are_paged_by_name(server: ServerUnderTest) -> None:
    before = (await server.api("GET", "config/paths/list")).json()["itemCount"]
    for name in ("zz3", "zz1", "zz2"):
        await server.add(name, {})

    total = before + 3
    page = (
        await server.api("GET", f"config/paths/list?itemsPerPage=2&page={(total - 1) // 2}")
    ).json()
    everything = (await server.api("GET", "config/paths/list?itemsPerPage=1000")).json()

    assert (page["itemCount"], page["pageCount"]) == (total, -(-total // 2))
    names = [item["name"] for item in everything["items"]]
    assert names == sorted(names)
    assert page["items"][-1]["name"] == "zz3"


async def test_a_camera_that_is_off_shows_as_not_ready(server: ServerUnderTest) -> None:
    await server.add("cam_rec", server.recording(nobody()))

    async def listed() -> bool:
        return bool(await server.path("cam_rec"))

    await until(listed, 5, "the path is listed")
    await asyncio.sleep(0.5)
    path = await server.path("cam_rec")

    assert path["ready"] is path["available"] is False
    assert path["readyTime"] is path["availableTime"] is None
    assert path["online"] is True
    assert path["source"] == {"type": "rtspSource", "id": ""}
    assert path["tracks"] == path["tracks2"] == path["readers"] == []
    assert path["inboundBytes"] == path["bytesReceived"] == 0
    assert path["confName"] == "cam_rec"


async def test_a_deleted_path_leaves(server: ServerUnderTest) -> None:
    await server.add("cam_rec", {"source": nobody()})
    answer = await server.api("DELETE", "config/paths/delete/cam_rec")

    async def gone() -> bool:
        return not await server.path("cam_rec")

    assert answer.json() == {"status": "ok"}
    await until(gone, 5, "the path is gone")
    assert (await server.api("GET", "config/paths/get/cam_rec")).status == 404


async def test_a_restart_forgets_every_path(server: ServerUnderTest) -> None:
    await server.add("cam_rec", {"source": nobody()})
    before = (await server.api("GET", "info")).json()["started"]

    await server.restart()

    assert (await server.api("GET", "info")).json()["started"] != before
    assert (await server.api("GET", "config/paths/get/cam_rec")).status == 404
