"""Who may do what."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NewType

from gtvision_edge.audit import Actor

TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
Locale = Literal["pt-BR", "en"]

TENANT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
CAMERA_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

DEFAULT_TENANT: Final = TenantId("default")
"""The tenant every site has from its first start."""


class Role(StrEnum):
    """What a person may do; where, is said by tenant and camera list."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation that cameras and people belong to."""

    tenant_id: TenantId
    name: str
    created_us: int


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in, without the password's hash. Fields as in the table ``users``."""

    user_id: UserId
    username: str
    name: str
    role: Role
    tenant_id: TenantId | None
    camera_ids: frozenset[str] | None
    locale: Locale
    enabled: bool
    must_change_password: bool
    token_version: int
    created_us: int
    last_login_us: int | None

    def principal(self) -> "Principal":
        return Principal(
            user_id=self.user_id,
            username=self.username,
            name=self.name,
            role=self.role,
            tenant_id=self.tenant_id,
            camera_ids=self.camera_ids,
            locale=self.locale,
            token_version=self.token_version,
            must_change_password=self.must_change_password,
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a request is done."""

    user_id: UserId
    username: str
    name: str
    role: Role
    tenant_id: TenantId | None
    """None = every tenant of the site."""
    camera_ids: frozenset[str] | None
    """None = all cameras of the tenant."""
    locale: Locale
    token_version: int
    issuer: str | None = None
    """Who vouches for this person, who is no user of ours; None = we do."""
    must_change_password: bool = False
    """The password is provisional: until it is changed nothing else may be done."""

    @property
    def may_watch(self) -> bool:
        """Auditors read what others did; they watch no cameras."""
        return self.role is not Role.AUDITOR

    @property
    def is_of_whole_site(self) -> bool:
        """Some things belong to no tenant and no camera: the line to the hub, the disk."""
        return self.tenant_id is None and self.camera_ids is None

    def may_see_tenant(self, tenant_id: str) -> bool:
        return self.tenant_id is None or self.tenant_id == tenant_id

    def may_see_camera(self, camera_id: str, tenant_id: str) -> bool:
        """Tell whether the camera *camera_id*, which belongs to *tenant_id*, exists for this person."""
        return self.may_see_tenant(tenant_id) and (
            self.camera_ids is None or camera_id in self.camera_ids
        )

    def actor(self, address: str = "") -> Actor:
        return Actor(self.user_id, self.username, address)


THE_BOX: Final = Principal(
    user_id=UserId("system"),
    username="system",
    name="GT-Vision Edge",
    role=Role.ADMIN,
    tenant_id=None,
    camera_ids=None,
    locale="pt-BR",
    token_version=0,
)
"""The box acting by itself, as when it adds its trial cameras; no login leads to it."""
