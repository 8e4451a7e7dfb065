"""``gtvision-edge webhook-help`` works beside a daemon, which takes over the secret that it makes."""

import asyncio
import hmac
from pathlib import Path

import pytest

from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.cameras.secrets import open_sealer
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.push_secrets import FOLLOW_EVERY_S, PushSecrets
from gtvision_edge.detections.push_wording import Language, describe_help
from gtvision_edge.settings import ApiSettings, Settings, StorageSettings
from gtvision_edge.site_commands import explain_pushes
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        api=ApiSettings(host="0.0.0.0", port=8099),
        storage=StorageSettings(state_dir=tmp_path, volume=tmp_path),
    )


async def acts(database: Database) -> list[str]:
    rows = await database.fetch_all(
        "SELECT actor, action FROM audit_log WHERE action LIKE 'camera.push%' ORDER BY seq"
    )
    return [f"{row['actor']} {row['action']}" for row in rows]


async def test_the_first_call_makes_the_secret_and_the_next_shows_it(
    settings: Settings, cameras: CameraService, database: Database
) -> None:
    first = await explain_pushes(settings, "cam01", "http://10.20.0.5:8080")
    again = await explain_pushes(settings, "cam01", "http://10.20.0.5:8080")

    assert first.secret == again.secret
    assert first.webhook_url == "http://10.20.0.5:8080/api/v1/webhooks/lpr"
    assert await acts(database) == ["cli camera.push_secret_made", "cli camera.push_secret_shown"]


async def test_the_running_daemon_knows_the_new_secret_soon(
    settings: Settings, cameras: CameraService, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    sealer = await asyncio.to_thread(open_sealer, tmp_path)
    secrets = PushSecrets(
        database,
        clock,
        seal=lambda bound, text: sealer.seal(CameraUuid(bound), text),
        unseal=lambda bound, sealed: sealer.unseal(CameraUuid(bound), sealed),
    )
    await secrets.load()
    following = asyncio.create_task(secrets.keep_up_forever())
    await clock.until_asleep(1)

    found = await explain_pushes(settings, "cam01", None)
    await clock.advance(FOLLOW_EVERY_S)
    await clock.until_asleep(1)

    camera = cameras.find_camera("cam01")
    assert camera is not None
    assert secrets.of_camera(camera.camera_uuid) == [found.secret]
    following.cancel()
    await asyncio.wait({following})


async def test_without_an_address_the_box_names_one_of_its_own(
    settings: Settings, cameras: CameraService
) -> None:
    found = await explain_pushes(settings, "cam01", None)

    assert found.itsapi.host
    assert found.itsapi.host not in ("0.0.0.0", "::")
    assert found.itsapi.port == 8099


@pytest.mark.parametrize(("language", "word"), [("pt", "Senha"), ("en", "Password")])
async def test_what_is_printed_stands_ready_to_paste(
    settings: Settings, cameras: CameraService, language: Language, word: str
) -> None:
    found = await explain_pushes(settings, "cam01", "https://edge.example")
    text = describe_help(found, language)

    assert word in text
    for whole in (found.webhook_curl, found.hikvision_xml, found.itsapi.short_password):
        assert whole in text


@pytest.mark.parametrize("language", ["pt", "en"])
async def test_the_help_says_how_to_sign_so_that_it_can_be_done(
    settings: Settings, cameras: CameraService, language: Language
) -> None:
    found = await explain_pushes(settings, "cam01", "https://edge.example")
    text = describe_help(found, language)
    shown = next(line.strip() for line in text.splitlines() if line.strip().startswith("v1\\n"))
    made = hmac.new(
        found.secret.encode(), shown.replace("\\n", "\n").encode(), "sha256"
    ).hexdigest()

    assert made in found.webhook_curl
    for named in (
        *("webhook-id", "webhook-timestamp", "webhook-signature", "stale_push", "RFC 3339"),
        *("sentido", "area_placa", "0 to 1" if language == "en" else "0 a 1"),
        "https://edge.example/api/v1/webhooks/lpr/vectors",
        "https://edge.example/api/v1/openapi.json",
    ):
        assert named in text


async def test_an_unknown_camera_is_said(settings: Settings, cameras: CameraService) -> None:
    with pytest.raises(UnknownCameraError, match=r"There are: cam01[,.]"):
        await explain_pushes(settings, "cam77", None)
