"""What is kept of pictures is bounded by bytes, not by their number."""

from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.media.posters import Picture
from gtvision_edge.recordings.thumbnails.kept import KeptPictures


def picture(size: int) -> Picture:
    return Picture(bytes(size), 0, 320, 180)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 130))))
def test_never_more_is_held_than_there_is_room(pictures: list[tuple[int, int]]) -> None:
    kept = KeptPictures(100)
    for number, size in pictures:
        kept.keep((number, 0, 0, 0), picture(size))

        held = [kept.find((each, 0, 0, 0)) for each in range(10)]
        assert sum(len(each.jpeg) for each in held if each) == kept.size_bytes <= 100


def test_the_one_nobody_asked_for_the_longest_goes_first() -> None:
    kept = KeptPictures(100)
    kept.keep((1, 0, 0, 0), picture(40))
    kept.keep((2, 0, 0, 0), picture(40))
    kept.find((1, 0, 0, 0))

    kept.keep((3, 0, 0, 0), picture(40))

    assert kept.find((1, 0, 0, 0)) is not None
    assert kept.find((2, 0, 0, 0)) is None


def test_a_picture_larger_than_the_room_drives_out_no_other() -> None:
    kept = KeptPictures(100)
    kept.keep((1, 0, 0, 0), picture(40))

    kept.keep((2, 0, 0, 0), picture(101))

    assert kept.find((1, 0, 0, 0)) is not None
    assert kept.find((2, 0, 0, 0)) is None
