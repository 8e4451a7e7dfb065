"""What is written down of things that leave a line undone."""

import hashlib

from gtvision_edge.lines.tally import Leaving, tally


def test_they_are_counted_by_kind_and_known_again_by_their_names_alone() -> None:
    told = tally(
        [Leaving("b", "lpr", 10, 7), Leaving("a", "disk", 5, 3), Leaving("c", "lpr", 1, 9)]
    )

    assert (told.count, told.kinds) == (3, {"lpr": 2, "disk": 1})
    assert (told.size_bytes, told.first_us, told.last_us) == (16, 3, 9)
    assert told.names_sha256 == hashlib.sha256(b"b\na\nc").hexdigest()
