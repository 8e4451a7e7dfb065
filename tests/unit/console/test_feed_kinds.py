"""The console knows all that the feed tells: what it does not know it passes over in silence."""

import re
from pathlib import Path

import gtvision_edge
from gtvision_edge.alerts.model import FeedKind

SOURCE = Path(gtvision_edge.__file__).parent / "console" / "src" / "state" / "feed.ts"


def test_every_kind_of_message_is_known_to_the_console() -> None:
    found = re.search(r"isKnown = \[([^\]]+)\]", SOURCE.read_text(encoding="utf-8"))
    assert found is not None

    known = set(re.findall(r'"([a-z_]+)"', found[1]))

    assert known == {kind.value for kind in FeedKind} | {"hello", "heartbeat"}
