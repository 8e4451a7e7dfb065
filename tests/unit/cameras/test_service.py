import asyncio
import io
import json
import stat
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import (
    BrokenCameraKeyError,
    CameraChangedMeanwhileError,
    CameraExistsError,
    CameraKeyLostError,
    CameraUnauthorizedError,
    UnknownCameraError,
)
from gtvision_edge.cameras.model import (
    CameraAdded,
    CameraChange,
    CameraChanged,
    CameraRemoved,
    CameraUuid,
    NewCamera,
    Place,
)
from gtvision_edge.cameras.secrets import KEY_NAME, PasswordSealer, open_sealer
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import MAIN, SUB, FixedProber, at, make_service, person

SECRET = "s3nh@-Secreta"
ADMIN = person()


def new(name: str = "Portaria", **fields: object) -> NewCamera:
    known: dict[str, object] = {"name": name, "address": at(password=SecretStr(SECRET))}
    return NewCamera(**{**known, **fields})  # type: ignore[arg-type] # fields as tests name them


def paths(error: InvalidInputError) -> list[str]:
    faults = error.details["faults"]
    assert isinstance(faults, list)
    return [fault["path"] for fault in faults]


async def test_a_camera_is_probed_stored_audited_and_told(
    service: CameraService, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    with bus.listen(CameraAdded) as news:
        camera = await service.add(ADMIN, new("Portão 1 — Praça"))
        event = await anext(aiter(news))

    assert camera.camera_id == "portao-1-praca"
    assert (camera.main_profile, camera.sub_profile) == (MAIN, SUB)
    assert camera.warnings == ({"code": "smart_codec"},)
    assert event == CameraAdded(camera.camera_id, camera.camera_uuid)
    assert service.stream_url(camera.camera_id, "main") == (
        "rtsp://admin:s3nh%40-Secreta@10.0.0.9:554/cam/realmonitor?channel=1&subtype=0"
    )
    page = await AuditLog(clock).page(database)
    assert [entry.action for entry in page.entries] == ["camera.created"]
    assert page.entries[0].subject == "camera:portao-1-praca"


async def test_a_restart_finds_the_same_cameras(
    service: CameraService, database: Database, clock: FakeClock, bus: EventBus, prober: FixedProber
) -> None:
    place = Place(-23.5, -46.6, 90.0, "Portaria 1")
    camera = await service.add(ADMIN, new(place=place))

    again = make_service(database, clock, bus, prober)
    await again.load()

    assert again.all_cameras() == [camera]
    assert again.stream_url("portaria", "sub") == service.stream_url("portaria", "sub")


async def test_the_password_is_nowhere_but_in_the_stream_url(
    service: CameraService, database: Database, tmp_path: Path, prober: FixedProber
) -> None:
    out = io.StringIO()
    with redirect_stderr(out), redirect_stdout(out):
        camera = await service.add(ADMIN, new())
        prober.failure = CameraUnauthorizedError("The camera refused user and password.")
        change = CameraChange(host="10.0.0.10")
        with pytest.raises(CameraUnauthorizedError) as refusal:
            await service.update(ADMIN, camera.camera_id, change)

    texts = [repr(camera), repr(new()), repr(change), repr(service), repr(prober.asked)]
    texts += [out.getvalue(), str(refusal.value), repr(refusal.value.details)]
    assert not [text for text in texts if "Secreta" in text]
    files = await asyncio.to_thread(
        lambda: b"".join(path.read_bytes() for path in tmp_path.iterdir())
    )
    assert b"Portaria" in files
    assert b"Secreta" not in files
    assert service.shown_url(camera.camera_id, "main") == (
        "rtsp://10.0.0.9:554/cam/realmonitor?channel=1&subtype=0"
    )


async def test_a_failed_probe_stores_nothing(
    service: CameraService, database: Database, prober: FixedProber
) -> None:
    prober.failure = CameraUnauthorizedError("The camera refused user and password.")

    with pytest.raises(CameraUnauthorizedError):
        await service.add(ADMIN, new())

    assert service.all_cameras() == []
    assert await database.fetch_all("SELECT 1 FROM cameras") == []


async def test_a_skipped_probe_is_possible_and_promises_no_sub_stream(
    service: CameraService, prober: FixedProber
) -> None:
    camera = await service.add(ADMIN, new(skip_probe=True))

    assert prober.asked == []
    assert camera.main_profile is None
    assert service.stream_url(camera.camera_id, "main") is not None
    assert service.stream_url(camera.camera_id, "sub") is None


async def test_ids_are_made_unique_and_given_ones_conflict(service: CameraService) -> None:
    first = await service.add(ADMIN, new("Câmera"))
    second = await service.add(ADMIN, new("Câmera"))
    third = await service.add(ADMIN, new("摄像头"))

    assert [first.camera_id, second.camera_id, third.camera_id] == ["camera", "camera-2", "cam"]
    with pytest.raises(CameraExistsError):
        await service.add(ADMIN, new(camera_id="camera-2"))


async def test_an_old_name_gets_a_new_identity(service: CameraService) -> None:
    first = await service.add(ADMIN, new(camera_id="cam01"))
    await service.remove(ADMIN, "cam01")
    second = await service.add(ADMIN, new(camera_id="cam01"))

    assert second.camera_id == first.camera_id
    assert second.camera_uuid != first.camera_uuid


async def test_two_at_once_cannot_take_one_id(service: CameraService, prober: FixedProber) -> None:
    prober.gate = asyncio.Event()
    adding = [asyncio.create_task(service.add(ADMIN, new(camera_id="a"))) for _ in range(2)]
    await asyncio.sleep(0)
    prober.gate.set()

    outcomes = await asyncio.gather(*adding, return_exceptions=True)

    assert sum(isinstance(outcome, CameraExistsError) for outcome in outcomes) == 1
    assert len(service.all_cameras()) == 1


async def test_tenants_are_strangers(service: CameraService) -> None:
    north, south = person("north"), person("south")
    camera = await service.add(north, new())
    assert camera.tenant_id == "north"

    with pytest.raises(UnknownCameraError):
        await service.get_camera(south, camera.camera_id)
    with pytest.raises(UnknownCameraError):
        await service.update(south, camera.camera_id, CameraChange(name="x"))
    with pytest.raises(UnknownCameraError):
        await service.remove(south, camera.camera_id)
    assert (await service.list_cameras(south)).items == []
    with pytest.raises(InvalidInputError) as refusal:
        await service.add(south, new(tenant_id="north"))
    assert paths(refusal.value) == ["tenant_id"]
    with pytest.raises(InvalidInputError):
        await service.update(north, camera.camera_id, CameraChange(tenant_id="south"))


async def test_for_another_tenant_it_is_another_camera(
    service: CameraService,
    database: Database,
    clock: FakeClock,
    bus: EventBus,
    prober: FixedProber,
) -> None:
    before = await service.add(ADMIN, new(tenant_id="north"))
    url = service.stream_url(before.camera_id, "main")

    with bus.listen(CameraAdded, CameraChanged, CameraRemoved) as news:
        after = await service.update(
            ADMIN, before.camera_id, CameraChange(tenant_id="south", name="Sul")
        )
        heard = aiter(news)
        told = [await anext(heard), await anext(heard)]

    assert (after.camera_id, after.tenant_id, after.name) == (before.camera_id, "south", "Sul")
    assert after.camera_uuid != before.camera_uuid
    assert told == [
        CameraRemoved(before.camera_id, before.camera_uuid),
        CameraAdded(after.camera_id, after.camera_uuid),
    ]
    rows = await database.fetch_all(
        "SELECT action, tenant_id, details FROM audit_log WHERE seq > (SELECT min(seq) FROM audit_log"
        " WHERE action = 'camera.created') ORDER BY seq"
    )
    assert [(row["action"], row["tenant_id"]) for row in rows] == [
        ("camera.removed", "north"),
        ("camera.created", "south"),
    ]
    assert "south" not in rows[0]["details"]
    again = make_service(database, clock, bus, prober)
    await again.load()
    assert again.all_cameras() == service.all_cameras() == [after]
    assert again.stream_url(before.camera_id, "main") == url


async def test_a_limited_person_sees_only_those_cameras(service: CameraService) -> None:
    await service.add(ADMIN, new(camera_id="a"))
    await service.add(ADMIN, new(camera_id="b"))
    limited = person("default", frozenset({"b"}))

    assert [c.camera_id for c in (await service.list_cameras(limited)).items] == ["b"]
    with pytest.raises(UnknownCameraError):
        await service.get_camera(limited, "a")


async def test_lists_are_paged(service: CameraService) -> None:
    for number in range(5):
        await service.add(ADMIN, new(camera_id=f"c{number}"))

    first = await service.list_cameras(ADMIN, limit=2)
    second = await service.list_cameras(ADMIN, limit=2, after=first.next)
    third = await service.list_cameras(ADMIN, limit=2, after=second.next)

    found = [camera.camera_id for page in (first, second, third) for camera in page.items]
    assert found == ["c0", "c1", "c2", "c3", "c4"]
    assert third.next is None


async def test_every_fault_is_listed_at_once(service: CameraService) -> None:
    wrong = new(
        "a\x07",
        camera_id="Ünï",
        tenant_id="west",
        place=Place(91.0, None, 400.0, "x\n"),
        address=at("no host", rtsp_port=0),
    )

    with pytest.raises(InvalidInputError) as refusal:
        await service.add(person("north"), wrong)

    assert paths(refusal.value) == [
        "name",
        "place.latitude",
        "place.bearing",
        "place",
        "place.label",
        "tenant_id",
        "camera_id",
        "host",
    ]


async def test_a_tenant_that_does_not_exist_is_refused(service: CameraService) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await service.add(ADMIN, new(tenant_id="nowhere"))

    assert paths(refusal.value) == ["tenant_id"]
    assert service.all_cameras() == []


@pytest.mark.parametrize(
    ("change", "probed"),
    [
        (CameraChange(name="Outra", place=Place(label="Rua")), False),
        (CameraChange(record=False, enabled=False), False),
        (CameraChange(host="10.0.0.9", rtsp_port=554), False),
        (CameraChange(rtsp_port=8554), True),
        (CameraChange(password=SecretStr("other")), True),
        (CameraChange(password=SecretStr("other"), skip_probe=True), False),
    ],
)
async def test_a_new_address_is_probed_and_nothing_else(
    service: CameraService, prober: FixedProber, bus: EventBus, change: CameraChange, probed: bool
) -> None:
    camera = await service.add(ADMIN, new())
    prober.asked.clear()

    with bus.listen(CameraChanged) as news:
        changed = await service.update(ADMIN, camera.camera_id, change)
        await anext(aiter(news))

    assert bool(prober.asked) == probed
    assert changed.camera_uuid == camera.camera_uuid
    assert service.find_camera(camera.camera_id) == changed


async def test_a_failed_change_changes_nothing(service: CameraService, prober: FixedProber) -> None:
    camera = await service.add(ADMIN, new())
    url = service.stream_url(camera.camera_id, "main")
    prober.failure = CameraUnauthorizedError("The camera refused user and password.")

    with pytest.raises(CameraUnauthorizedError):
        await service.update(ADMIN, camera.camera_id, CameraChange(password=SecretStr("wrong")))
    with pytest.raises(InvalidInputError):
        await service.update(ADMIN, camera.camera_id, CameraChange(name=""))

    assert service.find_camera(camera.camera_id) == camera
    assert service.stream_url(camera.camera_id, "main") == url


async def test_the_second_of_two_changes_at_once_is_told(
    service: CameraService, prober: FixedProber
) -> None:
    camera = await service.add(ADMIN, new())
    prober.gate = asyncio.Event()
    slow = asyncio.create_task(
        service.update(ADMIN, camera.camera_id, CameraChange(host="10.0.0.10"))
    )
    await asyncio.sleep(0)
    quick = await service.update(ADMIN, camera.camera_id, CameraChange(name="Quick"))
    prober.gate.set()

    with pytest.raises(CameraChangedMeanwhileError):
        await slow
    assert service.find_camera(camera.camera_id) == quick


async def test_a_caller_that_goes_away_leaves_disk_and_memory_alike(
    service: CameraService, database: Database
) -> None:
    adding = asyncio.create_task(service.add(ADMIN, new()))
    for _ in range(3):
        await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    await asyncio.wait(service._committing)

    rows = await database.fetch_all("SELECT camera_id FROM cameras")
    assert [row["camera_id"] for row in rows] == ["portaria"]
    assert [camera.camera_id for camera in service.all_cameras()] == ["portaria"]


async def test_typed_addresses_keep_their_password_apart(
    service: CameraService, database: Database
) -> None:
    address = at(
        "",
        vendor="generic_rtsp",
        username="",
        main_url="rtsp://root:p%40ss@10.0.0.7:8554/a?x=1",
        sub_url="rtsp://root:p%40ss@10.0.0.7:8554/b",
    )
    camera = await service.add(ADMIN, new(address=address))

    assert (camera.host, camera.rtsp_port, camera.username) == ("10.0.0.7", 8554, "root")
    assert camera.main_url == "rtsp://10.0.0.7:8554/a?x=1"
    assert service.stream_url(camera.camera_id, "sub") == "rtsp://root:p%40ss@10.0.0.7:8554/b"
    moved = await service.update(
        ADMIN, camera.camera_id, CameraChange(main_url="rtsp://10.0.0.8/a", sub_url=None)
    )
    assert moved.host == "10.0.0.8"
    assert service.stream_url(camera.camera_id, "main") == "rtsp://root:p%40ss@10.0.0.8:554/a"
    assert service.stream_url(camera.camera_id, "sub") is None
    with pytest.raises(InvalidInputError):
        await service.update(ADMIN, camera.camera_id, CameraChange(host="10.0.0.9"))


async def test_a_form_that_sends_back_what_it_was_shown_changes_nothing(
    service: CameraService, prober: FixedProber
) -> None:
    xm = at(vendor="xiongmai", password=SecretStr(SECRET))
    typed = at(
        "", vendor="generic_rtsp", main_url="rtsp://10.0.0.7/user=admin&password=s3cr3t&channel=1"
    )
    for address in (xm, typed):
        camera = await service.add(ADMIN, new(address=address))
        url = service.stream_url(camera.camera_id, "main")
        prober.asked.clear()

        await service.update(
            ADMIN,
            camera.camera_id,
            CameraChange(
                name="Renamed",
                host=camera.host,
                main_url=service.shown_url(camera.camera_id, "main"),
                sub_url=service.shown_url(camera.camera_id, "sub"),
            ),
        )

        assert prober.asked == []
        assert service.stream_url(camera.camera_id, "main") == url


async def test_the_log_names_what_was_changed_but_no_secret(
    service: CameraService, database: Database, clock: FakeClock
) -> None:
    camera = await service.add(ADMIN, new())
    change = CameraChange(name="Nova", password=SecretStr("outra-senha"))
    await service.update(ADMIN, camera.camera_id, change, client_address="10.1.1.1")
    await service.remove(ADMIN, camera.camera_id)

    entries = (await AuditLog(clock).page(database)).entries
    assert [entry.action for entry in entries] == [
        "camera.removed",
        "camera.changed",
        "camera.created",
    ]
    assert entries[1].address == "10.1.1.1"
    assert json.loads(entries[1].details) == {
        "camera_uuid": camera.camera_uuid,
        "name": "Nova",
        "credentials": "changed",
    }


async def test_a_removed_camera_is_gone(service: CameraService, bus: EventBus) -> None:
    camera = await service.add(ADMIN, new())

    with bus.listen(CameraRemoved) as news:
        await service.remove(ADMIN, camera.camera_id)
        await anext(aiter(news))

    assert service.find_camera(camera.camera_id) is None
    assert service.stream_url(camera.camera_id, "main") is None
    with pytest.raises(UnknownCameraError):
        await service.remove(ADMIN, camera.camera_id)


async def test_with_a_lost_key_the_password_is_asked_again(
    service: CameraService, database: Database, clock: FakeClock, bus: EventBus, prober: FixedProber
) -> None:
    camera = await service.add(ADMIN, new())
    other = make_service(database, clock, bus, prober, key=b"x" * 32)
    await other.load()

    assert other.has_lost_key(camera.camera_id)
    assert other.find_camera(camera.camera_id) == camera
    assert other.stream_url(camera.camera_id, "main") is None
    with pytest.raises(CameraKeyLostError):
        await other.update(ADMIN, camera.camera_id, CameraChange(host="10.0.0.10"))
    renamed = await other.update(ADMIN, camera.camera_id, CameraChange(name="Nova"))
    assert renamed.name == "Nova"
    await other.update(ADMIN, camera.camera_id, CameraChange(password=SecretStr("new")))
    assert other.stream_url(camera.camera_id, "main") is not None
    assert not other.has_lost_key(camera.camera_id)


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    uuid = CameraUuid("u")
    sealed = open_sealer(tmp_path).seal(uuid, SECRET)

    assert open_sealer(tmp_path).unseal(uuid, sealed) == SECRET
    assert stat.S_IMODE((tmp_path / KEY_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_bytes(b"short")

    with pytest.raises(BrokenCameraKeyError, match="restore it"):
        open_sealer(tmp_path)


@given(st.text(), st.integers(0, 1000))
def test_sealed_passwords_open_for_their_camera_alone(password: str, position: int) -> None:
    sealer = PasswordSealer(bytes(32))
    text = password.encode("utf-8", "ignore").decode()
    sealed = sealer.seal(CameraUuid("a"), text)

    assert sealer.unseal(CameraUuid("a"), sealed) == text
    damaged = bytearray(sealed)
    damaged[position % len(sealed)] ^= 1
    for uuid, data in (("b", sealed), ("a", bytes(damaged)), ("a", b"")):
        with pytest.raises(CameraKeyLostError):
            sealer.unseal(CameraUuid(uuid), data)
    assert sealer.seal(CameraUuid("a"), text) != sealed


def test_requests_do_not_show_their_password() -> None:
    request = replace(at(), password=SecretStr(SECRET), main_url=f"rtsp://a:{SECRET}@h/")

    assert SECRET not in repr(request)
