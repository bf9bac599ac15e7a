"""Texts of verbs that act outside of chat: rendered now, or when what they wait for is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from bot.actions.values import dump_value
from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Plain,
    Styled,
    Trusted,
    clean,
    dump_text,
    one_line,
)
from bot.model import Lane, Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.actions.plan import Asker, Plan, View
    from bot.actions.spec import ActionSpec, Template
    from bot.message import Span, Text
    from bot.model import ActionId, Json

#: `{"spans": …}` of a rendered text; `{"template": …, "scope": …}` of one that waits.
Slot: TypeAlias = "Mapping[str, Json]"
_USERNAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


def slot(template: Template, made: tuple[str, ...], view: View) -> Slot:
    """`made`: names of results that are not there yet. Raises RenderError."""
    names = {name for name, _ in template.fields}
    if not any(name.partition(".")[0] in made for name in names):
        return {"spans": dump_text(template.render(view.lookup, people=person))}
    names |= {name.rpartition(".")[0] for name in names}
    scope = {name: dump_value(view.lookup(name)) for name in names if name}
    return {"template": template.source, "scope": scope}


def awaited(spec: ActionSpec, asker: Asker, to: Plan) -> Mapping[str, ActionId] | str:
    """The actions whose results the verb shows; a text when one of them was not planned."""
    found: dict[str, ActionId] = {}
    for name in spec.shows:
        action = to.results.get((asker.name, name))
        if action is None:
            return f"`{name}` was not started"
        found[name] = action
    return found


def person(who: Person) -> Span:
    """A forge's own mention: its rule asked for one."""
    if _USERNAME.fullmatch(who.username):
        return Trusted(f"@{who.username}")
    return Plain(one_line(who.shown))


def plain(body: Text, markup: Callable[[str], str] = lambda text: text) -> str:
    """As text without any markup, for JSON, headers and variables; `markup`: what becomes of the
    rule's own words."""
    return "".join(_plain(span, markup) for span in body)


def _plain(span: Span, markup: Callable[[str], str]) -> str:
    match span:
        case Plain(value) | Code(value):
            return clean(value)
        case Styled(_, inner):
            return plain(inner, markup)
        case Link(label, url):
            shown = one_line(label)
            return f"{shown} ({url})" if shown and shown != url else url
        case Trusted(words):
            return markup(words)
        case Mention() | Broadcast() | Emoji():
            return _word(span)
        case _:
            assert_never(span)


def _word(span: Mention | Broadcast | Emoji) -> str:
    match span:
        case Mention(_, label):
            return f"@{one_line(label).removeprefix('@')}"
        case Broadcast(to):
            return f"@{to}"
        case Emoji(name):
            return f":{one_line(name)}:"


def forge_lane(instance: str, project_id: str) -> Lane:
    return Lane(f"forge:{instance}:{project_id}")
