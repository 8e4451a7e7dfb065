"""Puts the parts that take, keep and show plate readings together."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from gtvision_edge.audit import AuditLog, SealedWords
from gtvision_edge.cameras.model import Camera
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.detections.acceptance import Send, Tell, Told
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.intervals.evidence import EvidenceReadings
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures.addresses import PictureSources
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.pictures.fetching import PictureFetcher
from gtvision_edge.detections.pictures.getting import PictureGetter
from gtvision_edge.detections.pictures.keeping import IsHeld, PictureBounds, PictureKeeper
from gtvision_edge.detections.plate_sources.service import PlateSources
from gtvision_edge.detections.privacy import Anonymiser, Forget, ForgetWords
from gtvision_edge.detections.pulling.connection import Resolver
from gtvision_edge.detections.pulling.puller import Pullers
from gtvision_edge.detections.push_access import PushAccessService
from gtvision_edge.detections.push_log import PushLog
from gtvision_edge.detections.push_login import PushLogin
from gtvision_edge.detections.push_secrets import PushSecrets, Seal, Unseal
from gtvision_edge.detections.pushes import PushDesk
from gtvision_edge.detections.service import DetectionDesk
from gtvision_edge.detections.slow_clocks import SlowClocks
from gtvision_edge.detections.watchlist import Watchlist
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import DetectionSettings
from gtvision_edge.storage import Database

PICTURES: Final = "detections"
"""In the state directory."""


class Cameras(Protocol):
    """The site's cameras, in memory."""

    def all_cameras(self) -> Sequence[Camera]: ...
    def find_camera(self, camera_id: str) -> Camera | None: ...
    def find_by_uuid(self, camera_uuid: str) -> Camera | None: ...
    def login_of(self, camera_id: str) -> tuple[str, SecretStr] | None: ...


@dataclass(frozen=True, slots=True)
class Detections:
    """What others use of plate readings; *jobs*, by their names, are to be run as services."""

    intake: Intake
    secrets: PushSecrets
    sources: PlateSources
    pullers: Pullers
    pushes: PushDesk
    login: PushLogin
    access: PushAccessService
    desk: DetectionDesk
    anonymiser: Anonymiser
    watchlist: Watchlist
    picture_getter: PictureGetter
    picture_keeper: PictureKeeper
    slow_clocks: SlowClocks

    @property
    def jobs(self) -> Mapping[str, Job]:
        return {
            "anonymiser": self.anonymiser.run,
            "picture-getter": self.picture_getter.run,
            "picture-keeper": self.picture_keeper.run,
            "plate-pulls": self.pullers.run,
            "plate-clocks": self.slow_clocks.run,
            "push-secrets": self.secrets.keep_up_forever,
        }

    def findings(self) -> Iterable[Finding]:
        yield from self.picture_getter.findings()
        yield from self.pullers.findings()
        yield from self.slow_clocks.findings()


@asynccontextmanager
async def open_detections(
    database: Database,
    audit: AuditLog,
    clock: Clock,
    bus: EventBus,
    *,
    cameras: Cameras,
    resolver: Resolver,
    state_dir: Path,
    zone: ZoneInfo,
    seal: Seal,
    unseal: Unseal,
    words: SealedWords,
    send: Send,
    forget_unsent: Forget,
    forget_words: ForgetWords,
    held: str,
    settings: DetectionSettings,
    is_held: IsHeld,
    trusts_clock: Callable[[], bool],
    tell: Sequence[Tell] = (),
    tell_of_picture: Sequence[Told] = (),
    copies: Copies = NO_COPIES,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Detections]:
    """Open them; the caller runs the jobs. *held* as :class:`Anonymiser` has it."""
    pictures = PictureStore(state_dir / PICTURES)
    sources = PlateSources(database, audit, clock, bus, cameras=cameras)
    await sources.load()
    async with AsyncExitStack() as stack:
        # Its own: names of senders that hang shall keep no camera waiting.
        names = await stack.enter_async_context(NameResolver(clock))
        getter = PictureGetter(
            database,
            clock,
            bus,
            fetcher=PictureFetcher(PictureSources(settings.picture_sources), names),
            pictures=pictures,
            unseal=unseal,
            trusts_clock=trusts_clock,
            sources_of=lambda camera_uuid: sources.of(camera_uuid).picture_sources,
            tell=tell_of_picture,
            copies=copies,
            registry=registry,
        )
        stack.callback(getter.close)
        intake = Intake(
            database,
            clock,
            bus,
            zone=zone,
            pictures=pictures,
            send=send,
            tell=tell,
            tell_of_picture=tell_of_picture,
            copies=copies,
            seal=seal,
            wake=getter.wake,
            settings_of=sources.of,
            registry=registry,
        )
        stack.callback(intake.close)
        secrets = PushSecrets(database, clock, seal=seal, unseal=unseal)
        await secrets.load()
        push_log = PushLog(clock)
        pushes = PushDesk(
            intake,
            secrets,
            cameras,
            clock,
            push_log,
            keep_s=settings.keep,
            settings_of=sources.of,
            registry=registry,
        )
        stack.callback(pushes.close)
        yield Detections(
            intake,
            secrets,
            sources,
            Pullers(
                cameras,
                intake,
                bus,
                clock,
                settings_of=sources.of,
                resolver=resolver,
                registry=registry,
            ),
            pushes,
            PushLogin(secrets, cameras, clock),
            PushAccessService(secrets, cameras, audit, database, push_log),
            DetectionDesk(database, audit, cameras=cameras, pictures=pictures, words=words),
            Anonymiser(
                database,
                audit,
                clock,
                pictures=pictures,
                forget_unsent=forget_unsent,
                forget_words=forget_words,
                held=held,
                keep_s=settings.keep,
                zone=zone,
                trusts_clock=trusts_clock,
                copies=copies,
            ),
            Watchlist(database, audit, clock, words=words),
            getter,
            PictureKeeper(
                database,
                audit,
                clock,
                pictures=pictures,
                bounds=PictureBounds(settings.keep_pictures, settings.pictures_max),
                is_held=is_held,
                trusts_clock=trusts_clock,
                copies=copies,
                registry=registry,
            ),
            SlowClocks(cameras, bus, clock, trusts_clock=trusts_clock),
        )


def picture_path(state_dir: Path) -> Callable[[str], Path]:
    """Return what tells where a picture is, or would be, by its name."""
    return PictureStore(state_dir / PICTURES).path_of


def readings_for_evidence(database: Database, state_dir: Path) -> EvidenceReadings:
    """Return what hands readings over to evidence bundles."""
    return EvidenceReadings(database, PictureStore(state_dir / PICTURES))
