"""The rules about cameras; what everyone else calls."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog
from pydantic import SecretStr

from gtvision_edge.accounts.model import DEFAULT_TENANT, Principal
from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.cameras import repository
from gtvision_edge.cameras.address import Address, stored_address
from gtvision_edge.cameras.checks import (
    check_tenant_exists,
    checked_address,
    checked_name,
    checked_place,
    fault,
    require_may_add,
    unasked,
)
from gtvision_edge.cameras.columns import address_columns, changed_facts, facts, probe_columns
from gtvision_edge.cameras.editing import changed_request, concerns_address
from gtvision_edge.cameras.errors import (
    CameraChangedMeanwhileError,
    CameraExistsError,
    CameraKeyLostError,
    UnknownCameraError,
)
from gtvision_edge.cameras.model import (
    Camera,
    CameraAdded,
    CameraChange,
    CameraChanged,
    CameraId,
    CameraPage,
    CameraRemoved,
    CameraUuid,
    NewCamera,
    ProbeReport,
    ProbeRequest,
    Unset,
)
from gtvision_edge.cameras.onvif.device import DeviceAnswer
from gtvision_edge.cameras.secrets import PasswordSealer, open_sealer
from gtvision_edge.cameras.urls import (
    ProfileName,
    mask_url,
    split_typed_url,
)
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_PAGE: Final = 500
_CAMERA_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


AddressRule = Callable[[Address], Awaitable[None]]
"""Returns where a camera may have that address; raises InvalidInputError where not."""


async def _anywhere(_: Address) -> None:
    """Let a camera be anywhere."""


class Prober(Protocol):
    """Looks at a camera for a few seconds (see :mod:`gtvision_edge.cameras.probe`)."""

    async def probe(
        self, address: Address, *, clock_offset_s: float | None = None
    ) -> ProbeReport: ...


class Devices(Protocol):
    """Asks ONVIF devices for their streams (see :mod:`gtvision_edge.cameras.onvif.device`)."""

    async def ask(self, address: Address) -> DeviceAnswer: ...


@dataclass(frozen=True, slots=True)
class _Known:
    camera: Camera
    sealed: bytes
    password: SecretStr | None
    """None = the key that sealed it is lost."""
    urls: dict[ProfileName, str | None] = field(default_factory=dict, repr=False)
    """With credentials, as far as they were asked for: the media server's paths are compared every two seconds."""


def _nothing(transaction: Transaction, camera: Camera) -> None:
    """Do nothing along."""


class CameraService:
    """The site's cameras. What was asked is on disk when a method returns; readers without ``async`` read memory.

    Every change is audited in its own transaction, then told on the bus.
    """

    def __init__(
        self,
        database: Database,
        *,
        audit: AuditLog,
        bus: EventBus,
        clock: Clock,
        prober: Prober,
        devices: Devices,
        sealer: PasswordSealer,
        address_rule: AddressRule = _anywhere,
    ) -> None:
        self._database = database
        self._audit = audit
        self._bus = bus
        self._clock = clock
        self._prober = prober
        self._devices = devices
        self._sealer = sealer
        self._address_rule = address_rule
        self._known: dict[CameraId, _Known] = {}
        self._one_change = asyncio.Lock()
        self._committing: set[asyncio.Task[Any]] = set()

    # Readers of memory; call on the loop's thread.

    def all_cameras(self) -> Sequence[Camera]:
        """Return every camera of the site, in the order of their ids."""
        return [known.camera for _, known in sorted(self._known.items())]

    def find_camera(self, camera_id: str) -> Camera | None:
        known = self._known.get(CameraId(camera_id))
        return known.camera if known else None

    def find_by_uuid(self, camera_uuid: str) -> Camera | None:
        return next(
            (
                each.camera
                for each in self._known.values()
                if each.camera.camera_uuid == camera_uuid
            ),
            None,
        )

    def seal(self, bound_to: str, secret: str) -> bytes:
        """Seal a secret that belongs to a camera with the cameras' key; it opens for the same *bound_to* alone."""
        return self._sealer.seal(CameraUuid(bound_to), secret)

    def unseal(self, bound_to: str, sealed: bytes) -> str:
        """Return what was sealed.

        Raises:
            CameraKeyLostError: the key is another one, or it was tampered with.

        """
        return self._sealer.unseal(CameraUuid(bound_to), sealed)

    def login_of(self, camera_id: str) -> tuple[str, SecretStr] | None:
        """Return a camera's user and password, for who asks the camera itself; None: no such camera, or it cannot be opened."""
        known = self._known.get(CameraId(camera_id))
        if known is None or known.password is None:
            return None
        return known.camera.username, known.password

    def stream_url(self, camera_id: str, profile: ProfileName) -> str | None:
        """Return the URL of a stream **with credentials**, for the media server and the monitor alone.

        None: no such camera, no such stream (a sub stream counts only when a probe saw it), or its password
        cannot be opened (:meth:`has_lost_key`).
        """
        known = self._known.get(CameraId(camera_id))
        if known is None or known.password is None:
            return None
        if profile == "sub" and known.camera.sub_profile is None:
            return None
        if profile not in known.urls:
            known.urls[profile] = stored_address(known.camera, known.password).url(profile)
        return known.urls[profile]

    def shown_url(self, camera_id: str, profile: ProfileName) -> str | None:
        """Return the URL of a stream for people's eyes, without credentials; None as for :meth:`stream_url`."""
        url = self.stream_url(camera_id, profile)
        return mask_url(url) if url else None

    def has_lost_key(self, camera_id: str) -> bool:
        """Tell whether the camera's password must be entered again, or the old key file put back."""
        known = self._known.get(CameraId(camera_id))
        return known is not None and known.password is None

    # What people ask for.

    async def list_cameras(
        self, principal: Principal, *, after: str | None = None, limit: int = 100
    ) -> CameraPage:
        """Return the cameras that *principal* may see, from the one after *after* on, at most *limit* (1–500)."""
        limit = min(max(limit, 1), MAX_PAGE)
        seen = [
            camera
            for camera in self.all_cameras()
            if principal.may_see_camera(camera.camera_id, camera.tenant_id)
            and (after is None or camera.camera_id > after)
        ]
        return CameraPage(seen[:limit], seen[limit - 1].camera_id if len(seen) > limit else None)

    async def get_camera(self, principal: Principal, camera_id: str) -> Camera:
        """Return a camera.

        Raises:
            UnknownCameraError: there is none for this person, who need not know whether others have it.

        """
        return self._get(principal, camera_id).camera

    async def probe(self, request: ProbeRequest) -> ProbeReport:
        """Look at the camera under an address; nothing is stored.

        Raises:
            InvalidInputError: the address cannot be right.
            CameraError: one subclass for each way to fail, within the time of a probe.
            ProbeBusyError: too many probes are under way.

        """
        return (await self._look(checked_address(request, [])))[1]

    async def add(
        self, principal: Principal, request: NewCamera, *, client_address: str = ""
    ) -> Camera:
        """Probe a camera (unless ``skip_probe``) and store it; a failed probe stores nothing.

        Raises:
            NotPermittedError: *principal* is limited to some cameras.
            InvalidInputError: ``faults`` lists what is wrong.
            CameraExistsError: the id is taken.
            CameraError: the probe failed.

        """
        require_may_add(principal)
        faults: list[dict[str, str]] = []
        name = checked_name(request.name, faults)
        place = checked_place(request.place, faults)
        tenant_id = self._checked_tenant(principal, request.tenant_id, faults)
        if request.camera_id is not None and not _CAMERA_ID.fullmatch(request.camera_id):
            faults.append(
                fault("camera_id", "1 to 32 of a-z, 0-9, '-' and '_', not starting with a sign")
            )
        address = checked_address(request.address, faults)
        if request.camera_id is not None:
            self._check_free(request.camera_id)
        report = None
        if not request.skip_probe:
            address, report = await self._look(address)
        elif address.must_be_asked:
            raise unasked()
        else:
            await self._address_rule(address)

        async def commit() -> Camera:
            async with self._one_change:
                now = self._clock.now_us()
                camera_id = request.camera_id or self._free_id(name)
                self._check_free(camera_id)
                uuid = CameraUuid(new_uuid7(self._clock))
                camera = Camera(
                    camera_id=CameraId(camera_id),
                    camera_uuid=uuid,
                    name=name,
                    tenant_id=tenant_id,
                    **address_columns(address),
                    record=request.record,
                    enabled=request.enabled,
                    place=place,
                    **probe_columns(report, now_us=now),
                    created_us=now,
                    updated_us=now,
                )
                sealed = self._sealer.seal(uuid, address.password.get_secret_value())
                actor = principal.actor(client_address)

                def work(transaction: Transaction) -> None:
                    check_tenant_exists(transaction, tenant_id)
                    repository.insert_camera(transaction, camera, sealed)
                    self._audited(transaction, actor, "camera.created", camera, facts(camera))

                await self._database.write(work)
                self._known[camera.camera_id] = _Known(camera, sealed, address.password)
                self._bus.publish(CameraAdded(camera.camera_id, uuid))
                return camera

        return await self._whole(commit)

    async def update(
        self,
        principal: Principal,
        camera_id: str,
        change: CameraChange,
        *,
        client_address: str = "",
    ) -> Camera:
        """Change a camera. New address or credentials are probed first (unless ``skip_probe``).

        Whose it was until now keeps what was recorded until now: for another tenant it is another camera, with an uuid of its
        own, and nothing of the one's footage, states or live picture is the other's.

        Raises:
            UnknownCameraError, InvalidInputError, CameraError: as above; nothing was changed.
            CameraKeyLostError: address or tenant changes, but the password to go with it cannot be opened.

        """
        before = self._get(principal, camera_id)
        faults: list[dict[str, str]] = []
        camera = before.camera
        if change.name is not Unset.UNSET:
            camera = replace(camera, name=checked_name(change.name, faults))
        if change.place is not Unset.UNSET:
            camera = replace(camera, place=checked_place(change.place, faults))
        if change.tenant_id is not Unset.UNSET:
            tenant_id = self._checked_tenant(principal, change.tenant_id, faults)
            camera = replace(camera, tenant_id=tenant_id)
        if change.record is not Unset.UNSET:
            camera = replace(camera, record=change.record)
        if change.enabled is not Unset.UNSET:
            camera = replace(camera, enabled=change.enabled)
        password, sealed = before.password, before.sealed
        if concerns_address(change):
            shown: dict[ProfileName, str | None] = {
                "main": self.shown_url(camera_id, "main"),
                "sub": self.shown_url(camera_id, "sub"),
            }
            wanted = changed_request(before.camera, before.password, change, shown)
            address = checked_address(wanted, faults)
            if before.password is None or address != stored_address(camera, before.password):
                report = None
                if not change.skip_probe:
                    address, report = await self._look(address)
                elif address.must_be_asked:
                    raise unasked()
                else:
                    await self._address_rule(address)
                probed = probe_columns(report, now_us=self._clock.now_us())
                camera = replace(camera, **address_columns(address), **probed)
                password = address.password
                sealed = self._sealer.seal(camera.camera_uuid, password.get_secret_value())
        elif faults:
            raise InvalidInputError("The camera cannot be changed like this.", faults=faults)
        camera = replace(camera, updated_us=self._clock.now_us())
        if camera.tenant_id != before.camera.tenant_id:
            if password is None:
                raise CameraKeyLostError("The stored password cannot be opened: enter it again.")
            uuid = CameraUuid(new_uuid7(self._clock))
            camera = replace(camera, camera_uuid=uuid, created_us=camera.updated_us)
            sealed = self._sealer.seal(uuid, password.get_secret_value())

        async def commit() -> Camera:
            async with self._one_change:
                # A probe takes seconds: who changed or removed the camera meanwhile was first.
                if self._get(principal, camera_id) is not before:
                    raise CameraChangedMeanwhileError(
                        "The camera was changed by someone else meanwhile; look again.",
                        camera_id=camera_id,
                    )
                known = _Known(camera, sealed, password)
                return await self._keep_change(principal.actor(client_address), before, known)

        return await self._whole(commit)

    async def _keep_change(self, actor: Actor, before: _Known, after: _Known) -> Camera:
        old, camera = before.camera, after.camera
        is_moved = camera.camera_uuid != old.camera_uuid
        found = changed_facts(old, camera)
        if after.sealed is not before.sealed:
            found["credentials"] = "changed"

        def work(transaction: Transaction) -> None:
            check_tenant_exists(transaction, camera.tenant_id)
            if is_moved:  # each tenant's log tells its own half
                repository.delete_camera(transaction, old.camera_uuid)
                repository.insert_camera(transaction, camera, after.sealed)
                self._audited(transaction, actor, "camera.removed", old, facts(old))
                self._audited(transaction, actor, "camera.created", camera, facts(camera))
            else:
                repository.update_camera(transaction, camera, after.sealed)
                self._audited(transaction, actor, "camera.changed", camera, found)

        await self._database.write(work)
        self._known[camera.camera_id] = after
        if is_moved:
            self._bus.publish(CameraRemoved(old.camera_id, old.camera_uuid))
            self._bus.publish(CameraAdded(camera.camera_id, camera.camera_uuid))
        else:
            self._bus.publish(CameraChanged(camera.camera_id, camera.camera_uuid))
        return camera

    async def remove(
        self,
        principal: Principal,
        camera_id: str,
        *,
        client_address: str = "",
        along: Callable[[Transaction, Camera], None] = _nothing,
    ) -> None:
        """Remove a camera. Its footage stays, under its uuid, until retention takes it.

        *along* is done in the same transaction: with what it does the camera goes, and stays when it raises.

        Raises:
            UnknownCameraError: there is none for this person.
            EdgeError: what *along* raised; nothing was changed.

        """

        async def commit() -> None:
            async with self._one_change:
                camera = self._get(principal, camera_id).camera
                actor = principal.actor(client_address)

                def work(transaction: Transaction) -> None:
                    if repository.delete_camera(transaction, camera.camera_uuid):
                        self._audited(transaction, actor, "camera.removed", camera, facts(camera))
                        along(transaction, camera)

                await self._database.write(work)
                del self._known[camera.camera_id]
                self._bus.publish(CameraRemoved(camera.camera_id, camera.camera_uuid))

        await self._whole(commit)

    async def load(self) -> None:
        """Read all cameras into memory; once, before anything else."""
        for camera, sealed in await repository.fetch_cameras(self._database):
            try:
                password = SecretStr(self._sealer.unseal(camera.camera_uuid, sealed))
            except CameraKeyLostError as error:
                log.error(  # noqa: TRY400 -- no trace needed: the message says what to do
                    "camera_key_lost", camera_id=camera.camera_id, message=error.message
                )
                known = _Known(replace(camera, has_password=True), sealed, None)
            else:
                has_password = bool(password.get_secret_value())
                known = _Known(replace(camera, has_password=has_password), sealed, password)
            self._known[camera.camera_id] = known

    async def _look(self, address: Address) -> tuple[Address, ProbeReport]:
        """Probe a camera; one that has to be asked for its addresses gets them."""
        if not address.must_be_asked:
            await self._address_rule(address)
            return address, await self._prober.probe(address)
        answer = await self._devices.ask(address)
        typed = split_typed_url(answer.main_url)
        address = replace(
            address, main_url=answer.main_url, sub_url=answer.sub_url, rtsp_port=typed.port
        )
        await self._address_rule(address)
        report = await self._prober.probe(address, clock_offset_s=answer.clock_offset_s)
        return address, replace(report, device=answer.device)

    def _get(self, principal: Principal, camera_id: str) -> _Known:
        known = self._known.get(CameraId(camera_id))
        if known is None or not principal.may_see_camera(camera_id, known.camera.tenant_id):
            raise UnknownCameraError("There is no such camera.", camera_id=camera_id[:40])
        return known

    def _checked_tenant(
        self, principal: Principal, wanted: str | None, faults: list[dict[str, str]]
    ) -> str:
        tenant_id = wanted or principal.tenant_id or DEFAULT_TENANT
        if not principal.may_see_tenant(tenant_id):
            faults.append(fault("tenant_id", "there is no such tenant"))
        return tenant_id

    def _check_free(self, camera_id: str) -> None:
        if CameraId(camera_id) in self._known:
            raise CameraExistsError("A camera of this id exists.", camera_id=camera_id)

    def _free_id(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:28].strip("-") or "cam"
        number = 1
        candidate = slug
        while CameraId(candidate) in self._known:
            number += 1
            candidate = f"{slug}-{number}"
        return candidate

    def _audited(
        self,
        transaction: Transaction,
        actor: Actor,
        action: str,
        camera: Camera,
        facts: dict[str, object],
    ) -> None:
        self._audit.append(
            transaction,
            actor=actor,
            action=action,
            subject=f"camera:{camera.camera_id}",
            tenant_id=camera.tenant_id,
            details={"camera_uuid": camera.camera_uuid, **facts},
        )

    async def _whole(self, commit: Callable[[], Awaitable[T]]) -> T:
        """Run *commit* to its end even when the caller goes away: disk and memory must not differ."""

        async def run() -> T:
            return await commit()

        task = asyncio.create_task(run(), name="camera-commit")  # ends by itself within a write
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        return await asyncio.shield(task)


@asynccontextmanager
async def open_camera_service(
    database: Database,
    *,
    audit: AuditLog,
    bus: EventBus,
    clock: Clock,
    prober: Prober,
    devices: Devices,
    state_dir: Path,
    address_rule: AddressRule = _anywhere,
) -> AsyncIterator[CameraService]:
    """Open the key of the passwords (made at the first start) and read the cameras.

    Raises:
        BrokenCameraKeyError: the key file is damaged or cannot be made.

    """
    sealer = await asyncio.get_running_loop().run_in_executor(None, open_sealer, state_dir)
    service = CameraService(
        database,
        audit=audit,
        bus=bus,
        clock=clock,
        prober=prober,
        devices=devices,
        sealer=sealer,
        address_rule=address_rule,
    )
    await service.load()
    try:
        yield service
    finally:
        if service._committing:  # noqa: SLF001 -- this function is the constructor's other half
            await asyncio.wait(service._committing)  # noqa: SLF001
