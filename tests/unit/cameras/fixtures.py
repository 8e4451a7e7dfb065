"""People, a prober that answers at once, and a service on a real database."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gtvision_edge.accounts.model import Principal, Role, TenantId, UserId
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.model import Device, ProbeReport, ProbeRequest, Profile
from gtvision_edge.cameras.onvif.device import DeviceAnswer
from gtvision_edge.cameras.onvif.discovery import FoundDevice
from gtvision_edge.cameras.secrets import PasswordSealer
from gtvision_edge.cameras.service import AddressRule, CameraService
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction

MAIN = Profile("h264", 1920, 1080, 25.0, 2.0, audio_codec="aac", bitrate_bps=4_000_000)
SUB = Profile("h264", 640, 360, 12.0, 2.0)
FOUND = ProbeReport(MAIN, SUB, ({"code": "smart_codec"},), b"jpeg", 0.5, 1.0)

TOLD = DeviceAnswer(
    Device("Boa Câmera", "BC-1", "1.0", "123"),
    "rtsp://10.0.0.9:554/main?profile=1",
    "rtsp://10.0.0.9:554/sub",
    -7200.0,
)


def person(tenant_id: str | None = None, camera_ids: frozenset[str] | None = None) -> Principal:
    return Principal(
        user_id=UserId("u1"),
        username="ana",
        name="Ana",
        role=Role.ADMIN,
        tenant_id=TenantId(tenant_id) if tenant_id else None,
        camera_ids=camera_ids,
        locale="pt-BR",
        token_version=1,
    )


@dataclass
class FixedProber:
    """Finds the same camera everywhere, or fails as told; *gate* holds it up."""

    failure: Exception | None = None
    report: ProbeReport = FOUND
    asked: list[Address] = field(default_factory=list)
    clock_offsets: list[float | None] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def probe(self, address: Address, *, clock_offset_s: float | None = None) -> ProbeReport:
        self.asked.append(address)
        self.clock_offsets.append(clock_offset_s)
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure
        return self.report


@dataclass
class FixedDevices:
    """An ONVIF device that always says the same, or fails as told."""

    answer: DeviceAnswer = TOLD
    failure: Exception | None = None
    asked: list[Address] = field(default_factory=list)

    async def ask(self, address: Address) -> DeviceAnswer:
        self.asked.append(address)
        if self.failure:
            raise self.failure
        return self.answer


@dataclass
class FixedFinder:
    """Finds the same devices at once; *gate* holds it up."""

    found: list[FoundDevice] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None

    async def find_nearby(self, *, timeout_s: float) -> list[FoundDevice]:
        return await self.find_at((), timeout_s=timeout_s)

    async def find_at(self, addresses: Sequence[str], *, timeout_s: float) -> list[FoundDevice]:
        self.asked.append(tuple(addresses))
        self.started.set()
        if self.gate:
            await self.gate.wait()
        return self.found


async def anywhere(_: Address) -> None:
    """Let a camera be anywhere."""


def make_service(
    database: Database,
    clock: Clock,
    bus: EventBus,
    prober: FixedProber,
    *,
    devices: FixedDevices | None = None,
    key: bytes = bytes(32),
    address_rule: AddressRule = anywhere,
) -> CameraService:
    return CameraService(
        database,
        audit=AuditLog(clock),
        bus=bus,
        clock=clock,
        prober=prober,
        devices=devices or FixedDevices(),
        sealer=PasswordSealer(key),
        address_rule=address_rule,
    )


async def add_tenants(database: Database, *tenant_ids: str) -> None:
    def work(transaction: Transaction) -> None:
        transaction.executemany(
            "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, ?, 0)",
            [(tenant_id, tenant_id) for tenant_id in tenant_ids],
        )

    await database.write(work)


def at(host: str = "10.0.0.9", **fields: object) -> ProbeRequest:
    known: dict[str, object] = {"vendor": "intelbras", "host": host, "username": "admin"}
    return ProbeRequest(**{**known, **fields})  # type: ignore[arg-type] # fields as tests name them
