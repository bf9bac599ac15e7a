"""What receiving reads of a body is enough to tell what it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import forges
from bot.outside import Forge, Received
from bot.payload import look_into, read_object

PAYLOADS = Path(__file__).parents[1] / "payloads"


@pytest.mark.parametrize("forge", forges.ALL, ids=lambda forge: forge.name)
def test_the_telling_members_are_all_that_tell_what_a_delivery_is(forge: Forge) -> None:
    files = sorted((PAYLOADS / forge.name).glob("*.json"))
    assert files
    for file in files:
        received = Received(headers={}, body=file.read_bytes())
        whole = forge.identify(received, read_object(received.body))
        assert forge.identify(received, look_into(received.body, forge.telling)) == whole
