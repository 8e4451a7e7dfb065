"""What may be said of a camera: names, places and addresses, each fault by the field it is in."""

import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from gtvision_edge.accounts.errors import NotPermittedError
from gtvision_edge.accounts.model import Principal
from gtvision_edge.cameras import repository
from gtvision_edge.cameras.address import Address, check_address
from gtvision_edge.cameras.errors import InvalidAddressError, UnknownVendorError
from gtvision_edge.cameras.model import Place, ProbeRequest
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Transaction

MAX_NAME: Final = 80


def require_may_add(principal: Principal) -> None:
    """Return if who asks may have further cameras.

    Raises:
        NotPermittedError: they are limited to some cameras, so none that is new would be theirs.

    """
    if principal.camera_ids is not None:
        raise NotPermittedError("Who is limited to some cameras cannot add others.")


def checked_address(request: ProbeRequest, faults: list[dict[str, str]]) -> Address:
    """Return the checked address; raise for its fault and for those collected before."""
    try:
        address = check_address(request)
    except InvalidAddressError as error:
        faults.append(fault(str(error.details.get("field", "")), error.message))
    except UnknownVendorError as error:
        faults.append(fault("vendor", error.message))
    else:
        if not faults:
            return address
    raise InvalidInputError("The camera cannot be like this.", faults=faults)


def checked_name(name: str, faults: list[dict[str, str]]) -> str:
    """Return the name as it is stored; what is wrong is added to *faults*."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME or not _is_plain_text(name):
        faults.append(fault("name", f"1 to {MAX_NAME} characters, no control characters"))
    return name


def checked_place(place: Place, faults: list[dict[str, str]]) -> Place:
    """Return the place as it is stored; what is wrong is added to *faults*."""
    with _fault_at("place.latitude", faults):
        _check_number(place.latitude, -90, 90)
    with _fault_at("place.longitude", faults):
        _check_number(place.longitude, -180, 180)
    with _fault_at("place.bearing", faults):
        _check_number(place.bearing, 0, 360)
    if (place.latitude is None) != (place.longitude is None):
        faults.append(fault("place", "latitude and longitude go together"))
    if len(place.label) > MAX_NAME or not _is_plain_text(place.label):
        faults.append(fault("place.label", f"at most {MAX_NAME} characters, no control characters"))
    return replace(place, label=place.label.strip())


@contextmanager
def _fault_at(path: str, faults: list[dict[str, str]]) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        faults.append(fault(path, str(error)))


def _check_number(number: float | None, low: float, high: float) -> None:
    if number is not None and not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"must be from {low} to {high}")


def _is_plain_text(text: str) -> bool:
    return not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)


def fault(path: str, message: str) -> dict[str, str]:
    return {"path": path, "message": message}


def check_tenant_exists(transaction: Transaction, tenant_id: str) -> None:
    if not repository.tenant_exists(transaction, tenant_id):
        raise InvalidInputError(
            "The camera cannot be like this.",
            faults=[fault("tenant_id", "there is no such tenant")],
        )


def unasked() -> InvalidInputError:
    return InvalidInputError(
        "The camera cannot be like this.",
        faults=[fault("skip_probe", "this camera must be asked for its addresses; or type them")],
    )
