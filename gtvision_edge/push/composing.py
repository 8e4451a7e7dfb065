"""Makes of what waits what a person's phone shows: looked up now, with the rights that the person has now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.alerts.errors import UnknownAlertError
from gtvision_edge.alerts.model import Alert
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.push.model import Message, Topic, Urgency, Waiting, topics_of
from gtvision_edge.push.words import Words, words_of

SINGLE: Final = 3
"""So many of a kind are told one by one; more become one message."""
_NAMES: Final = 5
_ORDER: Final = tuple(Topic)
"""What is most urgent is sent first."""
_LONGEST: Final = 300
"""Characters of a line: in bytes, with all else, less than a push may have."""


class Alerts(Protocol):
    """The site's alerts; :class:`~gtvision_edge.alerts.service.AlertDesk` is one."""

    async def get(self, principal: Principal, alert_id: str) -> Alert: ...


class NamedCamera(Protocol):
    @property
    def camera_id(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Cameras(Protocol):
    """The site's cameras, in memory."""

    def find_camera(self, camera_id: str) -> NamedCamera | None: ...
    def find_by_uuid(self, camera_uuid: str) -> NamedCamera | None: ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message and what it tells of; None = none of that is for this person, or nobody needs to hear it any more."""

    message: Message | None
    seqs: tuple[int, ...]


class Composer:
    """Writes messages in a person's language, with times of the site's zone."""

    def __init__(self, alerts: Alerts, cameras: Cameras, *, zone: ZoneInfo, site_name: str) -> None:
        self._alerts = alerts
        self._cameras = cameras
        self._zone = zone
        self._site_name = site_name

    async def compose(self, person: Principal, waiting: Sequence[Waiting]) -> list[Parcel]:
        """Return what to send to *person*, in order, with everything of *waiting* in one of the parcels."""
        current = _newest_of_each(waiting)
        told = {each.seq for each in current}
        parcels = [Parcel(None, tuple(each.seq for each in waiting if each.seq not in told))]
        for (topic, _), some in groupby(current, key=lambda each: (each.topic, each.is_over)):
            group = list(some)
            if topic not in topics_of(person):
                parcels.append(Parcel(None, tuple(each.seq for each in group)))
            elif topic is Topic.PLATES:
                parcels += await self._plates(person, group)
            elif topic is Topic.CAMERAS:
                parcels += self._stopped(person, group)
            else:
                parcels += [Parcel(self._site_wide(person, each), (each.seq,)) for each in group]
        return [each for each in parcels if each.seqs]

    def trial(self, person: Principal, now_us: int) -> Message:
        words = words_of(person.locale)
        return Message(
            words.trial,
            words.trial_body.format(site=self._site_name),
            "trial",
            "#/settings/notices",
            Urgency.HIGH,
            now_us,
        )

    async def _plates(self, person: Principal, group: Sequence[Waiting]) -> list[Parcel]:
        found = [(each, await self._alert(person, each.subject)) for each in group]
        gone = tuple(each.seq for each, alert in found if alert is None)
        good = [(each, alert) for each, alert in found if alert is not None]
        if len(good) <= SINGLE:
            single = [Parcel(self._plate(person, alert), (each.seq,)) for each, alert in good]
            return [*single, Parcel(None, gone)]
        words = words_of(person.locale)
        plates = [alert.detection.plate or "" for _, alert in good]
        message = Message(
            words.many_plates.format(count=len(good)),
            _listed(plates),
            f"plates-{good[-1][1].alert_id}",
            "#/placas",
            Urgency.HIGH,
            good[-1][1].raised_us,
            stays=any(alert.level is WatchLevel.CRITICAL for _, alert in good),
        )
        return [Parcel(message, tuple(each.seq for each, _ in good)), Parcel(None, gone)]

    async def _alert(self, person: Principal, alert_id: str) -> Alert | None:
        """Return an alert that *person* may see and nobody saw to, whose plate is still known."""
        try:
            alert = await self._alerts.get(person, alert_id)
        except (UnknownAlertError, NotPermittedError):
            return None
        is_news = alert.acknowledged is None and alert.detection.plate is not None
        return alert if is_news else None

    def _plate(self, person: Principal, alert: Alert) -> Message:
        words, detection = words_of(person.locale), alert.detection
        camera = self._cameras.find_camera(detection.camera_id)
        is_critical = alert.level is WatchLevel.CRITICAL
        title = (words.urgent if is_critical else words.wanted).format(plate=detection.plate)
        place = camera.name if camera else detection.camera_id
        parts = [alert.reason, place, self._time(words, detection.captured_us)]
        return Message(
            title,
            _line(*parts),
            f"alert-{alert.alert_id}",
            f"#/placas/alerta/{alert.alert_id}",
            Urgency.NORMAL if alert.level is WatchLevel.INFO else Urgency.HIGH,
            detection.captured_us,
            stays=is_critical,
        )

    def _stopped(self, person: Principal, group: Sequence[Waiting]) -> list[Parcel]:
        words = words_of(person.locale)
        found = [(each, self._cameras.find_by_uuid(each.subject)) for each in group]
        good = [
            (each, camera)
            for each, camera in found
            if camera is not None and person.may_see_camera(camera.camera_id, camera.tenant_id)
        ]
        told = {each.seq for each, _ in good}
        gone = Parcel(None, tuple(each.seq for each in group if each.seq not in told))
        if len(good) <= SINGLE:
            single = [
                Parcel(self._camera(words, each, camera), (each.seq,)) for each, camera in good
            ]
            return [*single, gone]
        is_over = good[0][0].is_over
        title = words.many_record_again if is_over else words.many_stopped
        message = Message(
            title.format(count=len(good)),
            _listed([camera.name for _, camera in good]),
            f"cameras-{'over' if is_over else 'stopped'}",
            "#/health",
            Urgency.NORMAL if is_over else Urgency.HIGH,
            good[-1][0].since_us,
        )
        return [Parcel(message, tuple(told)), gone]

    def _camera(self, words: Words, each: Waiting, camera: NamedCamera) -> Message:
        title = (words.records_again if each.is_over else words.stopped).format(camera=camera.name)
        since = self._time(words, each.since_us)
        when = (words.down_since if each.is_over else words.since).format(since=since)
        reason = "" if each.is_over else words.reasons.get(each.reason, each.reason)
        return Message(
            title,
            _line(reason, when),
            f"camera-{each.subject}",
            "#/health",
            Urgency.NORMAL if each.is_over else Urgency.HIGH,
            each.since_us,
        )

    def _site_wide(self, person: Principal, each: Waiting) -> Message:
        words = words_of(person.locale)
        came, went = words.site_wide[each.topic]
        title = went if each.is_over else came
        since = self._time(words, each.since_us)
        when = (words.down_since if each.is_over else words.since).format(since=since)
        reason = "" if each.is_over else words.reasons.get(each.reason, each.reason)
        return Message(
            f"{title} · {self._site_name}",
            _line(reason, when),
            f"site-{each.topic}",
            "#/health",
            Urgency.NORMAL if each.is_over else Urgency.HIGH,
            each.since_us,
            stays=each.topic is Topic.STORAGE and not each.is_over,
        )

    def _time(self, words: Words, time_us: int) -> str:
        moment = datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(self._zone)
        return moment.strftime(words.date_time)


def _newest_of_each(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Leave out what is not so any more: of a trouble that came and went while nothing could be sent, that it went is told."""
    newest = {(each.topic, each.subject): each for each in waiting}
    return sorted(newest.values(), key=_order)


def _order(each: Waiting) -> tuple[int, bool, int]:
    return _ORDER.index(each.topic), each.is_over, each.seq


def _line(*parts: str) -> str:
    return " · ".join(part for part in parts if part)[:_LONGEST]


def _listed(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = len(unique) - _NAMES
    return (", ".join(unique[:_NAMES]) + (f" … (+{more})" if more > 0 else ""))[:_LONGEST]
