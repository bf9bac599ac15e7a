"""How values become columns: JSON, bodies, actions, decisions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson
from isal import isal_zlib

from bot.actions.values import dump_value
from bot.message import dump_message, load_message
from bot.model import Action, ActionId, Call, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Decision, Json, Verdict

#: Below this a body is kept as it is: packing costs more than it saves.
_SMALL: Final = 512
#: The quickest: 7 us for a body of 12 kB, which a delivery waits for, and hardly larger than what
#: zlib's own quickest takes seven times as long for.
_LEVEL: Final = isal_zlib.ISAL_BEST_SPEED
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


def pack(body: bytes) -> bytes:
    """The body with a letter that says how it is kept: as it is, or in zlib's format."""
    if len(body) < _SMALL:
        return _RAW + body
    return _ZLIB + isal_zlib.compress(body, _LEVEL)


def unpack(packed: bytes) -> bytes:
    packed = bytes(packed)
    return packed[1:] if packed[:1] == _RAW else isal_zlib.decompress(packed[1:])


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
