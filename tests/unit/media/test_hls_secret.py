"""Where MediaMTX's CDN secret comes from."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gtvision_edge.media.choosing import find_hls_secret
from gtvision_edge.settings import MediaSettings


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path / "edge_mediamtx.env"


def test_the_setting_comes_first(credentials: Path) -> None:
    credentials.write_text("MTX_HLSCDNSECRET=file\n")

    assert find_hls_secret(MediaSettings(hls_secret=SecretStr("setting"))) == "setting"


def test_the_file_of_mediamtxs_unit_is_read(credentials: Path) -> None:
    credentials.write_text("# ours\nMTX_LOGLEVEL=debug\nMTX_HLSCDNSECRET='file'\n")

    assert find_hls_secret(MediaSettings()) == "file"


@pytest.mark.parametrize("text", [None, "", "MTX_HLSCDNSECRET=\n", "nonsense"])
def test_without_either_there_is_none(credentials: Path, text: str | None) -> None:
    if text is not None:
        credentials.write_text(text)

    assert find_hls_secret(MediaSettings()) is None
