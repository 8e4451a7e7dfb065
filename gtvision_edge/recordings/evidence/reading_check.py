"""Checks that the plate readings of a bundle are those that its manifest tells of."""

from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.claims import Manifest, OddDocumentError, read_readings
from gtvision_edge.recordings.evidence.proofs import Blame


def check_readings(manifest: Manifest, content: bytes, verdict: Blame) -> None:
    """Compare the list of readings, *content*, with *manifest*; that the files are as they were signed is looked at elsewhere."""
    told = manifest.readings
    if told is None:
        verdict.blame(layout.MANIFEST, "odd_manifest")
        return
    try:
        readings = read_readings(content).readings
    except OddDocumentError:
        verdict.blame(layout.READINGS, "odd_readings")
        return
    listed = {each.path: each.sha256 for each in manifest.files}
    named = set()
    for reading in readings:
        for picture in reading.pictures.values():
            path = picture.path
            if path is None:
                verdict.remark("reading_picture_not_there", reading=reading.detection_id[:60])
                continue
            named.add(path)
            if listed.get(path) != picture.sha256:
                verdict.blame(layout.READINGS, "two_hashes", file=path[:200])
            if picture.received_sha256 != picture.sha256:
                verdict.remark("picture_not_as_received", file=path[:200])
    if len(readings) != told.count:
        verdict.blame(layout.READINGS, "other_readings", count=len(readings), told=told.count)
    for path in sorted(set(filter(layout.is_reading_picture, listed)) - named):
        verdict.blame(path, "of_no_reading")
    if told.left_out:
        verdict.remark("readings_left_out", count=told.left_out)
