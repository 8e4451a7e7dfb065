"""What is published for integrators and the hub is what this program does."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.detections.acceptance import KIND, SCHEMA, news_of
from gtvision_edge.detections.model import Detection, DetectionId, TimeSource, TrustLevel
from gtvision_edge.detections.sources.generic import read_webhook
from gtvision_edge.detections.sources.signatures import is_signed_body, is_signed_fields

CONFIG = Path(__file__).parents[2] / "config"
VECTORS: dict[str, Any] = json.loads((CONFIG / "webhook-vectors.json").read_text("utf-8"))
ID = "0199c0de-0000-7000-8000-000000000001"


def detection(**changes: Any) -> Detection:
    values: dict[str, Any] = {
        "detection_id": DetectionId(ID),
        "camera_uuid": CameraUuid("u-1"),
        "camera_id": "cam01",
        "tenant_id": "default",
        "captured_us": 1_773_491_213_120_000,
        "received_us": 1_773_491_213_000_000,
        "time_source": TimeSource.CAMERA,
        "plate": "ABC1D23",
        "vehicle": "ABC1323",
        "plate_sent": "abc-1d23",
        "confidence": 0.95,
        "source": "hikvision",
        "trust": TrustLevel.SIGNED,
        "is_late": False,
        "passage_id": DetectionId(ID),
        "facts": {"direction": "forward", "lane": 2, "vehicle": {"color": "silver"}},
        "scene": "a" * 64,
        "crop": "b" * 64,
    }
    return Detection(**values | changes)


@pytest.mark.parametrize(
    "vector", VECTORS["body_signature"]["vectors"], ids=lambda each: each["case"]
)
def test_published_signatures_inside_a_body_are_ours(vector: dict[str, str]) -> None:
    secret = VECTORS["secret"]
    message = read_webhook(vector["body"].encode())

    made = hmac.new(secret.encode(), vector["signed_text"].encode(), hashlib.sha256).hexdigest()

    assert vector["signature"] == message.signature == made
    assert is_signed_fields([secret], message.fields, message.signature)
    assert not is_signed_fields(["whsec_b3RoZXI="], message.fields, message.signature)


@pytest.mark.parametrize(
    "vector", VECTORS["header_signature"]["vectors"], ids=lambda each: each["case"]
)
def test_published_signatures_of_headers_are_ours(vector: dict[str, str]) -> None:
    secret = VECTORS["secret"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{vector['webhook-id']}.{vector['webhook-timestamp']}.{vector['body']}"
    made = base64.b64encode(hmac.digest(key, signed.encode(), "sha256")).decode()

    def is_signed(body: str) -> bool:
        return is_signed_body(
            [secret],
            message_id=vector["webhook-id"],
            timestamp=vector["webhook-timestamp"],
            body=body.encode(),
            header=vector["webhook-signature"],
        )

    assert vector["webhook-signature"] == f"v1,{made}"
    assert is_signed(vector["body"])
    assert not is_signed(vector["body"] + " ")
    read_webhook(vector["body"].encode())


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONFIG / "schemas" / SCHEMA).read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return found


def faults(data: Any) -> list[str]:
    # What goes over the line, not Python's idea of it.
    found = Draft202012Validator(schema()).iter_errors(json.loads(json.dumps(data)))
    return [each.json_path for each in found]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"plate": None, "vehicle": None, "plate_sent": "", "confidence": None},
        {"facts": {}, "scene": None, "crop": None},
        *({"trust": each} for each in TrustLevel),
        *({"time_source": each} for each in TimeSource),
        *({"source": each} for each in ("webhook", "hikvision", "itsapi", "snapmanager")),
    ],
)
def test_what_the_hub_is_sent_keeps_to_its_schema(changes: dict[str, Any]) -> None:
    data = news_of(detection(**changes), "Av Central").data

    assert faults(data) == []
    assert set(data) == set(schema()["required"]) == set(schema()["properties"])


@pytest.mark.parametrize(
    "broken",
    [{"placa": "abc-1d23"}, {"confianca": 95}, {"timestamp": "2026-03-14 09:26:53"}, {"id": "7"}],
)
def test_the_schema_refuses_what_is_none_of_ours(broken: dict[str, Any]) -> None:
    assert faults({**news_of(detection(), "x").data, **broken}) == [f"$.{next(iter(broken))}"]


def test_the_schema_is_named_by_the_type_it_describes() -> None:
    assert schema()["$id"] == f"urn:gtvision:schema:{SCHEMA}"
    assert "br.gtvision." + SCHEMA.removesuffix(".json") == KIND
