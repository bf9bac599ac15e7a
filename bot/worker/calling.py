"""Carries out what rules want outside of chat: notes, pipelines, webhooks; once each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from bot import tracing
from bot.actions.late import person, plain
from bot.actions.values import load_value
from bot.actions.webhook import TEXT
from bot.errors import ContentRefused, CredentialRefused, NotSent, RenderError
from bot.message import load_text
from bot.model import Ref
from bot.outside import Receipt, WebRequest
from bot.ports import Done, Dropped
from bot.rules.loops import made_key
from bot.rules.template import Template

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Action, Call, Json, OutboxItem, Value
    from bot.outside import ForgeCalls, WebCalls
    from bot.ports import ClaimedItem

#: Clocks of two machines may differ.
_SKEW: Final = timedelta(seconds=30)


class Memories(Protocol):
    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]: ...


class Caller:
    """`forges`: by instance; one without a token is missing."""

    def __init__(
        self, *, forges: Mapping[str, ForgeCalls], web: WebCalls, memories: Memories
    ) -> None:
        self._forges = forges
        self._web = web
        self._memories = memories
        self._verbs: Mapping[str, Callable[[OutboxItem, Call, _Results], Awaitable[Any]]] = {
            "comment": self._comment,
            "pipeline": self._pipeline,
            "webhook": self._webhook,
        }

    async def carry_out(self, claimed: ClaimedItem) -> Done | Dropped:
        """Raises CallError."""
        item = claimed.item
        call = item.action.call
        if call is None or item.action.verb not in self._verbs:
            raise ContentRefused(f"`{item.action.verb}` does nothing outside of chat")
        if claimed.lost:
            return Dropped(reason="what it waits for was given up")
        if claimed.results.keys() != item.action.after.keys():
            raise NotSent("waits for what it is to tell of", code="waits")
        with tracing.call(f"{call.instance or 'web'} {item.action.verb}"):
            made: Done | Dropped = await self._verbs[item.action.verb](
                item, call, _Results(claimed.results)
            )
        return made

    # -- notes -------------------------------------------------------------------------------

    async def _comment(self, item: OutboxItem, call: Call, results: _Results) -> Done | Dropped:
        forge = self._forge(call)
        body = results.text(call.data["text"])
        if not plain(body).strip():
            return Dropped(reason="nothing to say: the text came out empty")
        place = note_key(item.action)
        note = await self._remembered(place) if place is not None else None
        found = None
        if item.maybe_sent and note is None:
            found = await forge.find_comment(call, key=item.action.id)
        receipt = found or await forge.comment(call, body, key=item.action.id, note=note)
        kept: dict[str, Json] = {place: receipt.id} if place is not None else {}
        return _done(call, "note", receipt, kept)

    async def _remembered(self, key: str) -> str | None:
        found = (await self._memories.load_memory([key]))[key]
        return found if isinstance(found, str) else None

    # -- pipelines ---------------------------------------------------------------------------

    async def _pipeline(self, item: OutboxItem, call: Call, _results: _Results) -> Done | Dropped:
        forge = self._forge(call)
        receipt = await self._started(item, call, forge) if item.maybe_sent else None
        receipt = receipt or await forge.pipeline(call, key=item.action.id)
        return _done(call, "pipeline", receipt, {})

    async def _started(self, item: OutboxItem, call: Call, forge: ForgeCalls) -> Receipt | None:
        """One of ours that no other action has made."""
        since = item.created_at - _SKEW
        found = await forge.find_pipelines(call, key=item.action.id, since=since)
        keys = [made_key(call.instance, call.project_id, "pipeline", one.id) for one in found]
        known = await self._memories.load_memory(keys) if keys else {}
        fresh = [one for one, key in zip(found, keys, strict=True) if known[key] is None]
        return fresh[0] if fresh else None

    # -- webhooks ----------------------------------------------------------------------------

    async def _webhook(self, item: OutboxItem, call: Call, results: _Results) -> Done | Dropped:
        data = call.data
        request = WebRequest(
            url=data["url"],
            method=data["method"],
            headers={name: results.filled(value) for name, value in data["headers"].items()},
            body=results.filled(data["body"]),
            timeout_s=float(data["timeout_s"]),
        )
        return Done(receipt=await self._web.send(request, key=item.action.id))

    def _forge(self, call: Call) -> ForgeCalls:
        found = self._forges.get(call.instance)
        if found is None:
            raise CredentialRefused(
                f"the bot has no token for {call.instance}: set it and restart the bot",
                code="no_token",
            )
        return found


def note_key(action: Action) -> str | None:
    """Where the note of that key is remembered; None for one that is never edited."""
    call = action.call
    if call is None or not call.data.get("key"):
        return None
    return f"note:{action.subject}:{call.data['key']}"


def _done(call: Call, kind: str, receipt: Receipt, kept: dict[str, Json]) -> Done:
    made = made_key(call.instance, call.project_id, kind, receipt.id.rpartition("/")[2])
    return Done(receipt=receipt, remember={**kept, made: True})


class _Results:
    """What earlier actions made, by the names their rule gave them; fills the waiting texts."""

    def __init__(self, made: Mapping[str, Receipt]) -> None:
        self._values: dict[str, Value] = {}
        for name, receipt in made.items():
            self._values[name] = Ref(label=f"#{receipt.id}", url=receipt.url)
            self._values[f"{name}.id"] = receipt.id
            self._values[f"{name}.url"] = receipt.url
            self._values[f"{name}.status"] = receipt.status

    def text(self, slot: Mapping[str, Json]) -> Text:
        if "spans" in slot:
            return load_text(slot["spans"])
        scope = slot["scope"]

        def lookup(name: str) -> Value | None:
            return self._values.get(name, load_value(scope.get(name)))

        try:
            return Template(slot["template"]).render(lookup, people=person)
        except RenderError as error:
            raise ContentRefused(str(error), code="render") from error

    def filled(self, value: Json) -> Json:
        """JSON with each of its texts as Text."""
        if isinstance(value, Mapping) and TEXT in value:
            return self.text(value[TEXT])
        if isinstance(value, Mapping):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return value
