"""Where a path's stream comes from: a camera, or another path of this server."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from gtvision_edge.media.embedded.ingest import CameraReader
from gtvision_edge.media.embedded.leash import Leash, LeashKeeper
from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.runtime.clock import Clock

if TYPE_CHECKING:
    from gtvision_edge.media.embedded.recorder import Recorder


class Receiver(Protocol):
    """The path that is fed; its methods are called on the loop's thread."""

    def begin_stream(self, stream: Stream) -> None: ...

    def take_fragment(self, fragment: Fragment) -> None: ...

    def take_unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None: ...

    def end_stream(self) -> None: ...


class CameraSource:
    """Reads a camera in its own thread. Fragments go to the recorder from there, to the path through the loop."""

    def __init__(
        self,
        name: str,
        url: str,
        receiver: Receiver,
        *,
        keeper: LeashKeeper,
        clock: Clock,
        fragment_s: float,
    ) -> None:
        self.inbound_bytes = 0
        self.wants_units = False
        self.recorder: Recorder | None = None
        self._receiver = receiver
        self._loop = asyncio.get_running_loop()
        self._leash: Leash | None = None
        self._stream: Stream | None = None
        self._is_open = True
        self._reader = CameraReader(
            name, url, self, keeper=keeper, clock=clock, fragment_s=fragment_s
        )

    def start(self) -> None:
        self._reader.start()

    def stop(self) -> None:
        """Ask the thread to end. The path hears nothing more of it; its recorder still gets the last fragment."""
        self._is_open = False
        self._reader.stop()

    def cut(self) -> None:
        """End a session that hangs. Blocks for a moment."""
        self._reader.cut(self._leash)

    def join(self, timeout_s: float) -> bool:
        return self._reader.join(timeout_s)

    # In the camera's thread

    def leashed(self, leash: Leash | None) -> None:
        self._leash = leash

    def stream(self, stream: Stream) -> None:
        self._stream = stream
        self._post(lambda: self._receiver.begin_stream(stream))

    def fragment(self, fragment: Fragment) -> None:
        recorder, stream = self.recorder, self._stream
        if recorder is not None and stream is not None:
            recorder.put(stream, fragment)
        self._post(lambda: self._receiver.take_fragment(fragment))

    def unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None:
        self._post(
            lambda: self._receiver.take_unit(
                track, data, timestamp, is_key=is_key, captured_us=captured_us
            )
        )

    def ended(self) -> None:
        recorder = self.recorder
        if recorder is not None and self._stream is not None:
            recorder.end_stream()
        self._stream = None
        self._post(self._receiver.end_stream)

    def _post(self, news: Callable[[], None]) -> None:
        def deliver() -> None:
            if self._is_open:
                news()

        try:
            self._loop.call_soon_threadsafe(deliver)
        except RuntimeError:
            # The loop is closed: this thread was stuck in a connect and outlived the server.
            self._is_open = False


class RelaySource:
    """Another path of this server, taken from inside instead of through a connection to ourselves.

    Same stream object, same fragments: a follower costs next to nothing.
    """

    def __init__(self, upstream: str, receiver: Receiver, exchange: "Exchange") -> None:
        self.upstream = upstream
        self.inbound_bytes = 0
        self.wants_units = False
        self.recorder: Recorder | None = None
        self._receiver = receiver
        self._exchange = exchange
        self._stream: Stream | None = None

    def start(self) -> None:
        self._exchange.follow(self.upstream, self)

    def stop(self) -> None:
        self._exchange.leave(self.upstream, self)

    def cut(self) -> None:
        """Nothing hangs here."""

    def join(self, timeout_s: float) -> bool:  # noqa: ARG002 -- there is no thread
        return True

    def begin_stream(self, stream: Stream) -> None:
        self._stream = stream
        self._receiver.begin_stream(stream)

    def take_fragment(self, fragment: Fragment) -> None:
        self.inbound_bytes += fragment.size
        if self.recorder is not None and self._stream is not None:
            self.recorder.put(self._stream, fragment)
        self._receiver.take_fragment(fragment)

    def take_unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None:
        if self.wants_units:
            self._receiver.take_unit(track, data, timestamp, is_key=is_key, captured_us=captured_us)

    def end_stream(self) -> None:
        if self.recorder is not None and self._stream is not None:
            self.recorder.end_stream()
        self._stream = None
        self._receiver.end_stream()


class Upstream(Protocol):
    """A path that others may follow."""

    @property
    def stream(self) -> Stream | None: ...

    @property
    def kept_fragments(self) -> Sequence[Fragment]:
        """The fragments from the last key frame on."""
        ...

    def want(self) -> None:
        """Somebody wants the stream: open the source if it waits for that."""


class Exchange:
    """Which paths there are, and who follows whom. On the loop's thread only."""

    def __init__(self) -> None:
        self._paths: dict[str, Upstream] = {}
        self._followers: dict[str, list[RelaySource]] = {}

    def register(self, name: str, path: Upstream) -> None:
        self._paths[name] = path
        if self._followers.get(name):
            path.want()

    def unregister(self, name: str) -> None:
        self._paths.pop(name, None)

    def followers(self, name: str) -> Sequence[RelaySource]:
        return tuple(self._followers.get(name, ()))

    def follow(self, name: str, follower: RelaySource) -> None:
        self._followers.setdefault(name, []).append(follower)
        path = self._paths.get(name)
        if path is None:
            return
        path.want()
        if path.stream is not None:
            follower.begin_stream(path.stream)
            for fragment in path.kept_fragments:
                follower.take_fragment(fragment)

    def leave(self, name: str, follower: RelaySource) -> None:
        followers = self._followers.get(name, [])
        if follower in followers:
            followers.remove(follower)
