"""Every habit of cameras and integrators that is known, over HTTP: the right reading or a clear refusal, never an incident."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtvision_edge.api import raw_body
from gtvision_edge.detections.sources.signatures import sign_body
from gtvision_edge.runtime.timestamps import to_rfc3339
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.unit.api.conftest import Served
from tests.unit.api.test_itsapi import TOLLGATE, ItsapiCamera, passage
from tests.unit.api.test_plates import WEBHOOK, access

NOW = "2025-12-31T20:59:59-03:00"
NOW_TOLD = "2025-12-31T23:59:59+00:00"
MIB = 2**20
XML = "application/xml"
SCENE, PLATE = jpeg(), jpeg(120, 40, "white")


@dataclass(frozen=True)
class Case:
    """What a camera sends and what becomes of it; *plate* None: no plate was read; *code*: it is refused so."""

    name: str
    body: bytes
    content_type: str = XML
    status: int = 200
    code: str = ""
    plate: str | None = "ABC1D23"
    is_kept: bool = True
    item: dict[str, Any] = field(default_factory=dict)


def xml(name: str, *, encoding: str = "utf-8", item: Any = None, **changes: Any) -> Case:
    plate = changes.pop("reads", changes.get("plate", "ABC1D23"))
    raw = anpr_xml(**{"when": NOW} | changes).encode(encoding)
    return Case(name, raw, plate=plate, item=item or {})


def parts(name: str, *heads: str, contents: Any = (), item: Any = None, **how: Any) -> Case:
    pieces = zip(heads, contents or (anpr_xml(when=NOW).encode(), PLATE, SCENE), strict=True)
    content_type, raw = multipart(*pieces, **how)
    return Case(name, raw, content_type, item=item or {})


def refused(name: str, body: bytes, content_type: str = XML, **changes: Any) -> Case:
    values: dict[str, Any] = {"status": 422, "code": "malformed_push", "is_kept": False} | changes
    return Case(name, body, content_type, **values)


def posted(*pieces: tuple[str, bytes]) -> tuple[bytes, str]:
    content_type, raw = multipart(*pieces)
    return raw, content_type


BOTH = {"has_scene": True, "has_plate_picture": True}
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<EventNotificationAlert><ANPR><licensePlate>&b;</licensePlate></ANPR></EventNotificationAlert>"
)
EXTERNAL = BOMB.replace(b'b "&a;&a;&a;&a;&a;&a;&a;&a;"', b'b SYSTEM "file:///etc/passwd"')


def hik_json(**changes: Any) -> bytes:
    anpr = {"licensePlate": "ABC1D23", "confidenceLevel": "97", "line": "2"}
    event = {"eventType": "ANPR", "dateTime": NOW, "UUID": "u1", "aNPR": anpr} | changes
    return json.dumps(event).encode()


HIKVISION = [
    xml("as the documents say", item={"confianca": 0.97, "timestamp": NOW_TOLD}),
    xml("no namespace", namespace=""),
    xml("isapi.org", namespace=' xmlns="http://www.isapi.org/ver20/XMLSchema"'),
    xml("std-cgi", namespace=' xmlns="http://www.std-cgi.com/ver10/XMLSchema"'),
    xml("psialliance", namespace=' xmlns="urn:psialliance-org"'),
    xml("prefixed", namespace=' xmlns:ns1="http://www.hikvision.com/ver20"', prefix="ns1"),
    xml("prefix that nobody declared", namespace="", prefix="ns1"),
    xml("float confidence", confidence="92.5", item={"confianca": 0.925}),
    xml("confidence of no meaning", confidence="NaN", item={"confianca": None}),
    xml("huge confidence", confidence="9" * 400, item={"confianca": None}),
    xml("not read", plate="unknown", reads=None, confidence="0"),
    xml("no plate on it", plate="noPlate", reads=None),
    xml("factory zone", when="2025-12-31T20:59:59+08:00", item={"time_source": "camera_zone"}),
    xml("no offset", when="2025-12-31T20:59:59", item={"timestamp": NOW_TOLD}),
    xml("a form ate the plus", when="2026-01-01T07:59:59 08:00", item={"timestamp": NOW_TOLD}),
    xml("offset without colon", when="2025-12-31T20:59:59-0300", item={"timestamp": NOW_TOLD}),
    xml("year 1", when="0001-01-01T00:00:00+00:00", item={"time_source": "receipt"}),
    xml("year 9999", when="9999-12-31T23:59:59-14:00", item={"time_source": "receipt"}),
    xml("negative time", when="-2026-01-01T00:00:00Z", item={"time_source": "receipt"}),
    xml("no time", when="", item={"time_source": "receipt"}),
    xml("latin-1 that calls itself UTF-8", channel_name="São João", encoding="latin-1"),
    xml("unescaped name", channel_name="Rua A & B < C"),
    xml("byte order mark", encoding="utf-8-sig"),
    xml("control characters", channel_name="\x01\x02"),
    xml("plate of signs", plate="abc·1d23"),
    parts("whole", XML_PART, PLATE_PART, SCENE_PART, item=BOTH),
    parts(
        "octet-stream",
        XML_PART,
        *(
            each.replace("image/jpeg", "application/octet-stream")
            for each in (PLATE_PART, SCENE_PART)
        ),
        item=BOTH,
    ),
    parts(
        "no filename",
        *(each.replace("; filename", "; x") for each in (XML_PART, PLATE_PART, SCENE_PART)),
        item=BOTH,
    ),
    parts(
        "filename alone",
        'Content-Disposition: form-data; filename="anpr.xml";',
        'Content-Disposition: form-data; filename="licensePlatePicture.jpg";',
        'Content-Disposition: form-data; filename="detectionPicture.jpg";',
        item=BOTH,
    ),
    parts("no names", "Content-Type: text/xml", *["Content-Type: image/jpeg"] * 2, item=BOTH),
    parts("line feeds", XML_PART.replace("\r", ""), PLATE_PART, SCENE_PART, line="\n"),
    parts("dashes before", XML_PART, PLATE_PART, SCENE_PART, boundary="----x", item=BOTH),
    Case("a boundary in quotes", *posted((XML_PART, anpr_xml(when=NOW).encode()))),
    Case("JSON", hik_json(), "application/json", item={"confianca": 0.97}),
    Case("JSON as XML", hik_json(), XML),
    Case("JSON with odd values", hik_json(line=float("nan"), picNum=10**300), "application/json"),
    Case("JSON with a lone surrogate", hik_json(channelName="\ud800"), "application/json"),
    Case("JSON with a key twice", b'{"UUID":"a",' + hik_json()[1:], "application/json"),
    Case(
        "motion",
        b"<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>",
        is_kept=False,
    ),
    refused("nothing", b""),
    refused("a bomb", BOMB),
    refused("an external entity", EXTERNAL),
    refused("deep XML", b"<a>" * 100 + b"</a>" * 100),
    refused("deep JSON", b"[" * 50_000, "application/json"),
    refused("deep objects", b'{"ANPR":' * 60 + b"1" + b"}" * 60, "application/json"),
    refused("UTF-16", anpr_xml().encode("utf-16"), XML),
    refused(
        "another boundary", multipart((XML_PART, b"<a/>"))[1], "multipart/form-data; boundary=x"
    ),
    refused("no boundary", multipart((XML_PART, b"<a/>"))[1], "multipart/form-data"),
    refused("seventeen parts", *posted(*[("A: b", b"x")] * 17)),
    refused("9 MiB", b" " * 9 * MIB, status=413, code="body_too_large"),
]


def its(name: str, *, item: Any = None, plate: str | None = "ABC1D23", **changes: Any) -> Case:
    return Case(name, passage(**changes), plate=plate, item=item or {})


def told(**changes: Any) -> dict[str, Any]:
    return {"AccurateTime": "2025-12-31 20:59:59.120"} | changes


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def moved_out(*names: str) -> bytes:
    inner = json.loads(passage())["Picture"]
    return json.dumps({name: inner.pop(name) for name in names} | {"Picture": inner}).encode()


INTELBRAS = [
    its("as the documents say", item=BOTH | {"confianca": pytest.approx(232 / 255)}),
    Case(
        "SnapInfo outside",
        moved_out("SnapInfo", "Plate"),
        item={"timestamp": "2025-12-31T23:59:59.120000+00:00"},
    ),
    its(
        "two JPEGs in one field",
        CutoutPic={},
        VehiclePic={"Content": b64(SCENE + PLATE)},
        item=BOTH,
    ),
    its(
        "data: before base64",
        NormalPic={"Content": "data:image/jpeg;base64," + b64(SCENE)},
        item=BOTH,
    ),
    its("no base64", NormalPic={"Content": "%%%"}, CutoutPic=None, item={"has_scene": False}),
    its(
        "a picture that is none",
        NormalPic={"Content": b64(b"\xff\xd8\xff?")},
        item={"has_scene": False},
    ),
    its("no pictures", NormalPic=None, CutoutPic=None, item={"has_scene": False}),
    its("not read", Plate={"IsExist": False, "PlateNumber": "ABC1D23"}, plate=None),
    its("no plate", Plate={"PlateNumber": "No Plate"}, plate=None),
    its("unrecognised", Plate={"PlateNumber": "UnRecognise"}, plate=None),
    its(
        "a confidence below zero",
        Plate={"PlateNumber": "ABC1D23", "Confidence": -1},
        item={"confianca": None},
    ),
    its("a huge number", SnapInfo=told(LanNo=10**300), Vehicle={"Speed": 10**300}),
    its("not a number", SnapInfo=told(LanNo=float("nan")), Vehicle={"Speed": float("inf")}),
    its("a lone surrogate", SnapInfo=told(Direction="\ud800", DeviceID="\udfff")),
    its(
        "a year of five digits",
        SnapInfo={"AccurateTime": "20260-01-01 00:00:00"},
        item={"time_source": "receipt"},
    ),
    its("a negative time", SnapInfo={"AccurateTime": -1}, item={"time_source": "receipt"}),
    its("lists for objects", SnapInfo=[told(), told()], Vehicle=[1, None]),
    Case("byte order mark", b"\xef\xbb\xbf" + passage()),
    Case("a key twice", b'{"Picture":{},' + passage()[1:]),
    Case("XML", b"<T><Picture><Plate><PlateNumber>ABC1D23</PlateNumber></Plate></Picture></T>"),
    Case("a heartbeat", b'{"Active":"keepAlive","DeviceID":"d"}', is_kept=False),
    refused("nothing", b""),
    refused("UTF-16", passage().decode().encode("utf-16")),
    refused("deep", b'{"Picture":' * 100 + b"1" + b"}" * 100),
    refused("deeper", b"[" * 100_000),
    refused("many fields", json.dumps({"Picture": [0] * 6000}).encode()),
    refused("a bomb", BOMB),
    refused("9 MiB", b" " * 9 * MIB, status=413, code="body_too_large"),
]


async def seen(served: Served, case: Case) -> None:
    """Compare what was kept with what *case* says."""
    status, page = await served.call("GET", "/detections", who="operator-a")
    assert status == 200
    assert len(page["items"]) == int(case.is_kept)
    for item in page["items"]:
        assert item["placa"] == (None if case.plate is None else "ABC1D23")
        assert {name: item[name] for name in case.item} == case.item


def named(case: Case) -> str:
    return case.name


@pytest.fixture
async def made(served: Served) -> dict[str, Any]:
    return await access(served)


@pytest.mark.parametrize("case", HIKVISION, ids=named)
async def test_what_hikvision_cameras_post(
    served: Served, made: dict[str, Any], case: Case
) -> None:
    content_type = case.content_type
    if "quotes" in case.name:
        content_type = content_type.replace("=boundary", '="boundary"')

    status, _, content = await served.exchange(
        "POST",
        made["hikvision_path"],
        data=io.BytesIO(case.body),
        headers={"Content-Type": content_type},
    )

    assert (status, content["code"] if case.code else "") == (case.status, case.code)
    await seen(served, case)


@pytest.mark.parametrize("case", INTELBRAS, ids=named)
async def test_what_intelbras_and_dahua_cameras_push(
    served: Served, made: dict[str, Any], case: Case
) -> None:
    camera = ItsapiCamera(served, made["secret"])

    status, _, content = await camera.post(TOLLGATE, case.body)

    assert (status, content["code"] if case.code else "") == (case.status, case.code)
    assert case.code or content["Result"] is True
    await seen(served, case)


async def test_the_other_prefix_of_itsapi_is_the_same(served: Served, made: dict[str, Any]) -> None:
    camera = ItsapiCamera(served, made["secret"])

    answers = [
        await camera.post(f"/BNotificationInfo/{name}", passage())
        for name in ("DeviceInfo", "KeepAlive", "TollgateInfo")
    ]

    assert [status for status, _, _ in answers] == [200, 200, 200]
    await seen(served, INTELBRAS[0])


async def test_a_body_without_end_is_given_up(
    served: Served, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_body, "PATIENCE_S", 0.2)
    is_over = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"<EventNotificationAlert>"
        await is_over.wait()

    status, _, content = await served.exchange(
        "POST", made["hikvision_path"], data=endless(), headers={"Content-Type": XML}
    )
    is_over.set()

    assert (status, content["code"]) == (408, "body_too_slow")


# Any bytes: what hypothesis makes of a good push, over HTTP and into the database.


def broken(good: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return good bodies with pieces cut out, doubled, or replaced by anything."""

    def change(drawn: tuple[bytes, int, int, bytes]) -> bytes:
        body, start, size, new = drawn
        start %= len(body) + 1
        return body[:start] + new + body[start + size :]

    small = st.binary(max_size=8) | st.sampled_from(
        [
            b"\xff\xd8\xff",
            b"NaN",
            b"-1",
            b"9" * 40,
            b'"\\ud800"',
            b"{",
            b"]",
            b"<",
            b"&#0;",
            b"\x00",
        ]
    )
    one = st.tuples(st.sampled_from(good), st.integers(0, 4000), st.integers(0, 40), small)
    return one.map(change)


def examples(good: list[bytes], count: int = 60) -> list[bytes]:
    found: list[bytes] = []

    @settings(
        max_examples=count, database=None, suppress_health_check=list(HealthCheck), deadline=None
    )
    @given(broken(good))
    def gather(body: bytes) -> None:
        found.append(body)

    gather()
    return found


@pytest.mark.timeout(60)
async def test_no_broken_push_of_any_source_is_an_incident(
    served: Served, made: dict[str, Any], clock: FakeClock
) -> None:
    camera = ItsapiCamera(served, made["secret"])
    small = passage(NormalPic={"Content": b64(jpeg(8, 8))}, CutoutPic=None)
    content_type, whole = multipart((XML_PART, anpr_xml().encode()), (PLATE_PART, jpeg(8, 8)))
    good = {
        "camera_id": "cam01",
        "placa": "ABC1D23",
        "timestamp": to_rfc3339(clock.now_us()),
        "confianca": 0.95,
        "imagem_url": "http://10.0.0.5/a.jpg",
    }
    for body in examples([whole, anpr_xml().encode(), hik_json()]):
        told_type = content_type if body.startswith(b"--") else XML
        status, _, _ = await served.exchange(
            "POST", made["hikvision_path"], data=body, headers={"Content-Type": told_type}
        )
        assert status in (200, 422), (told_type, body)
    for body in examples([small, moved_out("SnapInfo")]):
        status, _, _ = await camera.post(TOLLGATE, body)
        assert status in (200, 422), body
    stamp = str(clock.now_us() // 1_000_000)
    for number, body in enumerate(examples([json.dumps(good).encode()])):
        signature = sign_body(made["secret"], message_id=f"m{number}", timestamp=stamp, body=body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": f"m{number}",
            "webhook-timestamp": stamp,
            "webhook-signature": signature,
        }
        status, _, _ = await served.exchange("POST", WEBHOOK, data=body, headers=headers)
        assert status in (202, 401, 422), body
    status, page = await served.call("GET", "/detections?limit=500", who="operator-a")
    assert status == 200
    assert page["items"]
