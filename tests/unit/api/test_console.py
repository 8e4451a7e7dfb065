from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gtvision_edge.api.console import Console, load_console


def _text(response: web.Response | None) -> str:
    assert response is not None
    assert isinstance(response.body, bytes)
    return response.body.decode()


def test_a_console_that_was_not_built_says_so_and_how() -> None:
    response = Console({}).respond(make_mocked_request("GET", "/"))

    assert response is not None
    assert response.status == 503
    assert "make console" in _text(response)


def test_a_path_that_is_no_file_is_not_the_console() -> None:
    console = Console({"index.html": b"index", "icons/a.svg": b"<svg/>"})

    def served(path: str) -> str | None:
        response = console.respond(make_mocked_request("GET", path))
        return None if response is None else _text(response)

    assert served("/") == served("/index.html") == "index"
    assert served("/icons/a.svg") == "<svg/>"
    for path in (
        "/docs",
        "/cameras/cam01",
        "/icons/b.svg",
        "/api/v1/x",
        "/stream/x",
        "/ws/live/x",
        "/assets/x",
        "/../x.py",
    ):
        assert served(path) is None


def test_the_package_loads_what_was_built() -> None:
    response = load_console().respond(make_mocked_request("GET", "/"))

    assert response is not None
    assert response.status in (200, 503)  # built or not, it answers


def test_a_service_worker_is_a_script_that_is_asked_for_anew_each_time() -> None:
    console = Console({"sw.js": b"self", "manifest.webmanifest": b"{}"})

    worker = console.respond(make_mocked_request("GET", "/sw.js"))
    manifest = console.respond(make_mocked_request("GET", "/manifest.webmanifest"))

    assert worker is not None
    assert manifest is not None
    assert worker.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert worker.headers["Cache-Control"] == "no-cache"
    assert manifest.headers["Content-Type"] == "application/manifest+json"
