"""The export's process tells what went wrong, also what nobody foresaw."""

from dataclasses import replace
from pathlib import Path

import pytest

from gtvision_edge.keys import OpenedKeys
from gtvision_edge.recordings.evidence.errors import ExportFailedError
from gtvision_edge.recordings.evidence.process import run_export
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import hashed, record
from tests.unit.recordings.evidence.conftest import FPS, order_of, ordered


async def test_what_nobody_foresaw_is_told_by_the_process_and_does_not_abort_it(
    tmp_path: Path, keys: OpenedKeys
) -> None:
    file = hashed(record(tmp_path / "cam01_rec", ClipSpec(fps=FPS, seconds=1.0)))
    order = order_of(tmp_path / "a.draft", keys, [ordered("cam01", [file])], end_s=1)
    nameless = replace(order, site={})

    with pytest.raises(ExportFailedError) as failed:
        await run_export(nameless, lambda _: None)

    assert failed.value.details["failure"] == "export_failed"
    assert failed.value.message == "KeyError in the export's process"
    trouble = str(failed.value.__cause__)
    assert "Traceback" in trouble
    assert "Fatal Python error" not in trouble
