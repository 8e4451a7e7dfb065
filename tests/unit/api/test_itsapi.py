"""Intelbras and Dahua cameras push as they do in the street: a digest login, and an answer that lets them rest."""

import base64
import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from gtvision_edge.cameras.digest import Challenge, answer, parse_challenges
from gtvision_edge.detections import push_login
from gtvision_edge.detections.push_login import short_password
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import jpeg
from tests.unit.api.conftest import Served

TOLLGATE = "/NotificationInfo/TollgateInfo"
KEEP_ALIVE = "/NotificationInfo/KeepAlive"
DEVICE = "5b1d0b9e-0000-4000-8000-000000000001"
EXPECTED = {"Result": True, "Active": True, "Message": "Success", "DeviceID": DEVICE}


def passage(plate: str = "ABC1D23", **changes: Any) -> bytes:
    picture = {
        "Plate": {"IsExist": True, "PlateNumber": plate, "Confidence": 232, "Channel": 0},
        "SnapInfo": {
            "DeviceID": DEVICE,
            "AccurateTime": "2025-12-31 20:59:59.120",
            "AllowUser": True,
            "OpenStrobe": True,
        },
        "NormalPic": {"Content": base64.b64encode(jpeg()).decode()},
        "CutoutPic": {"Content": base64.b64encode(jpeg(120, 40)).decode()},
    }
    return json.dumps({"Picture": picture | changes}).encode()


@dataclass
class ItsapiCamera:
    """Logs in as the cameras do: posts, is challenged, posts again, and keeps the nonce for what follows."""

    served: Served
    password: str
    user: str = "cam01"
    challenge: Challenge | None = None
    count: int = 0

    async def post(self, path: str, raw: bytes) -> tuple[int, Any, Any]:
        status, headers, content = await self.try_once(path, raw)
        if status == 401:
            (self.challenge,) = parse_challenges([headers["WWW-Authenticate"]])
            self.count = 0
            status, headers, content = await self.try_once(path, raw)
        return status, headers, content

    async def try_once(self, path: str, raw: bytes) -> tuple[int, Any, Any]:
        headers = {"Content-Type": "application/json"}
        if self.challenge is not None:
            self.count += 1
            headers["Authorization"] = self.authorization(path)
        return await self.served.exchange("POST", path, data=io.BytesIO(raw), headers=headers)

    def authorization(self, path: str) -> str:
        assert self.challenge is not None
        return answer(self.challenge, "POST", path, self.user, self.password, count=self.count)


@pytest.fixture
async def secret(served: Served) -> str:
    status, made = await served.call(
        "POST", "/cameras/cam01/push-secret", who="admin", json={"at_once": True}
    )
    assert status == 201
    return str(made["secret"])


@pytest.fixture
def camera(served: Served, secret: str) -> ItsapiCamera:
    return ItsapiCamera(served, secret)


async def kept(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) FROM detections")
    assert row is not None
    return int(row[0])


async def test_a_passage_is_kept_and_the_camera_is_told_what_it_wants_to_hear(
    served: Served, camera: ItsapiCamera, database: Database
) -> None:
    first = await camera.try_once(TOLLGATE, passage())
    status, headers, content = await camera.post(TOLLGATE, passage())

    assert (first[0], status, content) == (401, 200, EXPECTED)
    assert headers["Content-Type"].startswith("application/json")
    assert int(headers["Content-Length"]) == len(json.dumps(EXPECTED))
    _, page = await served.call("GET", "/detections", who="operator-a")
    (item,) = page["items"]
    assert (item["placa"], item["source"], item["trust"]) == ("ABC1D23", "itsapi", "authenticated")
    assert (item["has_scene"], item["has_plate_picture"]) == (True, True)
    assert item["timestamp"] == "2025-12-31T23:59:59.120000+00:00"


async def test_a_push_that_is_repeated_gets_the_same_answer_and_adds_nothing(
    camera: ItsapiCamera, database: Database
) -> None:
    answers = [await camera.post(TOLLGATE, passage()) for _ in range(3)]

    assert [(status, content) for status, _, content in answers] == [(200, EXPECTED)] * 3
    assert await kept(database) == 1


async def test_one_challenge_is_enough_for_a_while(camera: ItsapiCamera) -> None:
    await camera.post(KEEP_ALIVE, b"{}")
    statuses = {(await camera.try_once(KEEP_ALIVE, b"{}"))[0] for _ in range(5)}

    assert statuses == {200}


@pytest.mark.parametrize("path", [KEEP_ALIVE, "/NotificationInfo/DeviceInfo"])
async def test_signs_of_life_are_answered_and_keep_nothing(
    camera: ItsapiCamera, database: Database, path: str
) -> None:
    told = json.dumps({"Active": "keepAlive", "DeviceID": DEVICE}).encode()

    assert [(await camera.post(path, raw))[2]["DeviceID"] for raw in (told, b"", b"?", b"[1]")] == [
        DEVICE,
        "",
        "",
        "",
    ]
    assert await kept(database) == 0


async def test_the_short_form_of_the_secret_is_a_password_too(served: Served, secret: str) -> None:
    camera = ItsapiCamera(served, short_password(secret))

    status, _, _ = await camera.post(KEEP_ALIVE, b"{}")

    assert (status, len(short_password(secret))) == (200, 24)


async def test_the_secret_before_is_good_while_the_camera_is_being_changed(
    served: Served, camera: ItsapiCamera
) -> None:
    await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})

    assert (await camera.post(KEEP_ALIVE, b"{}"))[0] == 200

    await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={"at_once": True})
    assert (await camera.post(KEEP_ALIVE, b"{}"))[0] == 401


async def test_old_firmware_without_qop_uses_each_challenge_once(
    served: Served, secret: str
) -> None:
    def rfc_2069(nonce: str) -> str:
        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        proof = f"{md5(f'cam01:gtvision-edge:{secret}')}:{nonce}:{md5(f'POST:{KEEP_ALIVE}')}"
        return (
            f'Digest username="cam01", realm="gtvision-edge", nonce="{nonce}",'
            f' uri="{KEEP_ALIVE}", response="{md5(proof)}"'
        )

    _, headers, _ = await served.exchange("POST", KEEP_ALIVE, data=b"{}")
    (challenge,) = parse_challenges([headers["WWW-Authenticate"]])
    header = {"Authorization": rfc_2069(challenge.fields["nonce"])}
    first, _, _ = await served.exchange("POST", KEEP_ALIVE, data=b"{}", headers=header)
    again, headers, _ = await served.exchange("POST", KEEP_ALIVE, data=b"{}", headers=header)

    assert (first, again) == (200, 401)
    assert "stale=true" in headers["WWW-Authenticate"]


async def test_a_request_that_was_overheard_cannot_be_sent_again(
    served: Served, camera: ItsapiCamera
) -> None:
    await camera.post(KEEP_ALIVE, b"{}")
    overheard = camera.authorization(KEEP_ALIVE)

    status, headers, _ = await served.exchange(
        "POST", KEEP_ALIVE, data=b"{}", headers={"Authorization": overheard}
    )
    moved, _, _ = await served.exchange(
        "POST", TOLLGATE, data=passage(), headers={"Authorization": overheard}
    )

    assert (status, moved) == (401, 401)
    assert "stale=true" in headers["WWW-Authenticate"]


async def test_a_challenge_ends_and_the_camera_goes_on_with_the_next(
    camera: ItsapiCamera, clock: FakeClock
) -> None:
    await camera.post(KEEP_ALIVE, b"{}")
    await clock.advance(push_login.NONCE_LIFE_S + 1)

    old = await camera.try_once(KEEP_ALIVE, b"{}")
    status, _, _ = await camera.post(KEEP_ALIVE, b"{}")

    assert (old[0], status) == (401, 200)
    assert "stale=true" in old[1]["WWW-Authenticate"]


async def test_the_memory_of_challenges_is_bounded_and_forgets_no_replay(
    served: Served, secret: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_login, "MAX_USED_NONCES", 3)
    first = ItsapiCamera(served, secret)
    await first.post(KEEP_ALIVE, b"{}")
    for _ in range(5):
        await clock.advance(1)
        assert (await ItsapiCamera(served, secret).post(KEEP_ALIVE, b"{}"))[0] == 200

    first.count = 0

    assert (await first.try_once(KEEP_ALIVE, b"{}"))[0] == 401


async def test_who_is_not_known_and_who_is_wrong_hear_the_same(
    served: Served, secret: str, database: Database
) -> None:
    empty = 'Digest username="", realm="", nonce="", uri="/NotificationInfo/TollgateInfo", response="", qop='
    cameras = [
        ItsapiCamera(served, "wrong"),
        ItsapiCamera(served, secret, user="cam77"),
        ItsapiCamera(served, secret, user="cam02"),
        ItsapiCamera(served, secret, user="cam09"),
        ItsapiCamera(served, secret, user='\u00e9\\"'),
    ]
    answers = [await each.post(TOLLGATE, passage()) for each in cameras]
    headers = ("", empty, "Digest", "Basic Y2FtMDE6eA==", 'Digest nc=zz, qop="auth", ' + "x" * 4000)
    answers += [
        await served.exchange("POST", TOLLGATE, data=passage(), headers={"Authorization": each})
        for each in headers
    ]
    answers.append(await served.exchange("POST", TOLLGATE, data=passage()))

    assert {status for status, _, _ in answers} == {401}
    assert len({json.dumps(content) for _, _, content in answers}) == 1
    challenges = [parse_challenges([told["WWW-Authenticate"]])[0] for _, told, _ in answers]
    assert len({each.fields.pop("nonce") for each in challenges}) == len(answers)
    assert {json.dumps(each.fields) for each in challenges} == {
        json.dumps({"realm": "gtvision-edge", "qop": "auth", "algorithm": "MD5"})
    }
    assert await kept(database) == 0


async def test_nonsense_and_what_is_too_large_are_refused_clearly(
    camera: ItsapiCamera, database: Database
) -> None:
    malformed = await camera.post(TOLLGATE, b"{" * 2000)
    large = await camera.post(TOLLGATE, b" " * (8 * 2**20 + 1))

    assert (malformed[0], malformed[2]["code"]) == (422, "malformed_push")
    assert (large[0], large[2]["code"]) == (413, "body_too_large")
    assert await kept(database) == 0


async def test_neither_password_nor_its_answer_is_logged(
    camera: ItsapiCamera, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await camera.post(TOLLGATE, passage())
    await camera.post(TOLLGATE, b"{" * 2000)

    printed = capsys.readouterr()
    assert TOLLGATE in printed.out + printed.err
    for hidden in (secret, short_password(secret), "Digest", "ABC1D23"):
        assert hidden not in printed.out + printed.err
