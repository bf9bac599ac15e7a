"""The verbs: what a rule can do, one file each, in the order their effects are planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.actions import card, comment, dm, pipeline, post, react, reply, webhook

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.actions.spec import ActionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    name: str
    plan: Callable[[ActionSpec, Asker, Plan], Withheld]
    #: It acts outside of chat: never on events that the bot itself caused.
    outside: bool = False


#: Within one delivery: cards, posts, replies, reactions, then what acts outside of chat; a
#: pipeline before the texts that name it.
ALL: tuple[Verb, ...] = (
    Verb(name="card", plan=card.plan),
    Verb(name="post", plan=post.plan),
    Verb(name="reply", plan=reply.plan),
    Verb(name="react", plan=react.plan),
    Verb(name="dm", plan=dm.plan),
    Verb(name="pipeline", plan=pipeline.plan, outside=True),
    Verb(name="comment", plan=comment.plan, outside=True),
    Verb(name="webhook", plan=webhook.plan, outside=True),
)
