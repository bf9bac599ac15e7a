"""A wrong SECRET_KEY is told at the start, whichever version wrote what it is told by."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from bot.errors import ConfigError
from bot.store import Store, open_store
from bot.store.canary import CANARY, PROOF
from bot.store.schema import meta
from bot.store.vault import Vault
from tests.store.make import HOOK, JOB, PAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.model import Json

OLD, NEW = "the old key of this test", "the new key of this test"


async def kept(url: str, key: str, **changed: Json) -> tuple[Json, Json]:
    """The word and its proof, after what was changed; a change is seen at the next start."""
    async with open_store(url, secret_key=key) as store:
        for name, value in changed.items():
            await store.set_meta(name, value)
        return await store.get_meta(CANARY), await store.get_meta(PROOF)


async def refused(url: str, key: str) -> None:
    with pytest.raises(ConfigError, match=r"SECRET_KEY: .* encrypted with another key"):
        async with open_store(url, secret_key=key):
            pass


async def older(url: str, key: str) -> None:
    """A version without proofs made the word."""
    await kept(url, key, **{CANARY: Vault([key]).canary()})
    await _without(url, PROOF)


async def _without(url: str, *names: str) -> None:
    async with open_store(url, secret_key=OLD) as store:
        without = delete(meta).where(meta.c.key.in_(names))
        await store._backend.write(lambda conn: conn.execute(without).rowcount)


async def test_a_key_is_proved_once(url: str) -> None:
    first = await kept(url, OLD)
    assert first[0] is None
    assert await kept(url, OLD) == first
    await refused(url, NEW)


async def test_a_first_start_reads_neither_what_encrypts_nor_what_changes_tables(url: str) -> None:
    """Nor the ORM: an idle bot would keep them."""
    code = (
        "import asyncio, sys\n"
        "from bot.store import migrate, open_store\n"
        "async def main():\n"
        f"    async with open_store({url!r}, secret_key={OLD!r}): pass\n"
        "asyncio.run(main())\n"
        "print(*sorted({'cryptography', 'alembic', 'sqlalchemy.orm'} & {*sys.modules}))\n"
    )
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await made.communicate()
    assert (made.returncode, out.decode().split()) == (0, [])
    await kept(url, OLD)


FIRST: dict[str, Callable[[Store], Awaitable[object]]] = {
    "hook": lambda store: store.save_hook(HOOK),
    "command": lambda store: store.add_job(JOB),
    "page": lambda store: store.put_once(PAGE),
}


@pytest.mark.parametrize("first", FIRST)
async def test_the_first_secret_comes_with_the_word_by_which_older_versions_know_the_key(
    url: str, first: str
) -> None:
    async with open_store(url, secret_key=OLD) as store:
        await FIRST[first](store)
        word = await store.get_meta(CANARY)
        await FIRST[first](store)
        assert await store.get_meta(CANARY) == word
    assert isinstance(word, str)
    assert Vault([OLD]).proof(word)
    assert Vault([NEW]).proof(word) is None
    await refused(url, NEW)
    await kept(url, OLD)


async def test_the_word_of_a_version_without_proofs_is_opened_and_proved(url: str) -> None:
    await older(url, OLD)
    await refused(url, NEW)
    made = await kept(url, OLD)
    assert None not in made
    assert await kept(url, OLD) == made
    await refused(url, NEW)


async def test_a_proof_that_is_of_no_key_is_made_again(url: str) -> None:
    await older(url, OLD)
    made = await kept(url, OLD)
    await kept(url, OLD, **{PROOF: "0" * 64})
    assert await kept(url, OLD) == made


async def test_without_a_word_a_proof_of_no_key_is_that_of_another(url: str) -> None:
    await kept(url, OLD, **{PROOF: "0" * 64})
    await refused(url, OLD)


async def test_a_word_that_a_version_without_proofs_changed_is_not_proved_by_the_old_one(
    url: str,
) -> None:
    await kept(url, OLD, **{CANARY: Vault([NEW]).canary()})
    await refused(url, OLD)
    await kept(url, NEW)


async def test_the_new_of_two_keys_alone_opens_nothing_until_all_is_encrypted_with_it(
    url: str,
) -> None:
    await kept(url, OLD)
    await kept(url, f"{NEW},{OLD}")
    await refused(url, NEW)
    async with open_store(url, secret_key=f"{NEW},{OLD}") as store:
        await store.reseal()
    await kept(url, NEW)
    await refused(url, OLD)
