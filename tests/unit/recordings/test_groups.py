import pytest

from gtvision_edge.recordings.groups import pack_groups, unpack_groups
from gtvision_edge.recordings.model import Group

GROUPS = (
    Group(offset=900, size=1_000_000, start_us=0, key_us=0, length_us=2_000_000),
    Group(offset=1_000_900, size=127, start_us=2_000_000, key_us=2_400_000, length_us=1_960_000),
    Group(offset=1_001_100, size=2**33, start_us=4_000_000, key_us=4_000_000, length_us=1),
)


def test_groups_come_back_as_they_were_packed() -> None:
    assert unpack_groups(pack_groups(GROUPS, init_bytes=800), init_bytes=800) == GROUPS


def test_a_minute_of_groups_is_small() -> None:
    minute = [
        Group(800 + 10**6 * n, 10**6, 2 * 10**6 * n, 2 * 10**6 * n, 2 * 10**6) for n in range(30)
    ]

    assert len(pack_groups(minute, init_bytes=800)) < 320


def test_groups_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="follow"):
        pack_groups(GROUPS[::-1], init_bytes=800)


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_a_cut_column_is_told(cut: int) -> None:
    with pytest.raises(ValueError, match="cut off"):
        unpack_groups(pack_groups(GROUPS, init_bytes=800)[:-cut], init_bytes=800)
