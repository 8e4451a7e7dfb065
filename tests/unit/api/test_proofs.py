"""Checkpoints, proofs and keys over the API."""

import asyncio
from pathlib import Path

import pytest

from gtvision_edge.audit import check_entry_document, read_checkpoint
from gtvision_edge.keys import OpenedKeys
from tests.tools import run_tool
from tests.unit.api.conftest import Served


async def test_a_checkpoint_is_for_those_of_the_whole_site(
    served: Served, keys: OpenedKeys
) -> None:
    status, answer = await served.call("GET", "/audit/checkpoint", who="admin")

    assert status == 200
    head = read_checkpoint(answer["checkpoint"], keys.site.public)
    assert (head.size, head.root.hex()) == (answer["size"], answer["root"])
    assert (await served.call("GET", "/audit/checkpoint", who="auditor-a"))[0] == 403
    assert (await served.call("GET", "/audit/checkpoint", who="operator-a"))[0] == 403


async def test_an_entry_is_proven_to_those_whose_it_is(served: Served, keys: OpenedKeys) -> None:
    _, page = await served.call("GET", "/audit", who="auditor-a")
    mine = page["items"][0]["seq"]

    status, answer = await served.call("GET", f"/audit/{mine}/proof", who="auditor-a")

    assert status == 200
    entry = check_entry_document(answer["proof"], answer["checkpoint"], keys.site.public)
    assert (entry["seq"], entry["tenant_id"]) == (mine, "a")
    assert (await served.call("GET", f"/audit/{mine}/proof", who="admin"))[0] == 200
    for seq, who in ((mine, "admin-b"), (1, "auditor-a"), (99999, "admin"), ("x", "admin")):
        status, problem = await served.call("GET", f"/audit/{seq}/proof", who=who)
        assert (status, problem["code"]) == (404, "unknown_audit_entry"), (seq, who)


@pytest.mark.parametrize("who", ["viewer-a", "auditor-a", "admin"])
async def test_anyone_gets_the_public_keys(
    served: Served, keys: OpenedKeys, who: str, tmp_path: Path
) -> None:
    status, answer = await served.call("GET", "/site/keys", who=who)

    assert status == 200
    assert "PRIVATE" not in str(answer)
    assert answer["site_key"]["fingerprint"] == keys.site.public.fingerprint
    path = tmp_path / "paper.pem"
    await asyncio.to_thread(path.write_text, answer["paper_certificate"]["pem"])
    code, said = await asyncio.to_thread(
        run_tool, "openssl", "x509", "-in", str(path), "-noout", "-fingerprint", "-sha256"
    )
    assert code == 0
    assert answer["paper_certificate"]["fingerprint"] in said.replace(":", "").lower()
    assert (await served.call("GET", "/site/keys"))[0] == 401
