"""What is wrong with a path is told when it comes, when it changes and when it goes, and once each."""

from gtvision_edge.media.path_troubles import (
    PathTrouble,
    PathTroubleCleared,
    PathTroubleRaised,
    PathTroubles,
)
from gtvision_edge.media.paths import PathUse
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus


async def test_a_trouble_is_told_once_with_its_beginning_and_its_end(clock: FakeClock) -> None:
    bus = RememberingBus()
    troubles = PathTroubles(bus, clock)
    began_us = clock.now_us()

    troubles.note({"cam01_rec": "media_server_refused"})
    await clock.advance(60)
    troubles.note({"cam01_rec": "media_server_refused"})
    standing = list(troubles.of("cam01"))
    troubles.note({"cam01_rec": "not_applied", "cam02_live": "not_applied"})
    changed_us = clock.now_us()
    changed = list(troubles.of("cam01"))
    troubles.note({"cam02_live": "not_applied"})

    assert standing == [PathTrouble(PathUse.RECORD, "media_server_refused", began_us)]
    assert changed == [PathTrouble(PathUse.RECORD, "not_applied", changed_us)]
    assert (troubles.of("cam01"), troubles.any_code()) == ([], "not_applied")
    assert bus.events == [
        PathTroubleRaised("cam01", PathUse.RECORD, "media_server_refused"),
        PathTroubleRaised("cam01", PathUse.RECORD, "not_applied"),
        PathTroubleRaised("cam02", PathUse.LIVE, "not_applied"),
        PathTroubleCleared("cam01", PathUse.RECORD, "not_applied"),
    ]
