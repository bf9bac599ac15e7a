"""Sponsors and what they give (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsorship:
    sponsor: Person
    #: Who or what is sponsored.
    sponsored: str
    #: `$5 a month`, and what it was.
    tier: str
    old_tier: str
    #: A day, `2026-04-01`; empty when it is in force.
    begins: str


def from_github(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["action"].text_or())
    if name is None:
        return None
    place = payload["sponsorship"]
    sponsor = github.person(place["sponsor"]) or Person(username="", name="Somebody")
    subject = Sponsorship(
        sponsor=sponsor,
        sponsored=place["sponsorable"]["login"].text_or(),
        tier=place["tier"]["name"].text_or(),
        old_tier=payload["changes"]["tier"]["from"]["name"].text_or(),
        begins=payload["effective_date"].text_or().partition("T")[0],
    )
    return make_event(
        source,
        payload,
        kind="sponsorship",
        names=(name,),
        project=None,
        actor=github.actor(payload),
        subject=subject,
        about=(("sponsor", sponsor.id or sponsor.username),),
        fields={"user": sponsor, "name": subject.sponsored or None, "tier": subject.tier or None},
        url=f"https://github.com/{sponsor.username}" if sponsor.username else "",
        group=subject.sponsored,
        # Of a sponsor who wants no publicity only those who are sponsored hear.
        private=place["privacy_level"].text_or() == "private",
    )


_NAMES: Final[Mapping[str, str]] = {
    "created": "sponsorship.created",
    "edited": "sponsorship.edited",
    "tier_changed": "sponsorship.tier_changed",
    "pending_tier_change": "sponsorship.tier_change_pending",
    "cancelled": "sponsorship.canceled",
    "pending_cancellation": "sponsorship.cancellation_pending",
}


def line(event: Event) -> Message:
    subject: Sponsorship = event.subject
    who = wording.linked(subject.sponsor.shown, event.url)
    begins = f", from {wording.short(subject.begins, 20)}" if subject.begins else ""
    return Message(text=text("💖 ", who, *_said(event, wording.short(subject.sponsored)), begins))


def reply(event: Event) -> Text:
    return text(f"💖 {wording.who(event.subject.sponsor)}", *_said(event, ""))


def _said(event: Event, whom: str) -> Text:
    subject: Sponsorship = event.subject
    tier = f" ({wording.short(subject.tier, 60)})" if subject.tier else ""
    was = f", was {wording.short(subject.old_tier, 60)}" if subject.old_tier else ""
    verb = _SAID[event.names[0]]
    return text(f" {verb} {whom}".rstrip(), tier, was)


_SAID: Final[Mapping[str, str]] = {
    "sponsorship.created": "sponsors",
    "sponsorship.edited": "changed the sponsorship of",
    "sponsorship.tier_changed": "changed the tier of sponsoring",
    "sponsorship.tier_change_pending": "will change the tier of sponsoring",
    "sponsorship.canceled": "no longer sponsors",
    "sponsorship.cancellation_pending": "will stop sponsoring",
}

SPEC = Spec(
    kind="sponsorship",
    doc="sponsors (GitHub)",
    names=(
        EventName("sponsorship.created", "somebody became a sponsor"),
        EventName("sponsorship.edited", "a sponsor chose to be named or not to be"),
        EventName("sponsorship.tier_changed", "a sponsor gives more or less now"),
        EventName("sponsorship.tier_change_pending", "… and will from a day on"),
        EventName("sponsorship.canceled", "somebody is no longer a sponsor"),
        EventName("sponsorship.cancellation_pending", "… and will not be from a day on"),
    ),
    fields=declare("user", "name", "tier"),
    github=("sponsorship",),
    from_github=from_github,
    line=line,
    reply=reply,
)
