import asyncio
from pathlib import Path

import pytest

from gtvision_edge.keys import PaperKey, open_keys
from gtvision_edge.papers import PaperError, PaperPrinter
from gtvision_edge.settings import PaperSettings
from tests.fakes.papers import purge_paper
from tests.tools import run_tool


@pytest.fixture
def key(tmp_path: Path) -> PaperKey:
    return open_keys(tmp_path / "state", PaperSettings(), site_id="a-site").paper


async def test_the_daemon_has_papers_made_by_a_child(key: PaperKey, tmp_path: Path) -> None:
    content = await PaperPrinter(key).render(purge_paper())

    path = tmp_path / "p.pdf"
    await asyncio.to_thread(path.write_bytes, content)
    _, verdict = await asyncio.to_thread(run_tool, "pdfsig", str(path))
    assert "Signature is Valid" in verdict


async def test_a_paper_that_cannot_be_made_is_an_error_of_ours(key: PaperKey) -> None:
    nonsense: object = "no paper"

    with pytest.raises(PaperError) as caught:
        await PaperPrinter(key).render(nonsense)  # type: ignore[arg-type]

    assert "Traceback" in str(caught.value.__cause__)
    assert "Traceback" not in caught.value.message


async def test_a_cancelled_paper_leaves_no_child(key: PaperKey) -> None:
    printer = PaperPrinter(key)
    task = asyncio.create_task(printer.render(purge_paper()))
    await asyncio.sleep(0.1)

    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert (await printer.render(purge_paper())).startswith(b"%PDF-")
