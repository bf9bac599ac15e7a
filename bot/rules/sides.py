"""Two decisions of one delivery side by side: which actions are the same, moved, new or gone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bot.message import Broadcast, Code, Emoji, Link, Mention, Plain, Styled, Trusted, one_line
from bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from bot.message import Span, Text
    from bot.model import Action, Decision, Verdict
    from bot.rules.ruleset import Rule

_TEXT: Final = 48


class Kind(Enum):
    MESSAGE = "messages"
    DM = "direct messages"
    #: Of a live card, or a reply: nobody is notified.
    EDIT = "card edits"
    REACTION = "reactions"
    FORGE = "forge actions"


def kind_of(action: Action) -> Kind:
    if action.is_edit:
        return Kind.EDIT
    return _KINDS.get(action.verb, Kind.FORGE)


_KINDS: Final = {
    "post": Kind.MESSAGE,
    "card": Kind.MESSAGE,
    "reply": Kind.MESSAGE,
    "dm": Kind.DM,
    "react": Kind.REACTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    same: Sequence[tuple[Action, Action]]
    #: Sent to another channel.
    moved: Sequence[tuple[Action, Action]]
    removed: Sequence[Action]
    added: Sequence[Action]


def pair(old: Iterable[Action], new: Iterable[Action]) -> Pairing:
    """Joined on verb, channel and thread; what is left of messages on verb and thread alone."""
    same, removed, added = _join(old, new, _whole)
    moved, gone, fresh = _join(
        [a for a in removed if kind_of(a) is Kind.MESSAGE],
        [a for a in added if kind_of(a) is Kind.MESSAGE],
        lambda action: (action.verb, action.subject),
    )
    return Pairing(
        same=same,
        moved=moved,
        removed=[*gone, *(a for a in removed if kind_of(a) is not Kind.MESSAGE)],
        added=[*fresh, *(a for a in added if kind_of(a) is not Kind.MESSAGE)],
    )


def _whole(action: Action) -> Hashable:
    return (
        action.verb,
        kind_of(action),
        action.channel,
        action.subject,
        action.emoji,
        action.remove,
    )


def _join(
    old: Iterable[Action], new: Iterable[Action], key: Callable[[Action], Hashable]
) -> tuple[list[tuple[Action, Action]], list[Action], list[Action]]:
    """Equal keys pair off in their order."""
    waiting: defaultdict[Hashable, list[Action]] = defaultdict(list)
    for action in old:
        waiting[key(action)].append(action)
    same: list[tuple[Action, Action]] = []
    added: list[Action] = []
    for action in new:
        found = waiting[key(action)]
        if found:
            same.append((found.pop(0), action))
        else:
            added.append(action)
    return same, [action for left in waiting.values() for action in left], added


def seen(action: Action) -> str:
    """The action's text as a reader sees it, on one line, cut; an emoji as `:name:`."""
    if action.message is None:
        return f":{action.emoji}:" if action.emoji else action.verb
    line = one_line(plain(action.message.text))
    return line if len(line) <= _TEXT else line[: _TEXT - 1].rstrip() + "…"


def plain(body: Text) -> str:
    """The text without any markup."""
    return "".join(_plain(span) for span in body)


def _plain(span: Span) -> str:
    match span:
        case Plain(value) | Code(value) | Trusted(value):
            return value
        case Styled(_, inner):
            return plain(inner)
        case Link(label, _):
            return label
        case Mention(_, label):
            return f"@{label}"
        case Broadcast(to):
            return f"@{to}"
        case Emoji(name):
            return f":{name}:"


def told(rule: str, mine: Mapping[str, Rule], others: Mapping[str, Rule], other: Decision) -> str:
    """Why the other side did not do what this side's rule did."""
    there = others.get(rule)
    if there is None:
        return "" if rule not in mine else "not in the other rules"
    verdict = next((v for v in other.verdicts if v.rule == rule), None)
    if verdict is not None:
        return _reason(verdict)
    here = mine.get(rule)
    if here is not None and here.on != there.on:
        return f"there on {', '.join(there.on[:3])}{' …' if len(there.on) > 3 else ''}"
    if here is not None and here.projects != there.projects:
        return f"there for {', '.join(there.projects[:3]) or 'every project'}"
    return ""


def _reason(verdict: Verdict) -> str:
    failed = verdict.failed
    if failed is not None:
        return f"there {failed.field} wants {failed.wanted} ← {failed.seen or 'absent'}"
    if verdict.outcome is Outcome.SENT:
        return ""
    said = verdict.outcome.value
    return f"there {said} ({verdict.reason})" if verdict.reason else f"there {said}"
