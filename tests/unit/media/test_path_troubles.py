"""What is wrong with a path is told when it comes, when it changes and when it goes, and once each."""

from structlog.testing import capture_logs

from gtvision_edge.media.path_troubles import PathTrouble, PathTroubles
from gtvision_edge.media.paths import PathUse
from gtvision_edge.runtime.findings import Finding
from tests.fakes.clock import FakeClock


async def test_a_trouble_is_told_once_with_its_beginning_and_its_end(clock: FakeClock) -> None:
    troubles = PathTroubles(clock)
    began_us = clock.now_us()

    with capture_logs() as logs:
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
    assert (troubles.of("cam01"), troubles.codes) == ([], {"cam02_live": "not_applied"})
    assert [(each["event"], each["path"], each["code"]) for each in logs] == [
        ("media_path_wrong", "cam01_rec", "media_server_refused"),
        ("media_path_wrong", "cam01_rec", "not_applied"),
        ("media_path_wrong", "cam02_live", "not_applied"),
        ("media_path_right", "cam01_rec", "not_applied"),
    ]


def test_the_cameras_in_trouble_are_one_finding(clock: FakeClock) -> None:
    troubles = PathTroubles(clock)
    none = troubles.findings()
    troubles.note(
        {"cam02_rec": "not_applied", "cam02_live": "not_applied", "cam01_ai": "not_applied"}
    )

    assert none == []
    assert troubles.findings() == [
        Finding("media_path_wrong", facts={"cameras": ["cam01", "cam02"]})
    ]
