import importlib
import inspect
import pkgutil
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import gtvision_edge
from gtvision_edge.api.errors import status_of
from gtvision_edge.api.routing import PUBLIC
from gtvision_edge.errors import EdgeError, FatalError
from tests.unit.api.conftest import Served

SERVED = {"errors", "storage", "accounts", "cameras", "mosaics", "api"}
"""Modules and packages whose failures reach a client below the prefix."""

SAID_ELSEWHERE = {
    # the root of a family, and what nobody foresaw
    "camera_error",
    "internal",
    # by the server for any path
    "unknown_route",
    "malformed_request",
    "method_not_allowed",
    # folded into the faults of invalid_input
    "unknown_vendor",
    "invalid_address",
}
"""Codes that no operation names, each with the reason."""


async def _document(served: Served) -> dict[str, Any]:
    status, document = await served.call("GET", "/openapi.json")
    assert status == 200
    assert isinstance(document, dict)
    return document


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


async def test_the_document_is_valid_openapi(served: Served) -> None:
    document = await _document(served)

    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"].startswith("3.1")


async def test_it_describes_exactly_the_routes_there_are(served: Served) -> None:
    described = set(_operations(await _document(served)))
    served_routes = {
        (route.method, route.resource.canonical)
        for route in served.api.application.router.routes()
        if route.resource is not None
        and route.resource.canonical.startswith("/api/")
        and route.method != "HEAD"
    }

    assert described == served_routes - {("GET", "/api/v1/openapi.json")}


async def test_operation_ids_are_unique(served: Served) -> None:
    operations = _operations(await _document(served)).values()
    ids = [operation["operationId"] for operation in operations]

    assert len(ids) == len(set(ids))


async def test_every_operation_says_who_may_and_names_its_errors(served: Served) -> None:
    operations = _operations(await _document(served))
    for endpoint in served.endpoints:
        operation = operations[endpoint.method, endpoint.full_path]
        codes = {
            code
            for response in operation["responses"].values()
            for code in response.get("x-codes", [])
        }
        assert {error.code for error in endpoint.errors} <= codes
        if endpoint.access == PUBLIC:
            assert operation["security"] == []
        else:
            assert operation["x-roles"] == sorted(endpoint.access)
            assert {"not_authenticated", "not_permitted"} <= codes
        if endpoint.body is not None:
            assert "invalid_input" in codes
            assert operation["requestBody"]


def _error_classes() -> dict[str, type[EdgeError]]:
    for module in pkgutil.walk_packages(gtvision_edge.__path__, "gtvision_edge."):
        if module.name.endswith(".errors"):
            importlib.import_module(module.name)
    found: dict[str, type[EdgeError]] = {}
    waiting = [EdgeError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("gtvision_edge.") and not issubclass(kind, FatalError):
            assert kind.code not in found or found[kind.code] is kind, f"{kind.code} twice"
            found[kind.code] = kind
    return found


async def test_codes_and_classes_are_the_same(served: Served) -> None:
    document = await _document(served)
    described = {
        code: int(status)
        for operation in _operations(document).values()
        for status, response in operation["responses"].items()
        for code in response.get("x-codes", [])
    }
    classes = _error_classes()

    assert {code: status_of(classes[code]) for code in described} == described
    ours = {code for code, kind in classes.items() if kind.__module__.split(".")[1] in SERVED}
    assert ours - set(described) == SAID_ELSEWHERE
    for kind in classes.values():
        assert inspect.getdoc(kind), kind


async def test_what_is_json_is_described_as_json_and_the_rest_as_bytes(served: Served) -> None:
    operations = _operations(await _document(served))

    def content(path: str, method: str, where: str) -> dict[str, Any]:
        found = operations[method, f"/api/v1{path}"]
        told = found["requestBody"] if where == "request" else found["responses"][where]
        return {media: each["schema"]["type"] for media, each in told["content"].items()}

    assert content("/cameras.geojson", "GET", "200") == {"application/geo+json": "object"}
    assert content("/detections/{detection_id}/scene.jpg", "GET", "200") == {"image/jpeg": "string"}
    assert content("/webhooks/hikvision/{secret}", "POST", "request") == {
        "multipart/form-data": "string",
        "application/xml": "string",
        "application/json": "object",
    }
