"""What people may see of plate readings; a search for a plate is an act with a purpose."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import CameraKeyLostError, UnknownCameraError
from gtvision_edge.detections import repository
from gtvision_edge.detections.errors import (
    NoDetectionPictureError,
    PictureLostError,
    PurposeRequiredError,
    TooManySearchesError,
    UnknownDetectionError,
)
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.model import Detection, PictureKind
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.plates import MAX_SUGGESTIONS, search_patterns, similar_to
from gtvision_edge.detections.push_secrets import Seal, Unseal
from gtvision_edge.detections.repository import Wanted
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.storage import Database, Transaction

SHORTEST_PURPOSE: Final = 5
MAX_EXPORT: Final = 200_000
MOST_SEARCHES: Final = 4
"""Of one person at a time; others wait in line behind them."""
_PAGE: Final = 500
_SIMILAR_READINGS: Final = 200
_LOGGED: Final = "words of searches in the audit log"
_READERS: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER})


class CameraList(Protocol):
    """The site's cameras, in memory."""

    def all_cameras(self) -> Sequence[PushingCamera]: ...


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for; *plate* may hold ``?`` and ``*``."""

    start_us: int
    end_us: int
    plate: str = ""
    camera_id: str | None = None
    purpose: str = ""
    before: tuple[int, str] | None = None
    proof: str = ""
    """What :meth:`DetectionDesk.proof_of` gave with the page before, whose last place is *before*."""


class DetectionDesk:
    """Shows detections to people of their tenant, of cameras that they may see."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        *,
        cameras: CameraList,
        pictures: PictureStore,
        seal: Seal,
        unseal: Unseal,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._seal = seal
        self._unseal = unseal
        self._database = database
        self._audit = audit
        self._cameras = cameras
        self._pictures = pictures
        self._searches = Shares("plate_searches", MOST_SEARCHES, registry=registry)
        self._pages_key = secrets.token_bytes(32)

    async def search(
        self, principal: Principal, wanted: Search, *, limit: int, address: str = ""
    ) -> list[Detection]:
        """Return up to *limit* detections, the newest first; a search for a plate is audited before it is done.

        Its further pages are part of it; a place that no page of the same search by the same person ended at begins a new one.

        Raises:
            NotPermittedError: auditors read the log, not the plates.
            UnknownCameraError: none such that *principal* may see.
            PurposeRequiredError: a plate, and no purpose of five characters or more.
            InvalidInputError: the plate holds nothing to search for.
            TooManySearchesError: *principal* has as many searches running as may be.
            SearchTooLongError: there is too much to look through.

        """
        found = self._examined(principal, wanted, needs_purpose=bool(wanted.plate))
        is_further = wanted.before is not None and hmac.compare_digest(
            self.proof_of(principal, wanted, wanted.before).encode(),
            wanted.proof.encode("utf-8", "replace"),
        )
        if found.patterns and not is_further:
            await self._write_down("plates.searched", principal, wanted, address)
        if found.is_quick:
            return await repository.search(self._database, found, limit)
        with self._place_of(principal):
            return await repository.search(self._database, found, limit)

    @contextmanager
    def _place_of(self, principal: Principal) -> Iterator[None]:
        try:
            with self._searches.take(principal.user_id):
                yield
        except TooManyTransfersError as error:
            raise TooManySearchesError(
                "You have as many searches running as may be.", **error.details
            ) from error

    def proof_of(self, principal: Principal, wanted: Search, place: tuple[int, str]) -> str:
        """Return what shows that a page of *wanted* for *principal* ended at *place*; it is good until the daemon ends."""
        words = (principal.user_id, *astuple(replace(wanted, before=place, proof="")))
        text = json.dumps(words).encode()
        return hmac.digest(self._pages_key, text, hashlib.sha256).hex()[:32]

    async def similar(self, principal: Principal, wanted: Search) -> list[str]:
        """Return plates that were read in the time of *wanted* and are one doubtful character away from its plate.

        Part of a search, which was written down as :meth:`search` says. Nothing where no whole plate is wanted.

        Raises:
            NotPermittedError, UnknownCameraError, PurposeRequiredError, InvalidInputError,
            TooManySearchesError, SearchTooLongError: as for :meth:`search`.

        """
        patterns = similar_to(wanted.plate)
        if not patterns:
            return []
        found = self._examined(principal, replace(wanted, before=None), needs_purpose=True)
        with self._place_of(principal):
            readings = await repository.search(
                self._database, replace(found, patterns=patterns), _SIMILAR_READINGS
            )
        plates = dict.fromkeys(each.plate for each in readings if each.plate)
        return list(plates)[:MAX_SUGGESTIONS]

    async def export(
        self, principal: Principal, wanted: Search, *, address: str = ""
    ) -> AsyncIterator[list[Detection]]:
        """Return the detections to carry away, page by page, the newest first, at most ``MAX_EXPORT``; audited before the first.

        Raises:
            PurposeRequiredError: no purpose, with a plate or without.
            NotPermittedError, UnknownCameraError, InvalidInputError: as for :meth:`search`.

        """
        found = self._examined(principal, wanted, needs_purpose=True)
        await self._write_down("plates.exported", principal, wanted, address)
        return self._pages(found)

    async def _pages(self, wanted: Wanted) -> AsyncIterator[list[Detection]]:
        left = MAX_EXPORT
        while left > 0:
            page = await repository.search(self._database, wanted, min(_PAGE, left))
            if not page:
                return
            yield page
            left -= len(page)
            wanted = replace(wanted, before=(page[-1].captured_us, page[-1].detection_id))

    def _examined(self, principal: Principal, wanted: Search, *, needs_purpose: bool) -> Wanted:
        _require(principal)
        patterns = search_patterns(wanted.plate)
        if wanted.plate and not patterns:
            fault = {"path": "placa", "message": "needs at least one letter or digit"}
            raise InvalidInputError("The search is not right.", faults=[fault])
        if needs_purpose and len(wanted.purpose.strip()) < SHORTEST_PURPOSE:
            raise PurposeRequiredError("Say what the plates are needed for.")
        return Wanted(
            wanted.start_us,
            wanted.end_us,
            cameras=self._visible(principal, wanted.camera_id),
            tenant_id=principal.tenant_id,
            patterns=patterns,
            before=wanted.before,
        )

    async def get(self, principal: Principal, detection_id: str) -> Detection:
        """Return a detection.

        Raises:
            UnknownDetectionError: none such that *principal* may see.
            NotPermittedError: as for :meth:`search`.

        """
        _require(principal)
        return await self.find(principal, detection_id)

    async def find(self, principal: Principal, detection_id: str) -> Detection:
        """Return a detection, whatever the role of *principal*.

        Raises:
            UnknownDetectionError: none such that *principal* may see.

        """
        found = await repository.find_detection(self._database, detection_id)
        if found is None or not principal.may_see_camera(found.camera_id, found.tenant_id):
            raise UnknownDetectionError("There is no such detection.")
        return found

    async def picture_name(self, principal: Principal, detection_id: str, kind: PictureKind) -> str:
        """Return the name of a detection's picture: the SHA-256 of its bytes, in hex.

        Raises:
            UnknownDetectionError: none such that *principal* may see.
            NoDetectionPictureError: it has no such picture, or not yet, or not any more.
            NotPermittedError: as for :meth:`search`.

        """
        found = await self.get(principal, detection_id)
        name = found.crop if kind is PictureKind.PLATE else found.scene
        if name is None:
            raise NoDetectionPictureError(
                "This reading has no such picture.", picture_state=found.picture_state.value
            )
        return name

    async def picture(self, name: str) -> bytes:
        """Return the JPEG that :meth:`picture_name` named; the rights were asked there.

        Raises:
            PictureLostError: its file is gone; the readings that have it say so from now on.

        """
        jpeg = await asyncio.to_thread(self._pictures.read, name)
        if jpeg is None:
            await self._database.write(
                lambda transaction: picture_files.mark_lost(transaction, [name])
            )
            raise PictureLostError("The file of this picture is gone.")
        return jpeg

    def _visible(self, principal: Principal, camera_id: str | None) -> list[str] | None:
        if camera_id is not None:
            for camera in self._cameras.all_cameras():
                if camera.camera_id == camera_id and principal.may_see_camera(
                    camera.camera_id, camera.tenant_id
                ):
                    return [camera.camera_uuid]
            raise UnknownCameraError("There is no such camera.", camera_id=camera_id)
        if principal.camera_ids is None:
            return None
        return [
            camera.camera_uuid
            for camera in self._cameras.all_cameras()
            if principal.may_see_camera(camera.camera_id, camera.tenant_id)
        ]

    async def _write_down(
        self, action: str, principal: Principal, wanted: Search, address: str
    ) -> None:
        await self._database.write(
            lambda transaction: self._note(transaction, action, principal, wanted, address)
        )

    def _note(
        self,
        transaction: Transaction,
        action: str,
        principal: Principal,
        wanted: Search,
        address: str,
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"camera:{wanted.camera_id}" if wanted.camera_id else "",
            tenant_id=principal.tenant_id,
            details={
                "start_us": wanted.start_us,
                "end_us": wanted.end_us,
                "sealed": self._sealed(wanted),
            },
        )

    def _sealed(self, wanted: Search) -> str:
        """Return what the log keeps of the words of a search: it is never shortened, and shall not hold plates in clear."""
        words = {"plate": wanted.plate, "purpose": wanted.purpose.strip()[:500]}
        return base64.b64encode(self._seal(_LOGGED, json.dumps(words))).decode()

    def reveal(self, action: str, details: Mapping[str, Any]) -> dict[str, Any]:
        """Return an audit entry's *details* with the words of a search in clear, for those who may read the log.

        They stay sealed when the cameras' key is another one than at that time.
        """
        if not action.startswith("plates.") or not isinstance(details.get("sealed"), str):
            return dict(details)
        try:
            words = json.loads(self._unseal(_LOGGED, base64.b64decode(details["sealed"])))
        except (CameraKeyLostError, ValueError):
            return dict(details)
        return {name: value for name, value in details.items() if name != "sealed"} | dict(words)


def _require(principal: Principal) -> None:
    if principal.role not in _READERS:
        raise NotPermittedError("Your role does not allow this.")
