"""How values become columns: JSON, bodies, actions, decisions."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson

from bot.actions.values import dump_value
from bot.message import dump_message, load_message
from bot.model import Action, ActionId, Call, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Decision, Json, Verdict

#: Below this a body is kept as it is: setting up zlib costs more than it saves.
_SMALL: Final = 2 * 1024
_LARGE: Final = 64 * 1024
#: zlib's window, as a power of two: a third faster than the largest, and packs as well.
_WINDOW: Final = 13
_RAW: Final = b"r"
_ZLIB: Final = b"z"


def dump_json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Whole numbers of more than 64 bits and lone surrogates, both legal in payloads.
        return json.dumps(value, separators=(",", ":"))


def load_json(raw: str) -> Json:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


def keep(body: bytes) -> bytes:
    """The body with a letter that says how it is kept: packed only when it is large, because a
    delivery waits for it."""
    return _RAW + body if len(body) < _LARGE else pack(body)


def pack(body: bytes) -> bytes:
    """As `keep`, for long."""
    if len(body) < _SMALL:
        return _RAW + body
    squeeze = zlib.compressobj(1, zlib.DEFLATED, _WINDOW)
    return _ZLIB + squeeze.compress(body) + squeeze.flush()


def unpack(packed: bytes) -> bytes:
    packed = bytes(packed)
    return packed[1:] if packed[:1] == _RAW else zlib.decompress(packed[1:])


def dump_action(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "verb": action.verb,
        "rule": action.rule,
        "channel": action.channel,
        "subject": action.subject,
        "message": dump_message(action.message) if action.message else None,
        "root": action.root,
        "claims": action.claims,
        "emoji": action.emoji,
        "remove": action.remove,
        "edit": action.edit,
        "broadcast": action.broadcast,
        "alone": action.alone,
        "slot": action.slot,
        "confidential": action.confidential,
        "private": action.private,
        "apart": action.apart,
        "call": asdict(action.call) if action.call is not None else None,
        "after": action.after,
    }


def load_action(raw: Mapping[str, Any]) -> Action:
    return Action(
        id=ActionId(raw["id"]),
        verb=raw["verb"],
        rule=raw["rule"],
        channel=raw["channel"],
        subject=SubjectKey(raw["subject"]),
        message=load_message(raw["message"]) if raw["message"] else None,
        root=ActionId(raw["root"]) if raw["root"] else None,
        claims=tuple(SubjectKey(key) for key in raw["claims"]),
        emoji=raw["emoji"],
        remove=raw["remove"],
        edit=raw.get("edit", False),
        broadcast=raw["broadcast"],
        alone=raw["alone"],
        slot=raw["slot"],
        confidential=raw["confidential"],
        # Actions of an older version have none of these.
        private=raw.get("private", False),
        apart=raw.get("apart", False),
        call=Call(**raw["call"]) if raw.get("call") else None,
        after={name: ActionId(id_) for name, id_ in (raw.get("after") or {}).items()},
    )


def dump_trace(decision: Decision) -> dict[str, Any]:
    """Without actions, which are in the outbox, and without what it remembers."""
    return {
        "names": decision.names,
        "verdicts": [_dump_verdict(verdict) for verdict in decision.verdicts],
        "skipped": decision.skipped,
        # The last key: back-tests read it alone.
        "learned": {name: dump_value(value) for name, value in decision.learned.items()},
    }


def _dump_verdict(verdict: Verdict) -> dict[str, Any]:
    failed = verdict.failed
    return {
        "rule": verdict.rule,
        "file": verdict.file,
        "line": verdict.line,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "failed": failed
        and {
            "field": failed.field,
            "wanted": failed.wanted,
            "seen": failed.seen,
            "passed": failed.passed,
        },
    }
