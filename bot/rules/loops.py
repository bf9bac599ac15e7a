"""Which events the bot itself caused: they run nothing outside of chat (1.4.15)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.model import Action, Event, Json
    from bot.rules.state_reader import StateReader

#: In notes that are found again; what it names must be under way, else anybody could write it.
_MARK: Final = re.compile(r"<!-- chatops-bot ([\w.-]{1,80}) -->")
_VARIABLE: Final = "CHATOPS_BOT_ACTION"
#: Kinds of events that may tell of something that the bot made.
_MADE_BY_US: Final = frozenset({"comment", "pipeline", "job"})


def made_key(instance: str, project_id: str, kind: str, ident: str) -> str:
    """The state key of a `note` or `pipeline` that the bot made."""
    return f"made:{instance}:{project_id}:{kind}:{ident}"


def acting_key(action: str) -> str:
    """The state key of a call that is planned and has no receipt yet."""
    return f"acting:{action}"


def own(event: Event, accounts: Mapping[str, str], reader: StateReader) -> bool:
    """It carries a receipt of ours, or its actor is the token's own bot account. `accounts`: user
    names of bot accounts by instance; a person's token is not among them."""
    actor = event.actor
    account = accounts.get(event.instance, "")
    if actor is not None and account and actor.username.casefold() == account.casefold():
        return True
    # All are asked for at once: no `any` over a generator.
    found = [reader.get(key) for key in keys_of(event)]
    return any(value is not None for value in found)


def keys_of(event: Event) -> tuple[str, ...]:
    """The state keys that tell whether the bot made what the event is about."""
    if event.project is None or event.kind not in _MADE_BY_US:
        return ()
    made = (made_key(event.instance, event.project.id, *part) for part in _made(event))
    return (*made, *(acting_key(action) for action in _marks(event)))


def acting(actions: Iterable[Action]) -> dict[str, Json]:
    """To be remembered until the receipts are there."""
    return {
        acting_key(action.id): True
        for action in actions
        if action.call is not None and action.call.instance
    }


def _made(event: Event) -> Iterator[tuple[str, str]]:
    payload = Payload(event.payload)
    if event.forge == "github":
        yield from _made_at_github(event.kind, payload)
        return
    attributes = payload["object_attributes"]
    if event.kind == "comment" and attributes["id"].id():
        yield "note", attributes["id"].id()
    if event.kind == "pipeline" and attributes["id"].id():
        yield "pipeline", attributes["id"].id()
    if event.kind == "job" and payload["pipeline_id"].id():
        yield "pipeline", payload["pipeline_id"].id()


def _made_at_github(kind: str, payload: Payload) -> Iterator[tuple[str, str]]:
    # Comments on lines have numbers of their own, and we write none.
    on_line = bool(payload["pull_request"])
    run = payload["workflow_job"]["run_id"] if kind == "job" else payload["workflow_run"]["id"]
    if kind == "comment" and not on_line and payload["comment"]["id"].id():
        yield "note", payload["comment"]["id"].id()
    if kind in {"pipeline", "job"} and run.id():
        yield "pipeline", run.id()


def _marks(event: Event) -> Iterator[str]:
    """A hook may be quicker than the answer to the call that caused it."""
    payload = Payload(event.payload)
    attributes = payload["object_attributes"]
    if event.kind == "comment":
        said = payload["comment"]["body"] if event.forge == "github" else attributes["note"]
        found = _MARK.search(said.text_or())
        if found is not None:
            yield found[1]
    if event.kind == "pipeline":
        for variable in attributes["variables"]:
            if variable["key"].text_or() == _VARIABLE:
                yield variable["value"].text_or()[:80]
