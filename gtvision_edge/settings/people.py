"""The sections of who is let in, and of what is signed for them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from gtvision_edge.settings.values import AbsolutePath, Duration, Section, parse_duration


class AccountSettings(Section):
    access_token: Duration = 900.0
    refresh_token: Duration = 2592000.0
    ticket: Duration = 30.0
    login_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    login_lockout: Duration = 900.0


_MAX_KEYS = 8
_FIXED_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "name"})


class IssuerKeySettings(Section):
    """Public keys in PEM, written here or in a file."""

    pem: str | None = None
    file: Path | None = None
    kid: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> "IssuerKeySettings":
        if (self.pem is None) == (self.file is None):
            raise ValueError('give either "pem" or "file"')
        return self


def _some_keys(keys: tuple[IssuerKeySettings, ...]) -> tuple[IssuerKeySettings, ...]:
    # Not by min_length: pydantic would count the keys that are left after the faulty ones.
    if not 1 <= len(keys) <= _MAX_KEYS:
        raise ValueError(f"give from 1 to {_MAX_KEYS} keys")
    return keys


Claim = Annotated[str, Field(min_length=1, max_length=120)]


class IssuerSettings(Section):
    issuer: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^#]*$")]
    audience: Annotated[str, Field(min_length=1, max_length=300)]
    keys: Annotated[tuple[IssuerKeySettings, ...], AfterValidator(_some_keys)]
    tenant_claim: Claim = "tenant_id"
    role_claim: Claim = "role"
    cameras_claim: Claim = "camera_ids"
    max_role: Literal["viewer", "operator", "auditor", "admin"] = "operator"
    site_wide: bool = False
    max_age: Duration = 3600.0
    leeway: Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=300)] = 30.0

    @model_validator(mode="after")
    def _claims_differ(self) -> "IssuerSettings":
        claims = [self.tenant_claim, self.role_claim, self.cameras_claim]
        if len(set(claims)) < len(claims) or _FIXED_CLAIMS & set(claims):
            raise ValueError("tenant_claim, role_claim and cameras_claim need names of their own")
        return self


class IdentitySettings(Section):
    issuers: tuple[IssuerSettings, ...] = ()

    @model_validator(mode="after")
    def _issuers_differ(self) -> "IdentitySettings":
        names = [each.issuer for each in self.issuers]
        if len(set(names)) < len(names):
            raise ValueError("an issuer is named twice; give it several keys instead")
        return self


class PaperSettings(Section):
    """What signed PDFs are signed with; nothing given = a certificate that the site makes itself."""

    certificate_file: AbsolutePath | None = None
    certificate_password: SecretStr | None = None

    @model_validator(mode="after")
    def _password_has_its_file(self) -> "PaperSettings":
        if self.certificate_password is not None and self.certificate_file is None:
            raise ValueError('"certificate_password" needs "certificate_file"')
        return self
