"""Parameter sets of encoders that libav's own encoders stand for."""

import pytest

from gtvision_edge.media.embedded.nal import ParameterSets, merge_sets, read_access_unit
from gtvision_edge.media.embedded.sps import BrokenParameterSetError, read_picture
from tests.fakes.clips import ClipSpec, VideoName, render_clip


def sets_of(codec: VideoName, width: int, height: int) -> ParameterSets:
    clip = render_clip(ClipSpec(video=codec, width=width, height=height, seconds=1.0, fps=5))
    sets: ParameterSets | None = None
    for unit in clip.tracks[0].parameter_sets:
        found = read_access_unit(codec, b"\x00\x00\x01" + unit).sets
        sets = merge_sets(sets, found) if found else sets
    assert sets is not None
    return sets


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("size", [(320, 180), (352, 288), (1280, 720), (642, 362)])
def test_the_size_is_read_after_cropping(codec: VideoName, size: tuple[int, int]) -> None:
    picture = read_picture(sets_of(codec, *size))

    assert (picture.width, picture.height) == size
    assert (picture.chroma_format, picture.luma_bits, picture.chroma_bits) == (1, 8, 8)


def test_codec_strings_name_profile_and_level() -> None:
    assert read_picture(sets_of("h264", 320, 180)).codec_string.startswith("avc1.42c0")
    assert read_picture(sets_of("h265", 320, 180)).codec_string == "hvc1.1.6.L60.90"


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_every_cut_of_a_set_is_refused_or_read_but_never_crashes(codec: VideoName) -> None:
    whole = sets_of(codec, 320, 180)

    for length in range(1, len(whole.sps)):
        cut = ParameterSets(codec, whole.sps[:length], whole.pps, whole.vps)
        try:
            read_picture(cut)
        except BrokenParameterSetError:
            continue


def test_an_incomplete_set_says_so() -> None:
    assert not ParameterSets("h265", b"\x42", (b"\x44",)).is_complete
    assert ParameterSets("h264", b"\x67", (b"\x68",)).is_complete
