"""What a test expected against what was done: matched up, and shown as a diff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bot.actions.said import said
from bot.rules.nodes import shorten

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Action
    from bot.rules.inline import Expected
    from bot.rules.nodes import Spot

#: Where it is told (None: at the test), what, and the diff.
Difference: TypeAlias = "tuple[Spot | None, str, tuple[str, ...]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One effect as a test sees it."""

    action: Action
    #: The channel as rules name it.
    to: str
    #: The lead line, and all lines, as the target writes them; empty without a message.
    lead: str
    whole: str

    @classmethod
    def of(cls, action: Action, render: Callable[[Text], str], aliases: Mapping[str, str]) -> Got:
        to = aliases.get(action.channel, action.channel)
        made = action.message
        if made is None:
            words = said(action)
            return cls(action=action, to=to, lead=words, whole=words)
        lines = [render(part) for part in (made.text, *made.body, *made.context)]
        whole = "\n".join(line for line in lines if line)
        return cls(action=action, to=to, lead=lines[0], whole=whole)

    @property
    def emoji(self) -> str | None:
        name = self.action.emoji
        return f"-{name}" if name is not None and self.action.remove else name

    def line(self) -> str:
        """As an expectation could be written, with the rule behind it."""
        action = self.action
        what = f"emoji: {_quoted(self.emoji)}" if self.emoji else f"text: {_quoted(self.lead)}"
        if not self.emoji and not self.lead:
            what = "no text"
        edit = ", edit: true" if action.is_edit else ""
        return f"{action.verb}: {self.to}{edit}, {what}   by `{action.rule}`"


def _quoted(text: str | None) -> str:
    return '"' + shorten(text or "", 160).replace('"', '\\"') + '"'


def differences(
    expected: Sequence[Expected], got: Sequence[Got], *, exhaustive: bool
) -> list[Difference]:
    """Nothing when all is as expected."""
    return _in_order(expected, got) if exhaustive else _among(expected, got)


def wrong(expected: Expected, got: Got) -> list[str]:
    """What of the effect is not as expected, each said against what it is."""
    action = got.action
    seen = (
        ("verb", expected.verb, action.verb),
        ("rule", expected.rule, action.rule),
        ("emoji", expected.emoji, got.emoji),
        ("edit", expected.edit, action.is_edit),
        ("broadcast", expected.broadcast, action.broadcast),
    )
    found = [f"{name} is `{is_}`" for name, want, is_ in seen if want not in {None, is_}]
    if expected.target is not None and expected.target.lower() != action.channel.lower():
        found.append(f"it goes to {got.to}")
    if expected.thread is not None and expected.thread not in _keys(action.subject):
        found.append(f"its thread is `{_keys(action.subject)[-1]}`")
    if expected.text is not None and not any(map(expected.text[1], (got.lead, got.whole))):
        found.append(f"its text is {_quoted(got.lead)}")
    if expected.contains is not None and expected.contains not in got.whole:
        found.append(f"its text, {_quoted(got.whole)}, does not contain it")
    return found


def _keys(subject: str) -> tuple[str, str, str]:
    """`mr`, `7` and `mr:7` of `gitlab:15:mr:7`."""
    kind, _, ident = subject.split(":", 2)[-1].partition(":")
    return kind, ident, f"{kind}:{ident}"


def _in_order(expected: Sequence[Expected], got: Sequence[Got]) -> list[Difference]:
    pairs = _aligned([[not wrong(e, g) for g in got] for e in expected], len(got))
    if all(left is not None and right is not None for left, right in pairs):
        return []
    diff: list[str] = []
    first: tuple[Spot | None, str] | None = None
    for left, right in pairs:
        if left is not None and right is not None:
            diff.append(f"  {expected[left].written}")
        elif left is not None:
            diff.append(f"- {expected[left].written}")
            first = first or (expected[left].at, _missing(expected[left], got, pairs))
        elif right is not None:
            diff.append(f"+ {got[right].line()}")
    if first is None:
        first = (None, _unexpected([got[r] for left, r in pairs if left is None and r is not None]))
    return [(*first, tuple(diff))]


def _unexpected(extra: Sequence[Got]) -> str:
    count = "an effect" if len(extra) == 1 else f"{len(extra)} effects"
    rules = ", ".join(dict.fromkeys(f"`{got.action.rule}`" for got in extra))
    return f"{count} not expected, by {rules}"


_Pairs: TypeAlias = "list[tuple[int | None, int | None]]"


def _missing(expected: Expected, got: Sequence[Got], pairs: _Pairs) -> str:
    """What comes nearest among the effects that nothing else accounts for."""
    spare = [got[right] for left, right in pairs if left is None and right is not None]
    spare = [one for one in spare if one.action.verb == expected.verb] or spare
    said = f"expected {expected.written}"
    if not spare:
        return f"{said}: nothing of the kind was done"
    nearest = min((wrong(expected, one) for one in spare), key=len)
    return f"{said}: {', '.join(nearest)}"


def _aligned(fits: Sequence[Sequence[bool]], width: int) -> _Pairs:
    """The longest run of expectations and effects in the order of both."""
    height = len(fits)
    best = [[0] * (width + 1) for _ in range(height + 1)]
    for i in range(height - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            matched = best[i + 1][j + 1] + 1 if fits[i][j] else 0
            best[i][j] = max(matched, best[i + 1][j], best[i][j + 1])
    pairs: _Pairs = []
    i = j = 0
    while i < height or j < width:
        if i < height and j < width and fits[i][j] and best[i][j] == best[i + 1][j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif i < height and (j == width or best[i + 1][j] >= best[i][j + 1]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _among(expected: Sequence[Expected], got: Sequence[Got]) -> list[Difference]:
    """Each expectation needs an effect of its own, in any order."""
    fits = [[j for j, one in enumerate(got) if not wrong(e, one)] for e in expected]
    owner: dict[int, int] = {}
    lost = [i for i in range(len(expected)) if not _assigned(i, fits, owner, set())]
    free: _Pairs = [(None, j) for j in range(len(got)) if j not in owner]
    diff = tuple(f"+ {got[j].line()}" for _, j in free if j is not None)
    return [
        (expected[i].at, _missing(expected[i], got, free), (f"- {expected[i].written}", *diff))
        for i in lost
    ]


def _assigned(
    wanted: int, fits: Sequence[Sequence[int]], owner: dict[int, int], tried: set[int]
) -> bool:
    """Whether the expectation gets an effect, others moving to another of theirs for it."""
    for j in fits[wanted]:
        if j in tried:
            continue
        tried.add(j)
        if j not in owner or _assigned(owner[j], fits, owner, tried):
            owner[j] = wanted
            return True
    return False
