"""What people may see of plate readings; a search for a plate is an act with a purpose."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from weakref import WeakValueDictionary

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import SEALED, AuditLog, SealedWords
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections import repository
from gtvision_edge.detections.errors import (
    NoDetectionPictureError,
    PictureLostError,
    PurposeRequiredError,
    UnknownDetectionError,
)
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.model import Detection, PictureKind
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.plates import MAX_SUGGESTIONS, search_patterns, similar_to
from gtvision_edge.detections.repository import Wanted
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database, Transaction

SHORTEST_PURPOSE: Final = 5
LONGEST_PURPOSE: Final = 500
MAX_EXPORT: Final = 200_000
_PAGE: Final = 500
_SIMILAR_READINGS: Final = 200
_MOST_ACTS: Final = 1000
_READERS: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER})


_Act = tuple[str, "Search"]
"""Whose search it is, and what for, without its place."""


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


class _Reach:
    """How far the searches that were written down reached: the place of the newest reading that each one showed."""

    def __init__(self) -> None:
        self._newest: OrderedDict[_Act, tuple[int, str]] = OrderedDict()

    def reaches(self, act: _Act, before: tuple[int, str] | None) -> bool:
        """Tell whether *act* was written down and showed what there is *before* a place, or something newer."""
        newest = self._newest.get(act)
        return before is not None and newest is not None and before <= newest

    def note(self, act: _Act, newest: tuple[int, str]) -> None:
        """Remember what *act* showed; of too many the oldest are forgotten, and written down once more."""
        self._newest[act] = max(newest, self._newest.pop(act, newest))
        if len(self._newest) > _MOST_ACTS:
            self._newest.popitem(last=False)


class DetectionDesk:
    """Shows detections to people of their tenant, of cameras that they may see."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        *,
        cameras: CameraList,
        pictures: PictureStore,
        words: SealedWords,
    ) -> None:
        self._words = words
        self._database = database
        self._audit = audit
        self._cameras = cameras
        self._pictures = pictures
        self._written_down = _Reach()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def search(
        self, principal: Principal, wanted: Search, *, limit: int, address: str = ""
    ) -> list[Detection]:
        """Return up to *limit* detections, the newest first; a search for a plate is audited before it is done.

        The pages that follow are the same act, for the same person; what begins at another place is audited, too.

        Raises:
            NotPermittedError: auditors read the log, not the plates.
            UnknownCameraError: none such that *principal* may see.
            PurposeRequiredError: a plate, and no purpose of five characters or more.
            InvalidInputError: the plate holds nothing to search for, or the time ends before it begins.
            SearchTooLongError: there are too many readings to look through.

        """
        found = self._examined(principal, wanted, needs_purpose=bool(wanted.plate))
        if not found.patterns:
            return await repository.search(self._database, found, limit)
        # A page that follows is the same act; but any place may be asked for, also by who never made the search.
        act = principal.user_id, replace(wanted, before=None)
        if not self._written_down.reaches(act, wanted.before):
            await self._write_down("plates.searched", principal, wanted, address)
        async with self._turn_of(principal):
            page = await repository.search(self._database, found, limit)
        if page:
            self._written_down.note(act, (page[0].captured_us, page[0].detection_id))
        return page

    async def similar(self, principal: Principal, wanted: Search) -> list[str]:
        """Return plates that were read in the time of *wanted* and are one doubtful character away from its plate.

        Part of a search, which was written down as :meth:`search` says. Nothing where no whole plate is wanted.

        Raises:
            NotPermittedError, UnknownCameraError, PurposeRequiredError, InvalidInputError: as for :meth:`search`.

        """
        patterns = similar_to(wanted.plate)
        if not patterns:
            return []
        found = self._examined(principal, replace(wanted, before=None), needs_purpose=True)
        async with self._turn_of(principal):
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
        if wanted.start_us >= wanted.end_us:
            fault = {"path": "end", "message": "must be after start"}
            raise InvalidInputError("The search is not right.", faults=[fault])
        if needs_purpose and len(wanted.purpose.strip()) < SHORTEST_PURPOSE:
            raise PurposeRequiredError(
                f"Say what the plates are needed for (purpose), with at least {SHORTEST_PURPOSE} characters."
            )
        return Wanted(
            wanted.start_us,
            wanted.end_us,
            cameras=self._visible(principal, wanted.camera_id),
            tenant_id=principal.tenant_id,
            patterns=patterns,
            before=wanted.before,
        )

    def _turn_of(self, principal: Principal) -> asyncio.Lock:
        """Return what lets the searches of one person go one by one: other people's wait for one of them at most."""
        turn = self._turns.get(principal.user_id) or asyncio.Lock()
        self._turns[principal.user_id] = turn
        return turn

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
                SEALED: self._words.close(
                    plate=wanted.plate, purpose=wanted.purpose.strip()[:LONGEST_PURPOSE]
                ),
            },
        )


def _require(principal: Principal) -> None:
    if principal.role not in _READERS:
        raise NotPermittedError("Your role does not allow this.")
