"""Keeps one camera's session alive from a thread of its own: opens, reads, backs off, opens again."""

import random
import socket
import threading
import time
from typing import Protocol

import structlog

from gtvision_edge.media.embedded.assembly import SessionSink
from gtvision_edge.media.embedded.errors import SourceError, SourceUnauthorizedError
from gtvision_edge.media.embedded.leash import Leash, LeashKeeper
from gtvision_edge.media.embedded.session import peer_of, run_session
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.logs import mask_secrets

log = structlog.get_logger(__name__)

_FIRST_DELAY_S = 1.0
_MAX_DELAY_S = 30.0
# Hikvision locks an address out after five wrong logins, for half an hour.
_UNAUTHORIZED_DELAY_S = 600.0
# One 401 right after a good session is a camera that starts up, not a changed password.
_DOUBTFUL_DELAY_S = 30.0
_GOOD_SESSION_S = 5.0
_KNOCK_EVERY_S = 2.0
_KNOCK_TIMEOUT_S = 1.0


class ReaderSink(SessionSink, Protocol):
    """What a reader reports beyond the session's own news."""

    def ended(self) -> None:
        """Hear that the session is over; the next one brings a new stream."""


class CameraReader:
    """The thread of one camera. ``start`` once; ``stop`` returns at once, ``join`` waits."""

    def __init__(
        self,
        name: str,
        url: str,
        sink: "ReaderSink",
        *,
        keeper: LeashKeeper,
        clock: Clock,
        fragment_s: float,
    ) -> None:
        self._name = name
        self._url = url
        self._sink = sink
        self._keeper = keeper
        self._clock = clock
        self._fragment_s = fragment_s
        self._stop = threading.Event()
        self._failures = 0
        self._refused_since_good = 0
        # A daemon: a thread stuck in a connect that nobody answers must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; a healthy session ends with its next packet."""
        self._stop.set()

    def cut(self, leash: Leash | None) -> None:
        """End a session that does not end by itself."""
        if leash is not None:
            self._keeper.cut(leash)

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; tells whether it ended. Blocks."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with structlog.contextvars.bound_contextvars(path=self._name):
            while not self._stop.is_set():
                delay = self._attempt()
                if delay:
                    self._wait(delay)

    def _attempt(self) -> float:
        """Run one session; returns the seconds to wait before the next."""
        started = time.monotonic()
        before = self._sink.inbound_bytes
        failure: Exception | None = None
        try:
            run_session(
                self._url,
                self._sink,
                keeper=self._keeper,
                stop=self._stop,
                clock=self._clock,
                fragment_s=self._fragment_s,
            )
        except SourceError as error:
            failure = error
        except Exception as error:  # one camera's trouble must not end its thread for good
            log.exception("session_crashed")
            failure = error
        self._sink.ended()
        if self._stop.is_set():
            return 0.0
        lasted = time.monotonic() - started
        if self._sink.inbound_bytes > before:
            self._failures = self._refused_since_good = 0
            log.warning("source_lost", after_s=round(lasted, 1), reason=_reason(failure))
            # Some cameras end every session after a few seconds: go on at once, but not in a frenzy.
            return 0.0 if lasted >= _GOOD_SESSION_S else _FIRST_DELAY_S
        self._failures += 1
        note = log.warning if self._failures == 1 else log.debug
        note("source_failed", reason=_reason(failure), failures=self._failures)
        if isinstance(failure, SourceUnauthorizedError):
            self._refused_since_good += 1
            return _DOUBTFUL_DELAY_S if self._had_good_session() else _UNAUTHORIZED_DELAY_S
        delay = min(_FIRST_DELAY_S * 2.0 ** min(self._failures - 1, 10), _MAX_DELAY_S)
        return delay * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads attempts, guards nothing

    def _had_good_session(self) -> bool:
        return self._sink.inbound_bytes > 0 and self._refused_since_good == 1

    def _wait(self, delay: float) -> None:
        """Wait *delay* seconds, or until a camera that was off the network answers a knock again.

        A knock is a TCP connect: it tries no password, so it locks nobody out, and a camera that comes back after an
        hour is recorded within seconds, not after the longest back-off.
        """
        until = time.monotonic() + delay
        was_away = False
        while not self._stop.is_set():
            left = until - time.monotonic()
            if left <= 0 or self._stop.wait(min(left, _KNOCK_EVERY_S)):
                return
            if delay > _DOUBTFUL_DELAY_S * 1.5:
                continue  # a refused password: being there changes nothing
            answers = self._knock()
            if answers and was_away:
                self._failures = 0
                return
            was_away = was_away or not answers

    def _knock(self) -> bool:
        try:
            socket.create_connection(peer_of(self._url), _KNOCK_TIMEOUT_S).close()
        except (SourceError, OSError):
            return False
        return True


def _reason(failure: Exception | None) -> str:
    return "the source ended the stream" if failure is None else mask_secrets(str(failure))
