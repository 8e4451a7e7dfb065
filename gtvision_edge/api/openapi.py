"""The OpenAPI 3.1 description, made from the endpoints themselves."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gtvision_edge.accounts.errors import (
    NotAuthenticatedError,
    NotPermittedError,
    PasswordChangeRequiredError,
)
from gtvision_edge.api.auth import SESSION_COOKIE
from gtvision_edge.api.beside import BESIDE
from gtvision_edge.api.errors import (
    PROBLEM_TYPE,
    BodyTooLargeError,
    BodyTooSlowError,
    ForeignOriginError,
    status_of,
)
from gtvision_edge.api.routing import PUBLIC, Endpoint
from gtvision_edge.errors import EdgeError, InvalidInputError
from gtvision_edge.storage import StorageError

Components = Mapping[tuple[type[BaseModel], Literal["validation", "serialization"]], str]
"""Reference of each model, as it is sent to us or by us."""

_REF: Final = "#/components/schemas/{model}"

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; some codes bring further members.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "retry_after_s": {"type": "integer"},
        "incident": {"type": "string", "description": "Stands in the log too."},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def describe(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of *endpoints*, and of what is served beside them."""
    endpoints = (*endpoints, *BESIDE)
    schemas, component = _schemas(endpoints)
    schemas["Problem"] = _PROBLEM
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for endpoint in endpoints:
        paths[endpoint.full_path][endpoint.method.lower()] = _operation(endpoint, component)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GT-Vision Edge",
            "version": version,
            "description": "The recorder of a camera site. Errors are RFC 9457 problems with a stable `code`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({endpoint.tag for endpoint in endpoints})],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            },
        },
    }


def all_errors(endpoint: Endpoint) -> list[type[EdgeError]]:
    """Return every foreseen error of *endpoint*: its own and those the server itself adds."""
    errors: list[type[EdgeError]] = [*endpoint.errors, *endpoint.ids.values(), StorageError]
    if endpoint.access != PUBLIC:
        errors += [NotAuthenticatedError, NotPermittedError]
        if not endpoint.with_provisional_password:
            errors.append(PasswordChangeRequiredError)
        if endpoint.method != "GET":
            errors.append(ForeignOriginError)
    if endpoint.body is not None:
        errors += [InvalidInputError, BodyTooLargeError, BodyTooSlowError]
    elif endpoint.accepts:
        errors += [BodyTooLargeError, BodyTooSlowError]
    if endpoint.query is not None:
        errors.append(InvalidInputError)
    return sorted(set(errors), key=lambda error: error.code)


def _schemas(
    endpoints: Iterable[Endpoint],
) -> tuple[dict[str, Any], Components]:
    wanted: dict[tuple[type[BaseModel], Literal["validation", "serialization"]], None] = {}
    for endpoint in endpoints:
        if endpoint.body is not None:
            wanted[endpoint.body, "validation"] = None
        if isinstance(endpoint.response, type):
            wanted[endpoint.response, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=_REF)
    names = {(model, mode): references[model, mode]["$ref"] for model, mode in wanted}
    return definitions.get("$defs", {}), names


def _operation(endpoint: Endpoint, component: Components) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "tags": [endpoint.tag],
        "responses": _responses(endpoint, component),
        "security": [] if endpoint.access == PUBLIC else [{"bearer": []}, {"cookie": []}],
    }
    description = [endpoint.description] if endpoint.description else []
    if endpoint.access != PUBLIC:
        roles = ", ".join(sorted(endpoint.access))
        description.append(f"For: {roles}.")
        operation["x-roles"] = sorted(endpoint.access)
    if description:
        operation["description"] = " ".join(description)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    parameters += _query_parameters(endpoint)
    parameters += [
        {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        for name, text in endpoint.headers.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        reference = {"$ref": component[endpoint.body, "validation"]}
        is_optional = not any(field.is_required() for field in endpoint.body.model_fields.values())
        operation["requestBody"] = {
            "required": not is_optional,
            "content": {"application/json": {"schema": reference}},
        }
    elif endpoint.accepts:
        operation["requestBody"] = {
            "required": True,
            "content": {
                each: {"schema": _schema_of(each, endpoint.accepted)} for each in endpoint.accepts
            },
        }
    return operation


def _schema_of(media_type: str, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what is said of a body that no model describes; *told* is its schema where it is JSON."""
    if media_type.endswith(("/json", "+json")):
        return dict(told or {"type": "object"})
    return {"type": "string", "format": "binary"}


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(ref_template=_REF)
    definitions = schema.get("$defs", {})
    parameters = []
    for name, member in schema["properties"].items():
        described = dict(member)
        text = described.pop("description", "")
        if "$ref" in described:  # an enumeration: parameters carry it themselves
            described = definitions[described["$ref"].rpartition("/")[2]]
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "description": text,
                "schema": described,
            }
        )
    return parameters


def _responses(endpoint: Endpoint, component: Components) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    if isinstance(endpoint.response, str):
        success["content"] = {endpoint.response: {"schema": _schema_of(endpoint.response)}}
    elif endpoint.response is not None:
        reference = {"$ref": component[endpoint.response, "serialization"]}
        success["content"] = {"application/json": {"schema": reference}}
    responses = {str(endpoint.status): success}
    by_status: dict[int, list[type[EdgeError]]] = defaultdict(list)
    for error in all_errors(endpoint):
        by_status[status_of(error)].append(error)
    for status, errors in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "\n".join(
                f"- `{error.code}`: {(inspect.getdoc(error) or '').splitlines()[0]}"
                for error in errors
            ),
            "x-codes": [error.code for error in errors],
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])
