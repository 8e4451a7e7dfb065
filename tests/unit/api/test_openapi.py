import asyncio
import importlib
import inspect
import json
import pkgutil
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import gtvision_edge
from gtvision_edge.api.beside import BESIDE
from gtvision_edge.api.errors import status_of
from gtvision_edge.api.routing import PUBLIC
from gtvision_edge.detections.sources.vectors import read_vectors
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
    beside = {(each.method, each.full_path) for each in BESIDE}
    described = set(_operations(await _document(served)))
    served_routes = {
        (route.method, route.resource.canonical)
        for route in served.api.application.router.routes()
        if route.resource is not None
        and route.resource.canonical.startswith("/api/")
        and route.method != "HEAD"
    }

    assert described - beside == served_routes - {("GET", "/api/v1/openapi.json")}
    assert beside <= described  # that these are served is seen at the whole daemon


async def test_the_webhook_is_described_field_by_field(served: Served) -> None:
    operation = _operations(await _document(served))["POST", "/api/v1/webhooks/lpr"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}

    assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    vectors = json.loads(await asyncio.to_thread(read_vectors))
    bodies = [
        json.loads(each["body"])
        for kind in ("body_signature", "header_signature")
        for each in vectors[kind]["vectors"]
    ]
    check = Draft202012Validator(schema)
    assert [body for body in bodies if not check.is_valid(body)] == []
    assert schema["examples"] == bodies[:1]
    assert not check.is_valid(bodies[0] | {"confianca": "0.95"})


@pytest.mark.parametrize("path", ["/api/v1/detections", "/api/v1/alerts", "/ws/alerts"])
async def test_each_parameter_of_what_goes_out_is_described(served: Served, path: str) -> None:
    parameters = _operations(await _document(served))["GET", path]["parameters"]

    assert [each["name"] for each in parameters if not each["description"]] == []


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
