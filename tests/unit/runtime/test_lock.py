from pathlib import Path

import pytest

from gtvision_edge.runtime.lock import AlreadyRunningError, StateFolderError, sole_use


def test_a_second_daemon_over_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        sole_use(tmp_path / "state"),
        pytest.raises(AlreadyRunningError),
        sole_use(tmp_path / "state"),
    ):
        pass

    with sole_use(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateFolderError), sole_use(tmp_path / "file" / "state"):
        pass
