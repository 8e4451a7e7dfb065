"""The running program against its own description: whatever the description allows is answered as it says, and nothing is an incident."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from yarl import URL

from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.waiting import patiently

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KNOCKS = {("POST", "/cameras"), ("POST", "/cameras/probe"), ("POST", "/cameras/discover")}
"""These go out to addresses of the network, whatever stands there."""
ENDS = {("POST", "/auth/logout")}
EXAMPLES = 3


@dataclass
class Trial:
    """Calls operations with what the description allows; collects what is not answered as described."""

    url: str
    headers: dict[str, str]
    ids: dict[str, str]
    count: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        schema = schemathesis.openapi.from_url(
            f"{self.url}/api/v1/openapi.json", headers=self.headers
        )
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            name = (operation.method.upper(), operation.path.removeprefix("/api/v1"))
            if name not in KNOCKS | ENDS:
                self.count += 1
                self._try(operation, " ".join(name))

    def _try(self, operation: Any, name: str) -> None:
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            # Elsewhere a camera that is there, and does not answer, is waited for; what is removed is missed by the others.
            known = self.ids if "plates in" in (operation.tags or []) else {}
            for parameter in set(known) & set(case.path_parameters or {}):
                case.path_parameters[parameter] = self.ids[parameter]
            response = case.call(base_url=self.url, headers=self.headers, timeout=patiently(20))
            try:
                case.validate_response(response, checks=CHECKS)
            except (FailureGroup, Failure) as error:
                told = getattr(error, "exceptions", [error])
                self.faults += [f"{name} {response.status_code}: {each!r}" for each in told]

        call()


@pytest.mark.timeout(180)
async def test_the_daemon_answers_as_it_describes(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site, probe="healthz"), logged_in(site) as admin:
        await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
        await admin.call("POST", "/cameras/cam01/push-secret", {}, expect=201)
        cookies = admin.session.cookie_jar.filter_cookies(URL(site.url))
        headers = {
            "Origin": site.url,
            "Cookie": "; ".join(f"{name}={each.value}" for name, each in cookies.items()),
        }
        trial = Trial(site.url, headers, {"camera_id": "cam01"})
        await asyncio.to_thread(trial.run)

    assert sorted(set(trial.faults)) == []
    assert trial.count > 60
