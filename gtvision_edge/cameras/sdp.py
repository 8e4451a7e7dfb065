"""The part of SDP (RFC 8866) that cameras use; whatever is odd is skipped, never an error."""

from dataclasses import dataclass, field
from typing import Final

_MAX_TRACKS: Final = 16
_STATIC_CODECS: Final = {"0": "pcmu", "8": "pcma", "9": "g722", "14": "mpa", "26": "jpeg"}
_STATIC_RATES: Final = {"0": 8000, "8": 8000, "9": 8000, "14": 90000, "26": 90000}
_NAMES: Final = {"hevc": "h265", "mpeg4-generic": "aac", "mp4a-latm": "aac"}


@dataclass(frozen=True, slots=True)
class Track:
    """One medium a camera offers. *codec* is lower case: h264, h265, jpeg, aac, pcma, pcmu, g726-16 …; '' = not said."""

    kind: str
    codec: str
    clock_rate: int | None = None
    framerate: float | None = None
    control: str = ""
    is_back_channel: bool = False
    """Sound the camera wants to receive (ONVIF), not send."""
    parameters: dict[str, str] = field(default_factory=dict, hash=False)


def parse_sdp(text: str) -> tuple[Track, ...]:
    """Return the tracks of *text*, in their order, at most 16."""
    sections: list[list[tuple[str, str]]] = []
    for line in text.replace("\r", "\n").split("\n"):
        key, found, value = line.strip().partition("=")
        if not found:
            continue
        if key == "m":
            sections.append([])
        if sections:
            sections[-1].append((key, value.strip()))
    return tuple(_track(section) for section in sections[:_MAX_TRACKS])


def _track(section: list[tuple[str, str]]) -> Track:
    words = section[0][1].split()
    kind = words[0].lower() if words else ""
    payload = words[3] if len(words) > 3 else ""
    codec, rate = _STATIC_CODECS.get(payload, ""), _STATIC_RATES.get(payload)
    framerate: float | None = None
    control = ""
    parameters: dict[str, str] = {}
    back_channel = False
    for key, value in section:
        if key != "a":
            continue
        name, _, rest = value.partition(":")
        match name.strip().lower():
            case "rtpmap":
                number, _, encoding = rest.strip().partition(" ")
                if number == payload and encoding:
                    named, *numbers = encoding.strip().split("/")
                    codec = _NAMES.get(named.lower(), named.lower())
                    rate = int(numbers[0]) if numbers and _is_number(numbers[0]) else None
            case "fmtp":
                _, _, listed = rest.strip().partition(" ")
                for part in listed.split(";"):
                    parameter, _, setting = part.strip().partition("=")
                    if parameter:
                        parameters[parameter.lower()] = setting
            case "control":
                control = rest.strip()
            case "framerate" | "x-framerate":
                framerate = _positive(rest)
            case "sendonly":
                # From the camera's side of the offer it is we who send.
                back_channel = kind == "audio"
            case _:
                pass
    return Track(kind, codec, rate, framerate, control, back_channel, parameters)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _positive(text: str) -> float | None:
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if 0 < number < 1000 else None
