"""A missing part: a skip for a person, a failure in CI, and MediaMTX alone may be missing there too."""

import pytest

from tests import parts


def missing_chromium(item: pytest.Item, monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    item.add_marker("chromium")


def test_a_missing_program_is_a_skip_that_names_it(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing_chromium(request.node, monkeypatch, "")
    with pytest.raises(pytest.skip.Exception, match="chromium is not installed"):
        parts.require(request.node)


def test_in_ci_it_is_a_failure(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing_chromium(request.node, monkeypatch, "true")
    with pytest.raises(pytest.fail.Exception, match="chromium is not installed"):
        parts.require(request.node)


def test_mediamtx_may_be_missing_in_ci(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(parts, "BINARY", "")
    request.node.add_marker("mediamtx")
    with pytest.raises(pytest.skip.Exception, match="MEDIAMTX_BIN is not set"):
        parts.require(request.node)


def test_what_is_there_is_no_obstacle(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/usr/bin/chromium")
    request.node.add_marker("chromium")
    parts.require(request.node)
