"""Every fixture as an event and as its default texts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot.events import SPECS
from tests.events.reading import GOLDEN, NAMES, event_of, forge_of, picture, reply_of

if TYPE_CHECKING:
    from bot.model import Event


@pytest.mark.parametrize("name", NAMES)
def test_the_default_texts_are_as_accepted(name: str) -> None:
    seen = _told(event_of(name))
    path = GOLDEN / forge_of(name) / f"{name}.txt"
    if os.environ.get("GOLDEN") == "accept":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.exists(), "no golden file yet: look at the text and run `make golden`"
    assert seen == path.read_text(encoding="utf-8")


def test_no_golden_file_outlives_its_fixture() -> None:
    assert {path.stem for path in GOLDEN.glob("*/*.txt")} == set(NAMES)


def _told(event: Event) -> str:
    secret = " confidential" if event.confidential else ""
    head = f"{event.kind}{secret}: {', '.join(event.names) or '(no name)'}"
    subjects = "\n".join(f"  {key}" for key in (*event.subjects, *event.links))
    message = picture(SPECS[event.kind].line(event))
    return f"{head}\n{subjects}\n\n{message}\n\nreply: {reply_of(event)}\n"
