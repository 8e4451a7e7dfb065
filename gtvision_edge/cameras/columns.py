"""What of an address, of a probe and of a change is stored, and what of it the audit log says."""

from typing import Any

from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.model import Camera, ProbeReport
from gtvision_edge.runtime.logs import mask_secrets


def address_columns(address: Address) -> dict[str, Any]:
    return {
        "vendor": address.vendor,
        "host": address.host,
        "rtsp_port": address.rtsp_port,
        "http_port": address.http_port,
        "onvif_port": address.onvif_port,
        "channel": address.channel,
        "username": address.username,
        "has_password": bool(address.password.get_secret_value()),
        "main_url": address.main_url,
        "sub_url": address.sub_url,
    }


def probe_columns(report: ProbeReport | None, *, now_us: int) -> dict[str, Any]:
    """Return what is stored of a probe that ended *now_us*; None = there was none, and an earlier one says nothing any more."""
    return {
        "main_profile": report.main if report else None,
        "sub_profile": report.sub if report else None,
        "warnings": report.warnings if report else (),
        "device": report.device if report else None,
        "clock_offset_s": report.clock_offset_s if report else None,
        "probed_us": now_us if report else None,
    }


def facts(camera: Camera) -> dict[str, object]:
    """Return what the audit log says of a camera that comes or goes."""
    return {"name": camera.name, "vendor": camera.vendor, "host": camera.host}


def changed_facts(before: Camera, after: Camera) -> dict[str, object]:
    """Name what a person changed, with its new value where that is short and no secret."""
    found: dict[str, object] = {}
    for name in ("name", "tenant_id", "vendor", "host", "rtsp_port", "http_port", "onvif_port"):
        if getattr(before, name) != getattr(after, name):
            found[name] = getattr(after, name)
    for name in ("channel", "username", "record", "enabled"):
        if getattr(before, name) != getattr(after, name):
            found[name] = getattr(after, name)
    for name in ("main_url", "sub_url"):
        if getattr(before, name) != getattr(after, name):
            found[name] = mask_secrets(getattr(after, name) or "")
    if before.place != after.place:
        found["place"] = after.place.label or "changed"
    return found
