"""Camera time stamps made fit for a file: strictly rising, and true to the time of arrival when the camera lies."""

from typing import NamedTuple

# How far a step forward may run ahead of the time that has passed here. Cameras send what they had buffered in one go,
# and slow ones (0.5 frames/s) step by seconds.
_TOLERANCE_S = 3.0
# Two tracks of one camera may be placed by the camera's own clock as long as arrival does not contradict it by more.
_SYNC_TOLERANCE_S = 1.0


class Stamp(NamedTuple):
    """Decode time in the track's ticks, and whether the camera's clock has just been found to have jumped."""

    dts: int
    jumped: bool


class TrackClock:
    """Maps the decode times of one track onto our own line.

    A single stamp that makes no sense is bridged: the sample follows its predecessor by the usual step. When the
    next one continues from the odd stamp, the camera's clock has jumped, and the line goes on by the time of arrival.
    """

    def __init__(self, timescale: int, usual_step: int) -> None:
        self._timescale = timescale
        self._usual = usual_step
        self._last_in: int | None = None
        self._last_out = 0
        self._last_arrival = 0.0
        self._suspect: int | None = None

    @property
    def is_started(self) -> bool:
        return self._last_in is not None

    @property
    def usual_step(self) -> int:
        return self._usual

    def start(self, dts: int, out: int, arrival_s: float) -> Stamp:
        """Put the first sample at *out*."""
        self._last_in, self._last_out, self._last_arrival = dts, max(out, 0), arrival_s
        return Stamp(self._last_out, jumped=False)

    def stamp(self, dts: int, arrival_s: float) -> Stamp:
        """Return where on our line the sample with *dts*, arrived at *arrival_s* (monotonic), belongs."""
        if self._last_in is None:
            return self.start(dts, 0, arrival_s)
        passed = arrival_s - self._last_arrival
        step = dts - self._last_in
        # The usual case, written out: it is met 2,300 times a second with 32 cameras.
        if 0 < step <= (passed + _TOLERANCE_S) * self._timescale:
            self._suspect = None
            if step < 10 * self._timescale:
                self._usual = step
            self._last_in, self._last_arrival = dts, arrival_s
            self._last_out += step
            return Stamp(self._last_out, False)  # noqa: FBT003 -- keywords cost as much as the rest
        suspect, self._suspect = self._suspect, dts
        if suspect is not None and self._is_plausible(dts - suspect, passed):
            self._suspect = None
            by_arrival = round(passed * self._timescale)
            # The bridged sample has already used up one usual step.
            stamp = self._go(dts, max(by_arrival - self._usual, self._usual // 2, 1), arrival_s)
            return Stamp(stamp.dts, jumped=True)
        self._last_out += max(self._usual, 1)
        # The odd stamp is no measure for the next one: keep the old reference, moved by what was bridged.
        self._last_in += max(self._usual, 1)
        return Stamp(self._last_out, jumped=False)

    def _is_plausible(self, step: int, passed_s: float) -> bool:
        return 0 < step <= (passed_s + _TOLERANCE_S) * self._timescale

    def _go(self, dts: int, step: int, arrival_s: float) -> Stamp:
        self._last_in = dts
        self._last_out += step
        self._last_arrival = arrival_s
        return Stamp(self._last_out, jumped=False)


class Timeline:
    """The clocks of a session's tracks, started so that sound stays with its picture."""

    def __init__(self) -> None:
        self._clocks: dict[int, TrackClock] = {}
        self._scales: dict[int, int] = {}
        self._first: tuple[float, float] | None = None

    def add_track(self, track_id: int, timescale: int, usual_step: int) -> None:
        self._clocks[track_id] = TrackClock(timescale, usual_step)
        self._scales[track_id] = timescale

    def usual_step(self, track_id: int) -> int:
        return self._clocks[track_id].usual_step

    def stamp(self, track_id: int, dts: int, arrival_s: float) -> Stamp:
        """Return the place of a sample on the session's line, in the track's ticks."""
        clock, scale = self._clocks[track_id], self._scales[track_id]
        if clock.is_started:
            return clock.stamp(dts, arrival_s)
        if self._first is None:
            self._first = (dts / scale, arrival_s)
        by_camera, by_arrival = dts / scale - self._first[0], arrival_s - self._first[1]
        agree = abs(by_camera - by_arrival) <= _SYNC_TOLERANCE_S
        return clock.start(dts, round((by_camera if agree else by_arrival) * scale), arrival_s)


class WallClock:
    """Tells when a sample of our line happened, from when samples arrived.

    Late arrivals (a burst at connect, a stall of the network) do not count: the earliest arrival within the last 5 to
    10 s sets the relation, which also follows the camera's drift and a step of our own clock.
    """

    _WINDOW_S = 5.0

    def __init__(self) -> None:
        self._before: int | None = None
        self._offset_us: int | None = None
        self._window_end = 0.0

    def see(self, line_us: int, arrival_us: int, arrival_s: float) -> None:
        """Note that what stands at *line_us* of our line arrived at *arrival_us* (UTC) = *arrival_s* (monotonic)."""
        offset = arrival_us - line_us
        if self._offset_us is None or arrival_s >= self._window_end:
            self._before, self._offset_us = self._offset_us, offset
            self._window_end = arrival_s + self._WINDOW_S
        elif offset < self._offset_us:
            self._offset_us = offset

    def forget(self) -> None:
        """Begin anew: the line goes on and says nothing of how it lay to what was before."""
        self._before = self._offset_us = None

    def at(self, line_us: int) -> int:
        """Return UTC microseconds of *line_us*."""
        offset = self._offset_us or 0
        return line_us + (offset if self._before is None else min(self._before, offset))


class CatchingUp:
    """Tells when a session that begins with a burst has come to the present.

    Opening a camera takes seconds on a busy machine; what it sent meanwhile lies in buffers and is then read at once. While that
    goes on, the earliest arrival is still to come.
    """

    _WAITED_US = 150_000
    _AT_ONCE_S = 0.4
    """Cameras that send a second at a time are waited for once a second, and for so long that nothing can be in store."""
    _LONGEST_US = 5_000_000

    def __init__(self) -> None:
        self.is_behind = True
        self._first_us: int | None = None
        self._last_us = 0
        self._last_s = 0.0
        self._waited_us = 0

    def begin(self) -> None:
        """Expect a burst again: the camera's clock has jumped."""
        self.is_behind, self._first_us, self._waited_us = True, None, 0

    def see(self, line_us: int, arrival_s: float) -> None:
        """Note that what stands at *line_us* arrived at *arrival_s* (monotonic)."""
        if self._first_us is None:
            self._first_us = line_us
        else:
            step_us = line_us - self._last_us
            waited_s = arrival_s - self._last_s
            is_waited_for = waited_s * 1e6 >= step_us / 2
            self._waited_us = self._waited_us + step_us if is_waited_for else 0
            if waited_s >= self._AT_ONCE_S:
                self._waited_us = self._WAITED_US
            # A camera that goes on in this way for so long has more in store than anybody wants to wait for.
            is_long = line_us - self._first_us >= self._LONGEST_US
            self.is_behind = self._waited_us < self._WAITED_US and not is_long
        self._last_us, self._last_s = line_us, arrival_s
