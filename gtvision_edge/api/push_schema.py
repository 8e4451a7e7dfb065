"""What is said of the customer's webhook in the OpenAPI document: its body, which is read before any model could, and its headers."""

from typing import Any, Final

WEBHOOK_BODY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["camera_id", "timestamp"],
    "properties": {
        "camera_id": {"type": "string", "minLength": 1, "maxLength": 64},
        "placa": {
            "type": ["string", "null"],
            "maxLength": 64,
            "description": "null or empty: a vehicle whose plate was not read.",
        },
        "timestamp": {
            "type": "string",
            "minLength": 1,
            "maxLength": 48,
            "description": "When it was read: RFC 3339 with its offset. A signature in the body is good for five minutes around it.",
            "examples": ["2026-03-14T09:26:53-03:00"],
        },
        "confianca": {
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": 100,
            "description": "0 to 1; above 1 it counts in hundredths. Signed as the number is written.",
        },
        "imagem_url": {
            "type": ["string", "null"],
            "maxLength": 2048,
            "description": "Where the box fetches the picture: an http or https address of a JPEG.",
        },
        "signature": {
            "type": ["string", "null"],
            "maxLength": 200,
            "description": "Hex HMAC-SHA256; see the operation. Not needed where the headers sign.",
        },
        "sentido": {
            "type": ["string", "null"],
            "maxLength": 32,
            "description": "The sender's word for the direction. Taken where the headers sign.",
        },
        "area_placa": {
            "type": ["array", "null"],
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 4,
            "maxItems": 4,
            "description": "left, top, width, height of the plate in the picture, of the picture's size. Taken where the headers sign.",
        },
    },
    "examples": [
        {
            "camera_id": "cam01",
            "placa": "ABC1D23",
            "timestamp": "2026-03-14T09:26:53-03:00",
            "confianca": 0.95,
            "imagem_url": "http://10.20.0.64/pic.jpg",
            "signature": "c4d425321eed263d21db4796039ee715087edf2587e6cf4f16386bdccbcfa1da",
        }
    ],
}
"""The example is the first of ``config/webhook-vectors.json``."""

WEBHOOK_HEADERS: Final = {
    "webhook-id": "Standard Webhooks: the message's own id, the same when it is sent again; with another plate or time it is another reading.",
    "webhook-timestamp": "Standard Webhooks: when it is sent, Unix seconds; good for five minutes, however old the reading is.",
    "webhook-signature": (
        "Standard Webhooks: v1,base64(HMAC-SHA256(key = what follows whsec_, base64-decoded; text = webhook-id.webhook-timestamp.body))."
        " With it, `signature` in the body is not looked at."
    ),
}
