"""Secrets of senders: two during a change, sealed at rest, and an address that only the camera knows."""

import pytest

from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.cameras.secrets import PasswordSealer
from gtvision_edge.detections.push_secrets import OVERLAP_US, PushSecrets, path_token
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock


def nothing(_: Transaction) -> None:
    """Write nothing besides."""


def opened(database: Database, clock: FakeClock, key: bytes = bytes(32)) -> PushSecrets:
    sealer = PasswordSealer(key)
    return PushSecrets(
        database,
        clock,
        seal=lambda bound, text: sealer.seal(CameraUuid(bound), text),
        unseal=lambda bound, sealed: sealer.unseal(CameraUuid(bound), sealed),
    )


@pytest.fixture
def secrets(database: Database, clock: FakeClock) -> PushSecrets:
    return opened(database, clock)


async def test_a_camera_has_none_until_one_is_made(secrets: PushSecrets) -> None:
    assert secrets.of_camera("u-1") == []
    assert secrets.camera_of_path("x") is None


async def test_the_secret_before_is_good_for_a_week(secrets: PushSecrets, clock: FakeClock) -> None:
    first = await secrets.renew("u-1", note=nothing)
    await clock.advance(1)
    second = await secrets.renew("u-1", note=nothing)

    assert secrets.of_camera("u-1") == [second.text, first.text]
    assert secrets.camera_of_path(path_token(first.text)) == "u-1"
    await clock.advance(OVERLAP_US / 1e6)
    assert secrets.of_camera("u-1") == [second.text]
    assert secrets.camera_of_path(path_token(first.text)) is None
    assert secrets.camera_of_path(path_token(second.text)) == "u-1"


async def test_a_secret_that_leaked_ends_at_once(secrets: PushSecrets, clock: FakeClock) -> None:
    await secrets.renew("u-1", note=nothing)
    await clock.advance(1)
    second = await secrets.renew("u-1", note=nothing, at_once=True)

    assert secrets.of_camera("u-1") == [second.text]


async def test_a_secret_that_leaked_does_not_come_back_with_a_clock_that_is_put_back(
    secrets: PushSecrets, database: Database, clock: FakeClock
) -> None:
    leaked = await secrets.renew("u-1", note=nothing)
    await clock.advance(1)
    second = await secrets.renew("u-1", note=nothing, at_once=True)

    clock.step_wall(-3 * 3600)

    assert secrets.of_camera("u-1") == [second.text]
    assert secrets.camera_of_path(path_token(leaked.text)) is None
    assert len(await database.fetch_all("SELECT sealed FROM push_secrets")) == 1


async def test_they_outlast_a_restart_and_are_not_readable_in_the_file(
    secrets: PushSecrets, database: Database, clock: FakeClock
) -> None:
    made = await secrets.renew("u-1", note=nothing)
    again = opened(database, clock)
    await again.load()

    assert again.of_camera("u-1") == [made.text]
    rows = await database.fetch_all("SELECT sealed FROM push_secrets")
    assert made.text.encode() not in rows[0]["sealed"]


async def test_without_the_key_they_are_refused_and_made_anew_and_keep_nothing_from_starting(
    secrets: PushSecrets,
    database: Database,
    clock: FakeClock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lost = await secrets.renew("u-1", note=nothing)
    await secrets.renew("u-2", note=nothing)
    await clock.advance(1)
    again = opened(database, clock, key=b"another key, of a box set up new")

    await again.load()

    assert again.of_camera("u-1") == []
    assert again.present("u-1") is None
    assert again.camera_of_path(path_token(lost.text)) is None
    assert "".join(capfd.readouterr()).count("push_secret_lost") == 2
    made = await again.renew("u-1", note=nothing)
    assert again.of_camera("u-1") == [made.text]
    assert again.previous_until("u-1") is None
