"""What the page is told, as JSON. Texts of messages stay Slack's; the page escapes by nature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.browsing import About

if TYPE_CHECKING:
    from datetime import datetime

    from bot.browsing import Glance
    from bot.model import Delivery, DeliverySummary, Fault, OutboxItem
    from bot.ports import PreviewMessage
    from bot.waiting import Backlog
    from bot.web.rules_state import RulesState

#: Of a card's many edits, the last ones are told.
_NOTES: Final = 20


def message_json(message: PreviewMessage) -> dict[str, Any]:
    notes = [{"action": action, **note} for action, note in message.note.items()]
    return {
        "seq": message.seq,
        "channel": message.channel,
        "ts": message.ts,
        "thread": message.thread,
        "broadcast": message.broadcast,
        "rendered": dict(message.rendered),
        "posted_at": message.posted_at.isoformat(),
        "edited_at": _moment(message.edited_at),
        "reactions": list(message.reactions),
        # The first says which rule made the message.
        "notes": notes[:1] + notes[1:][-_NOTES:],
    }


def glance_json(glance: Glance, about: About | None) -> dict[str, Any]:
    """A delivery as a list shows it."""
    return {
        **_summary_json(glance.summary),
        **_about_json(about),
        "names": list(glance.names),
        "verdicts": dict(glance.verdicts),
        "actions": glance.actions,
        "deeds": [
            {"verb": deed.verb, "channel": deed.channel, "state": deed.state}
            for deed in glance.deeds
        ],
    }


def _summary_json(row: DeliverySummary) -> dict[str, Any]:
    return {
        "id": row.id,
        "forge": row.forge,
        "instance": row.instance,
        "hook": row.hook,
        "project": row.project,
        "event": row.event,
        "received_at": row.received_at.isoformat(),
        "status": row.status,
        "error": row.error,
        "replay_of": row.replay_of,
    }


def kept_json(delivery: Delivery, status: str, about: About | None) -> dict[str, Any]:
    """A delivery with what came with it, but for its body."""
    return {
        "id": delivery.id,
        "forge": delivery.forge,
        "instance": delivery.instance,
        "hook": delivery.hook,
        "event": delivery.event,
        "received_at": delivery.received_at.isoformat(),
        "status": status,
        "bytes": len(delivery.body),
        "headers": dict(delivery.headers),
        "project": about.project if about is not None else "",
        **_about_json(about),
    }


def _about_json(about: About | None) -> dict[str, Any]:
    found = about or About()
    return {"who": found.who, "what": found.what, "url": found.url}


def item_json(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.action.id,
        "delivery": item.delivery,
        "verb": item.action.verb,
        "rule": item.action.rule,
        "channel": item.action.channel,
        "state": item.state,
        "attempts": item.attempts,
        "error": item.error,
        "created_at": item.created_at.isoformat(),
    }


def backlog_json(backlog: Backlog) -> dict[str, Any]:
    return {
        "deliveries": backlog.deliveries,
        "outbox": backlog.outbox,
        "dead": backlog.dead,
        "jobs": backlog.jobs,
    }


def rules_json(rules: RulesState) -> dict[str, Any]:
    return {
        "status": rules.status,
        "file": rules.file,
        "rules": rules.rules,
        "hash": rules.hash,
        "loaded_at": _moment(rules.loaded_at),
        "faults": [_fault_json(fault) for fault in rules.faults],
    }


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "level": fault.level.value,
        "text": fault.text,
        "excerpt": fault.excerpt,
        "length": fault.length,
        "hint": fault.hint,
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
