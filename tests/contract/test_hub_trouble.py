"""A broker that is out of memory, hangs, wants certificates or is wrong about a password; and who listens at it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import broker as broker_module
from gtvision_edge.uplink.errors import HubRefusedError
from gtvision_edge.uplink.inspection import inspect_line, schemas_folder
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.listening import Heard, listen
from tests.contract.test_hub import Box, boxed, in_order, until
from tests.fakes.certificates import tls_files
from tests.ports import free_ports
from tests.rabbitmq import QUEUE, Hub, Line, running_rabbitmq

pytestmark = [pytest.mark.rabbitmq, pytest.mark.xdist_group("rabbitmq"), pytest.mark.timeout(240)]
PASSWORD = "a-very-secret-word"
SCHEMAS = schemas_folder()


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    """The hub with its exchange and queue."""
    await hub.declare()
    return hub


@pytest.fixture
async def box(database: Database, hub: Hub) -> AsyncIterator[Box]:
    async with boxed(database, hub) as made:
        yield made


async def test_a_broker_out_of_memory_blocks_is_waited_for_and_gets_everything(
    own_hub: Hub, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "CONFIRM_PATIENCE_S", 2)
    await own_hub.declare()
    async with boxed(database, own_hub) as box:
        box.start()
        await box.add(5)
        await until(lambda: box.link.standing.state is LinkState.UP, 30)
        await own_hub.broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
        await box.add(40)

        await until(lambda: box.link.standing.state is LinkState.BLOCKED, 60)
        await box.watch.look()
        assert [each.code for each in box.watch.findings()] == ["hub_blocked"]
        blocked_since = box.link.standing.since_us
        # Longer than a confirm is waited for: a broker that says why is no broken line.
        await asyncio.sleep(5)
        assert (box.link.standing.state, box.link.standing.since_us) == (
            LinkState.BLOCKED,
            blocked_since,
        )
        assert await box.waiting() > 0

        assert box.link._blocked._value.get() == 1
        own_hub.line.cut()
        await until(lambda: box.link.standing.state is LinkState.UNREACHABLE, 30)
        assert box.link._blocked._value.get() == 0
        own_hub.line.mend()

        await own_hub.broker.control("set_vm_memory_high_watermark", "absolute", "512MB")
        await until(lambda: box.link.standing.state is LinkState.UP, 60)
        await own_hub.listen()
        await until(lambda: len(own_hub.ids()) == 45, 60)
        assert in_order(box, own_hub)
        assert box.link.standing.state is LinkState.UP


async def test_a_broker_that_hangs_while_nothing_is_sent_is_noticed_by_its_heartbeat(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "HEARTBEAT_S", 1)
    box.start()
    await until(lambda: box.link.standing.state is LinkState.UP, 30)

    hub.broker.freeze()
    await until(lambda: box.link.standing.state is LinkState.UNREACHABLE, 60)
    hub.broker.thaw()

    await until(lambda: box.link.standing.state is LinkState.UP, 60)


async def test_the_password_comes_from_a_file_and_is_in_no_log(
    hub: Hub,
    database: Database,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.REFUSED_DELAY_S", 1)
    await hub.broker.control("add_user", "box", PASSWORD)
    await hub.broker.control("set_permissions", "box", ".*", ".*", ".*")
    path = tmp_path / "password"
    path.write_text("not-the-secret-word\n")
    url = f"amqp://box@127.0.0.1:{hub.line.port}/"
    box = Box(database, UplinkSettings(url=SecretStr(url), password_file=path))
    box.start()
    try:
        await until(lambda: box.link.standing.state is LinkState.REFUSED, 30)
        path.write_text(f"{PASSWORD}\n")  # read again at the next try
        await until(lambda: box.link.standing.state is LinkState.UP, 60)
        hub.line.cut()
        await until(lambda: box.link.standing.state is not LinkState.UP, 30)
    finally:
        await box.stop()

    said = "".join(capfd.readouterr())
    assert "uplink_state" in said
    assert "secret-word" not in said


@pytest.mark.parametrize("name", ["password_file", "certificate_file"])
async def test_a_file_that_is_not_there_is_a_refusal_with_its_reason(
    database: Database, tmp_path: Path, name: str
) -> None:
    settings = UplinkSettings.model_validate(
        {"url": SecretStr("amqps://box@127.0.0.1:9/"), name: tmp_path / "none"}
    )

    report = await inspect_line(settings, database, site="s")

    wanted = {"password_file": "password_file", "certificate_file": "certificate_files"}[name]
    assert (report.hub, report.reason) == ("hub_refused", wanted)


async def test_tls_both_sides_show_certificates_and_a_stranger_is_refused(
    database: Database, tmp_path: Path
) -> None:
    tls_files(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    tls_files(other)
    folder = tmp_path / "broker"
    tls = (
        "listeners.ssl.1 = 127.0.0.1:{port}\n"
        f"ssl_options.cacertfile = {tmp_path}/ca.pem\nssl_options.certfile = {tmp_path}/server.pem\n"
        f"ssl_options.keyfile = {tmp_path}/server.key\n"
        "ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n"
    )
    (port,) = free_ports(1)
    async with running_rabbitmq(folder, settings=tls.replace("{port}", str(port))) as broker:
        hub = Hub(broker, Line(broker.port))
        await hub.declare()

        async def tried(**files: Path) -> tuple[str, str]:
            settings = UplinkSettings.model_validate(
                {"url": SecretStr(f"amqps://guest:guest@127.0.0.1:{port}/")} | files
            )
            report = await inspect_line(settings, database, site="s")
            return report.hub, report.reason

        own = {"certificate_file": tmp_path / "box.pem", "key_file": tmp_path / "box.key"}
        assert await tried(ca_file=tmp_path / "ca.pem", **own) == ("up", "")
        assert await tried(ca_file=other / "ca.pem", **own) == ("hub_refused", "certificate")
        assert (await tried(ca_file=tmp_path / "ca.pem"))[0] != "up"


async def test_who_listens_is_shown_everything_and_takes_nothing_from_the_hub(
    hub: Hub, box: Box
) -> None:
    heard: list[Heard] = []
    ready = asyncio.Event()
    settings = UplinkSettings(url=SecretStr(hub.broker.url()))
    listening = asyncio.create_task(
        listen(
            settings,
            SCHEMAS,
            heard.append,
            key="deteccoes.#",
            count=300,
            ready=ready.set,
        )
    )
    async with asyncio.timeout(30):
        await ready.wait()
    box.start()
    await box.add(300)

    async with asyncio.timeout(60):
        tally = await listening
    await box.emptied()

    assert (tally.events, tally.disordered, tally.doubles, tally.late) == (300, 0, 0, 0)
    assert tally.faulty == 300  # this box's messages hold a number and a lane
    assert heard[0].faults[0] == "$"
    assert {each.event["id"] for each in heard} == box.all_sent()
    found = await hub.channel.queue_declare(QUEUE, passive=True)
    assert found.message_count == 300


async def test_who_looks_is_told_which_exchange_is_missing_and_what_to_do(
    hub: Hub, database: Database
) -> None:
    settings = UplinkSettings(url=SecretStr(hub.broker.url()), exchange="no.such.one")

    report = await inspect_line(settings, database, site="s")

    assert (report.hub, report.reason) == ("hub_refused", "exchange")
    assert '"no.such.one"' in report.detail
    assert "declare_topology = true" in report.detail
    with pytest.raises(HubRefusedError, match="declare_topology = true"):
        await listen(settings, SCHEMAS, lambda _: None, count=1)
    stranger = hub.broker.url().replace("guest:guest", "guest:wrong")
    settings = UplinkSettings(url=SecretStr(stranger))
    report = await inspect_line(settings, database, site="s")
    assert (report.hub, report.reason) == ("hub_refused", "login")
    assert "password" in report.detail


async def test_a_status_beside_the_daemon_tells_what_waits_and_the_depth_of_queues(
    hub: Hub, box: Box, database: Database
) -> None:
    await box.add(7)
    settings = UplinkSettings(url=SecretStr(hub.broker.url()), watch_queues=(QUEUE, "none"))

    report = await inspect_line(settings, database, site="s")

    assert (report.hub, report.backlog.waiting) == ("up", 7)
    assert report.depths == {QUEUE: 0, "none": None}
