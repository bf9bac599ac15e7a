"""The verbs: what a rule can do, one file each, in the order their effects are planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.actions import card, post, react, reply

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.actions.spec import ActionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    name: str
    plan: Callable[[ActionSpec, Asker, Plan], Withheld]


#: Within one delivery: cards, posts, replies, reactions (rules-language.md 1.4.2).
ALL: tuple[Verb, ...] = (
    Verb(name="card", plan=card.plan),
    Verb(name="post", plan=post.plan),
    Verb(name="reply", plan=reply.plan),
    Verb(name="react", plan=react.plan),
)
