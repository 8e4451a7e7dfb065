"""What integrators paste works as it is shown."""

import hmac
import json
import shlex
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from gtvision_edge.detections.push_help import BoxAddress
from gtvision_edge.errors import InvalidInputError
from tests.fakes.pushes import anpr_xml
from tests.unit.api.conftest import Served
from tests.unit.api.test_itsapi import KEEP_ALIVE, ItsapiCamera

HELP = "/cameras/cam01/push-help"


async def made(served: Served) -> dict[str, Any]:
    status, made = await served.call(
        "POST", "/cameras/cam01/push-secret", who="admin", json={"at_once": True}
    )
    assert status == 201
    return dict(made)


async def shown(served: Served, query: str = "") -> dict[str, Any]:
    status, found = await served.call("GET", HELP + query, who="admin")
    assert status == 200, found
    return dict(found)


async def test_the_curl_line_sends_a_reading_that_is_accepted(served: Served) -> None:
    await made(served)
    words = shlex.split((await shown(served))["webhook"]["curl"])
    body, url = words[words.index("-d") + 1], words[words.index("POST") + 1]

    assert url == f"{served.url}/api/v1/webhooks/lpr"
    async with served.http.post(
        url, data=body, headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 202
    _, page = await served.call("GET", "/detections", who="operator-a")
    assert [(each["placa"], each["trust"]) for each in page["items"]] == [("AAA0A00", "signed")]


async def test_the_text_that_is_signed_is_told_and_the_vectors_are_served(served: Served) -> None:
    await made(served)
    found = await shown(served)
    words = shlex.split(found["webhook"]["curl"])
    body = json.loads(words[words.index("-d") + 1])
    signed = str(found["webhook"]["signed_text"]).encode()

    assert hmac.new(found["secret"].encode(), signed, "sha256").hexdigest() == body["signature"]
    status, vectors = await served.call("GET", "/webhooks/lpr/vectors")
    assert (status, set(vectors)) == (
        200,
        {"description", "secret", "body_signature", "header_signature"},
    )


async def test_the_hikvision_settings_name_the_address_that_is_answered(served: Served) -> None:
    await made(served)
    found = (await shown(served, "?url=http://10.20.0.5:8080"))["hikvision"]
    root = ElementTree.fromstring(found["http_host_xml"])  # noqa: S314 -- our own
    fields = {each.tag.rpartition("}")[2]: each.text for each in root.iter()}

    assert (fields["protocolType"], fields["addressingFormatType"]) == ("HTTP", "ipaddress")
    assert (fields["ipAddress"], fields["portNo"]) == ("10.20.0.5", "8080")
    assert (fields["uploadImagesDataType"], fields["httpBroken"]) == ("binary", "true")
    assert found["url"] == f"http://10.20.0.5:8080{fields['url']}"
    status, _, _ = await served.exchange(
        "POST",
        str(fields["url"]),
        data=anpr_xml().encode(),
        headers={"Content-Type": "application/xml"},
    )
    assert status == 200


async def test_the_fields_for_intelbras_log_in(served: Served) -> None:
    secret = (await made(served))["secret"]
    fields = (await shown(served, "?url=https://Edge.example"))["itsapi"]

    assert (fields["host"], fields["port"], fields["https"]) == ("edge.example", 443, True)
    assert (fields["user"], fields["password"]) == ("cam01", secret)
    assert KEEP_ALIVE in fields["paths"]
    for password in (fields["password"], fields["short_password"]):
        camera = ItsapiCamera(served, password, fields["user"])
        assert (await camera.post(KEEP_ALIVE, b"{}"))[0] == 200


async def test_each_look_is_audited_and_the_secret_is_not_in_the_log(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = (await made(served))["secret"]
    found = await shown(served)
    _, log = await served.call("GET", "/audit?limit=500", who="admin")

    looks = [each for each in log["items"] if each["action"] == "camera.push_secret_shown"]
    assert [each["subject"] for each in looks] == ["camera:cam01"]
    printed = capsys.readouterr()
    for hidden in (secret, found["itsapi"]["short_password"], found["hikvision"]["url"]):
        assert hidden not in printed.out + printed.err
        assert hidden not in json.dumps(log)


async def test_only_admins_see_it_and_only_when_there_is_a_secret(served: Served) -> None:
    status, content = await served.call("GET", HELP, who="admin")
    assert (status, content["code"]) == (409, "no_push_secret")

    await made(served)
    for who, expected in (
        ("operator-a", 403),
        ("viewer-a", 403),
        ("auditor-a", 403),
        ("viewer-b", 404),
    ):
        assert (await served.call("GET", HELP, who=who))[0] == expected
    assert (await served.call("GET", HELP))[0] == 401
    status, content = await served.call("GET", HELP + "?url=ftp://x", who="admin")
    assert (status, content["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://10.20.0.5:8080", "http://10.20.0.5:8080"),
        ("https://edge.example:443/", "https://edge.example"),
        ("http://[fd00::5]:8080", "http://[fd00::5]:8080"),
    ],
)
def test_an_address_of_the_box_is_read(url: str, expected: str) -> None:
    assert BoxAddress.parse(url).url == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "10.20.0.5",
        "http://",
        "http://a:b@c",
        "http://a/b",
        "http://a?b",
        "http://a:99999",
        "http://a'b",
        "http://[x",
    ],
)
def test_what_is_no_address_of_a_box_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        BoxAddress.parse(url)


@pytest.mark.parametrize("path", ["/api/v1/webhooks/lpr", "/api/v1/webhooks/hikvision/none"])
async def test_a_push_that_is_refused_is_not_told_to_bring_a_token(
    served: Served, path: str
) -> None:
    body = {"camera_id": "cam01", "timestamp": "2026-03-14T09:26:53-03:00", "signature": "00"}
    status, headers, problem = await served.exchange("POST", path, json=body)

    assert (status, problem["code"]) == (401, "push_refused")
    assert "WWW-Authenticate" not in headers
