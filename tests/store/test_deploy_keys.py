"""Deploy keys are remembered by project, and a proof of a new secret counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.deploy_keys import KeyRecord
from bot.model import HookRecord
from tests.store.make import NOW

if TYPE_CHECKING:
    from bot.store import Store

KEY = KeyRecord(
    id="k1",
    instance="gitlab",
    project_id="15",
    project="Shop/Web",
    remote_id="501",
    title="deploy",
    fingerprint="SHA256:abc",
    created_by="U1",
    created_at=NOW,
    expires_at=NOW + timedelta(days=90),
)
HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="15",
    project="Shop/Web",
    remote_id="77",
    secrets=("new", "old"),
)


async def test_a_key_is_found_by_its_project_in_any_case_until_it_is_removed(store: Store) -> None:
    await store.save_deploy_key(KEY)
    assert await store.deploy_keys(project="shop/WEB") == (KEY,)
    assert await store.deploy_keys(project="shop") == ()
    changed = replace(KEY, reminded=7, retire_at=NOW, writes=True)
    await store.save_deploy_key(changed)
    assert await store.deploy_keys() == (changed,)
    await store.save_deploy_key(replace(KEY, status="removed"))
    assert await store.deploy_keys() == ()


async def test_the_first_proof_of_a_new_secret_counts(store: Store) -> None:
    await store.save_hook(HOOK)
    await store.mark_rotated("h1", retire_at=NOW)
    await store.mark_rotated("h1", retire_at=NOW + timedelta(days=1))
    found = await store.hook("h1")
    assert found is not None
    assert found.retire_at == NOW
    assert found.accepted(NOW) == ("new",)
    assert found.accepted(NOW - timedelta(seconds=1)) == ("new", "old")
