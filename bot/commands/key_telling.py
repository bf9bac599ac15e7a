"""What is told of a deploy key that was asked for: that it is added, or was there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.lifetimes import left
from bot.message import Code, Message, bold, join, text

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.key_making import KeyWish, MadeKey
    from bot.deploy_keys import KeyRecord
    from bot.message import Text


def added(made: MadeKey, now: datetime) -> Message:
    record = made.record
    return Message(
        text=text(
            bold(record.project), f": deploy key {record.remote_id} is added; {_what(record, now)}."
        ),
        body=(text("Fingerprint: ", Code(record.fingerprint)), made.where),
        color="good",
    )


def already(made: MadeKey, wish: KeyWish, now: datetime, *, titled: bool) -> Message:
    """`titled`: a title was asked for; nobody asked for the one that keys get otherwise."""
    record = made.record
    since = f" since {record.created_at:%Y-%m-%d}" if record.created_at is not None else ""
    who = f", asked for by {record.created_by}" if record.created_by else ""
    going = (
        f" Another key has replaced it: it goes {left(record.retire_at, now)}."
        if record.retire_at is not None
        else ""
    )
    other = _other(record, wish, titled=titled)
    return Message(
        text=text(
            bold(record.project),
            f": that key is there already, as deploy key {record.remote_id} (",
            bold(record.title or "untitled"),
            f"){since}{who}; {_what(record, now)}.{going} Nothing was changed.",
        ),
        body=(
            text("Fingerprint: ", Code(record.fingerprint)),
            *((_changing(record, wish, other),) if other else ()),
        ),
        color="warning" if other else "good",
    )


def _what(record: KeyRecord, now: datetime) -> str:
    rights = "may read and push" if record.writes else "may only read"
    until = (
        f"ends {left(record.expires_at, now)} ({record.expires_at:%Y-%m-%d})"
        if record.expires_at is not None
        else "never ends"
    )
    return f"it {rights}, and {until}"


def _other(record: KeyRecord, wish: KeyWish, *, titled: bool) -> list[Text]:
    """What was asked for and is not so."""
    other: list[Text] = []
    if wish.writes is not record.writes:
        other.append(text("the right to push" if wish.writes else "reading only"))
    if titled and wish.title != record.title:
        other.append(text("the title ", bold(wish.title)))
    ends = record.expires_at.date() if record.expires_at is not None else None
    if wish.expires_at is not None and wish.expires_at.date() != ends:
        other.append(text(f"an end on {wish.expires_at:%Y-%m-%d}"))
    return other


def _changing(record: KeyRecord, wish: KeyWish, other: list[Text]) -> Text:
    remove = f"/hook key remove {record.project} {record.remote_id} --on {wish.site.name}"
    return text(
        "You asked for ",
        join(" and ", other),
        ". To have it so, remove the key, then add it anew: ",
        Code(remove),
    )
