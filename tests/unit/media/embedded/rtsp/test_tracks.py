"""What DESCRIBE says of a track."""

from gtvision_edge.media.embedded.rtsp import TrackDescription

SPS = b"\x00\x00\x00\x01\x67\x42\xc0\x0d\x01"
PPS = b"\x00\x00\x00\x01\x68\xce\x01"


def test_repeated_parameter_sets_are_announced_once() -> None:
    track = TrackDescription.h264(SPS + PPS + SPS + PPS)

    assert len(track.parameter_sets) == 2
    assert track.media_section(0).count(",") == 1
