"""Which rule holds for a camera, and what it asks for. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gtvision_edge.recordings.model import LeanSegment, RecordedCamera
from gtvision_edge.recordings.retention.model import DAY_US, Policy, Rule
from gtvision_edge.recordings.retention.waters import Waters

QUOTA_SLACK: Final = 0.99
"""A tenant over its quota is brought down to this share of it, so that not every minute makes a record."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of the site; *default_days* is the setting, which the site's own rule takes the place of."""

    default_days: int
    site: Policy | None = None
    tenants: Mapping[str, Policy] = field(default_factory=dict)
    cameras: Mapping[str, Policy] = field(default_factory=dict)

    def rule_of(self, camera: RecordedCamera) -> Rule:
        """Return the narrowest rule that says something of the camera's age."""
        candidates = (
            self.cameras.get(camera.camera_uuid),
            self.tenants.get(camera.tenant_id) if camera.tenant_id is not None else None,
            self.site,
        )
        for policy in candidates:
            if policy is not None and policy.retain_days is not None:
                return Rule(policy.scope, policy.subject, policy.retain_days, policy.version)
        return Rule("site", "", self.default_days, 0)

    def quota_of(self, tenant_id: str | None) -> int | None:
        policy = self.tenants.get(tenant_id) if tenant_id is not None else None
        return policy.quota_bytes if policy is not None else None


def rule_book(policies: Iterable[Policy], *, default_days: int) -> RuleBook:
    """Return the rules in order; one that says nothing is none."""
    site: Policy | None = None
    tenants: dict[str, Policy] = {}
    cameras: dict[str, Policy] = {}
    for policy in policies:
        match policy.scope:
            case "site":
                site = policy
            case "tenant":
                tenants[policy.subject] = policy
            case _:
                cameras[policy.subject] = policy
    return RuleBook(default_days, site, tenants, cameras)


def expiry_us(rule: Rule, now_us: int) -> int | None:
    """Return the moment before which footage must have ended to be too old; None = none ever is."""
    return now_us - rule.retain_days * DAY_US if rule.retain_days else None


def excess_of_quota(used_bytes: int, quota_bytes: int | None, held_bytes: int = 0) -> int:
    """Return how many bytes of a tenant must go; 0 while it is within its quota.

    What incidents hold (*held_bytes*, of *used_bytes*) counts, but a tenth of the quota is always left to what is not held:
    else one long incident would take each recording as soon as it was made.
    """
    if quota_bytes is None or used_bytes <= quota_bytes:
        return 0
    left = max(int(quota_bytes * QUOTA_SLACK) - held_bytes, quota_bytes // 10)
    return max(0, used_bytes - held_bytes - left)


def missing_room(free_bytes: int, wanted: Waters) -> int:
    """Return how many bytes must go for want of room; 0 while there is enough."""
    return wanted.low - free_bytes if free_bytes < wanted.high else 0


def as_many_as(segments: Sequence[LeanSegment], size_bytes: int) -> list[LeanSegment]:
    """Return the first of *segments* that together have *size_bytes*, or all."""
    taken: list[LeanSegment] = []
    for segment in segments:
        if size_bytes <= 0:
            break
        taken.append(segment)
        size_bytes -= segment.size_bytes
    return taken
