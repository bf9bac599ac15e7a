"""Reads nodes as what a rules file means by them; every reader tells its faults and goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.registry import FieldType
from bot.rules.catalogue import COMMON, FOLDED, LISTED, MEMBERS, TIMED, Catalogue
from bot.rules.expr import Expression, compile_expression
from bot.rules.expr_tokens import ExprError
from bot.rules.faults import choices, did_you_mean
from bot.rules.habits import FIELDS, channel_hint, field_hint, flag_hint
from bot.rules.nodes import Map, Node, Scalar, Seq, Spot, kind_word
from bot.rules.ruleset import Channel
from bot.rules.template import Template, template_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.registry import Field
    from bot.rules.faults import Faults
    from bot.rules.ruleset import Condition
    from bot.rules.template_nodes import TemplateFault
    from bot.rules.times import Hours

LIST_LIMIT: Final = 500
_CHANNEL_ID: Final = re.compile(r"(?=\D*\d)[CGD][A-Z0-9]{2,}")
_CHANNEL_NAME: Final = re.compile(r"#[^\s#@,:<>&|]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where in the rules a node stands: what its rule listens to and may say."""

    #: Event names, expanded; empty for a time rule.
    on: tuple[str, ...] = ()
    #: Each word of `on:` as written with what it stands for.
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    confidential: bool = False
    #: A rule with `every`; one with `batch` or `list`, whose texts speak of many events.
    timed: bool = False
    folded: bool = False
    #: Further names for templates: `as: run` of another verb.
    names: frozenset[str] = frozenset()
    #: Those that are known to other verbs only.
    elsewhere: frozenset[str] = frozenset()


class Reading:
    """What is known of the rules so far, and where faults go."""

    def __init__(self, faults: Faults, catalogue: Catalogue) -> None:
        self.faults = faults
        self.catalogue = catalogue
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.hours: dict[str, Hours] = {}
        #: In which times of day are meant, unless they say otherwise.
        self.zone = "UTC"
        #: Named texts, and where each stands.
        self.templates: dict[str, Scalar] = {}
        self.used: set[str] = set()
        #: Conditions by what they say: see conditions.py.
        self.conditions: dict[object, Condition] = {}
        self.expressions: dict[str, Expression] = {}

    # -- plain values --------------------------------------------------------------------

    def map_of(self, node: Node, what: str) -> Map | None:
        if isinstance(node, Map):
            return node
        self.faults.add(node, f"`{what}` must be a map, not {kind_word(node)}")
        return None

    def keys(
        self, node: Map, allowed: Iterable[str], what: str, meant: Mapping[str, str] | None = None
    ) -> None:
        """A fault for each unknown key; `meant`: what to say of words that people try."""
        allowed = tuple(allowed)
        for key, _ in node.entries:
            if key.text not in allowed:
                known = (meant or {}).get(key.text)
                hint = known or did_you_mean(key.text, allowed) or f"there are {choices(allowed)}"
                self.faults.add(key, f"unknown key `{key.text}` in {what}", hint)

    def text(self, node: Node, what: str) -> str | None:
        if isinstance(node, Scalar) and not node.is_null and node.text.strip():
            return node.text
        nothing = isinstance(node, Scalar) and node.is_null
        hint = _HASH if nothing else None
        self.faults.add(node, f"`{what}` must be text, not {kind_word(node)}", hint)
        return None

    def flag(self, node: Node, what: str) -> bool:
        wanted = node.as_bool() if isinstance(node, Scalar) else None
        if wanted is None:
            said = f"`{what}` must be true or false, not {kind_word(node)}"
            self.faults.add(node, said, flag_hint(node.text) if isinstance(node, Scalar) else None)
        return bool(wanted)

    def choice(
        self,
        node: Node,
        what: str,
        allowed: Iterable[str],
        meant: Callable[[str, Iterable[str]], str | None] = did_you_mean,
    ) -> str | None:
        """`meant`: the hint for a word that is none of them."""
        allowed = tuple(allowed)
        text = self.text(node, what)
        if text is None or text in allowed:
            return text
        hint = meant(text, allowed) or f"one of {choices(allowed)}"
        self.faults.add(node, f"`{text}` is no {what}", hint)
        return None

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """One or many; a list's length is bounded."""
        if not isinstance(node, Seq):
            return (node,)
        if not node.items or len(node.items) > LIST_LIMIT:
            self.faults.add(node, f"`{what}` needs 1 to {LIST_LIMIT} entries")
            return ()
        return node.items

    def words(self, node: Node, what: str) -> tuple[Scalar, ...]:
        """Texts, one or many."""
        return tuple(
            item
            for item in self.items(node, what)
            if self.text(item, what) is not None and isinstance(item, Scalar)
        )

    # -- channels ------------------------------------------------------------------------

    def channel(self, node: Node, scope: Scope) -> str | None:
        """An alias, `"#name"` or id as id or `#name`."""
        text = self.text(node, "channel")
        if text is None:
            return None
        to = self._channel(node, text)
        if to is not None and scope.confidential and not self.is_confidential(to):
            self.faults.add(
                node,
                f"this rule is for confidential events, `{text}` is not declared for them",
                "declare it: channels: {alias: {id: …, confidential: true}}",
            )
        return to

    def _channel(self, node: Node, text: str) -> str | None:
        if text in self.channels:
            self.used.add(text)
            return self.channels[text].to
        if _CHANNEL_ID.fullmatch(text):
            return text
        if _CHANNEL_NAME.fullmatch(text):
            return text
        if "{{" in text or "${" in text:
            self.faults.add(
                node, "a channel is never made of an event's values", "use `by:` and `map:`"
            )
            return None
        hint = channel_hint(text, self.channels, self.people)
        self.faults.add(node, f"channel `{text}` is not declared", hint)
        return None

    def is_confidential(self, to: str) -> bool:
        return any(
            channel.confidential and channel.to.lower() == to.lower()
            for channel in self.channels.values()
        )

    def channels_of(self, node: Node, scope: Scope) -> tuple[str, ...]:
        found = [self.channel(item, scope) for item in self.items(node, "to")]
        return tuple(dict.fromkeys(to for to in found if to is not None))

    # -- fields --------------------------------------------------------------------------

    def field(self, name: str, at: Spot, scope: Scope, *, in_text: bool = False) -> Field | None:
        """The field, which must exist for some event of the rule; texts show absent ones as
        nothing, so they may name what only some events have."""
        field = self.catalogue.field(name)
        if field is None:
            hint = field_hint(name, self.catalogue.fields)
            self.faults.add(at, f"unknown field `{name}`", hint or _fields_hint(scope))
            return None
        if name in _RARE:
            return self._rare(field, at, scope)
        if scope.timed and name not in LISTED:
            self.faults.add(at, f"`{name}` is not known of open merge requests", _LISTED_HINT)
            return None
        missing = [e for e in scope.on if not self.catalogue.has(e, name)]
        if missing and len(missing) == len(scope.on):
            self.faults.add(
                at,
                f"`{name}` never exists on {_events(scope)} events",
                self._called(name, scope) or self._has(scope),
            )
            return None
        for word, names in scope.words if missing and not in_text else ():
            if all(event in missing for event in names):
                self.faults.warn(at, f"`{name}` never exists on {word} events: never true there")
        return field

    def people_fields(self) -> tuple[str, ...]:
        """Fields that hold somebody, of any event."""
        kinds = {FieldType.PERSON, FieldType.PEOPLE}
        return tuple(f.name for f in self.catalogue.fields.values() if f.type in kinds)

    def _rare(self, field: Field, at: Spot, scope: Scope) -> Field | None:
        where = _RARE[field.name]
        if (where == "timed" and scope.timed) or (where == "folded" and scope.folded):
            return field
        said = "rules with `every:`" if where == "timed" else "texts of `batch:` and `list:`"
        self.faults.add(at, f"`{field.name}` exists only in {said}", self._has(scope))
        return None

    def _called(self, name: str, scope: Scope) -> str | None:
        """What the field of another event is called on these: `user` is `actor`."""
        meant = FIELDS.get(name)
        there = meant is not None and any(self.catalogue.has(e, meant) for e in scope.on)
        return f"there it is called `{meant}`" if there else None

    def _has(self, scope: Scope) -> str | None:
        if not scope.words:
            return None
        word = scope.words[0][0]
        fields: dict[str, None] = {}
        for name in scope.on:
            fields.update(dict.fromkeys(self.catalogue.of_event(name)))
        # What every event has helps least.
        own = sorted(fields, key=_EVERYWHERE.__contains__)
        return f"on: {word} has {choices(own)} (see `bot fields {word}`)"

    def expression(self, node: Scalar, scope: Scope) -> Expression | None:
        try:
            expression = self._compiled(node.text)
        except ExprError as error:
            at = self.faults.within(node, error.start, error.length, quoted=not node.plain)
            self.faults.add(at, error.text, error.hint)
            return None
        except RecursionError:
            self.faults.add(node, "an expression that is nested too deep")
            return None
        for name, start in expression.fields:
            at = self.faults.within(node, start, len(name), quoted=not node.plain)
            self.field(name, at, scope)
        return expression

    def _compiled(self, text: str) -> Expression:
        """Rules that ask the same share the expression. Raises ExprError."""
        if text not in self.expressions:
            self.expressions[text] = compile_expression(text, self.catalogue)
        return self.expressions[text]

    # -- texts ---------------------------------------------------------------------------

    def template(self, node: Node, scope: Scope, what: str = "text") -> Template | None:
        """A checked text; its fields must exist for the rule's events."""
        source = self.text(node, what)
        if source is None:
            return None
        from bot.rules.template_engine import check, members  # with Jinja: see `template`

        found, bound = check(source)
        for fault in found:
            self._template_fault(node, fault)
        for name, line in bound.lines.items():
            self._template_field(node, name, line, scope)
        for name, line in () if found else members(source):
            if name not in MEMBERS and self.catalogue.field(name) is None:
                hint = field_hint(name, (*MEMBERS, *self.catalogue.fields))
                at = self.faults.line_of(node, line, name)
                self.faults.add(at, f"unknown field `{name}`", hint)
        return None if found else template_of(source)

    def _template_fault(self, node: Node, fault: TemplateFault) -> None:
        at = self.faults.line_of(node, fault.line, fault.word)
        self.faults.add(at, fault.text, fault.hint)

    def _template_field(self, node: Node, name: str, line: int, scope: Scope) -> None:
        base, _, last = name.rpartition(".")
        if name.partition(".")[0] in scope.names | scope.elsewhere:
            self._result(node, name, line, scope)
            return
        if self.catalogue.field(name) is None and last in MEMBERS:
            known = self.catalogue.field(base)
            if known is not None and known.type in {FieldType.PERSON, FieldType.REF}:
                name = base
        at = self.faults.line_of(node, line, name)
        self.field(name, at, scope, in_text=True)

    def _result(self, node: Node, name: str, line: int, scope: Scope) -> None:
        """A name that `as` gave."""
        base, _, member = name.partition(".")
        at = self.faults.line_of(node, line, name)
        if base in scope.elsewhere:
            said = f"`{base}` is not there yet when this is sent"
            self.faults.add(at, said, "only `comment` and `webhook` wait for it")
        elif member and member not in RESULT:
            self.faults.add(at, f"`{name}` is unknown", f"there are {choices(RESULT)}")

    def named_template(self, node: Node, scope: Scope) -> Template | None:
        name = self.text(node, "template")
        if name is None:
            return None
        found = self.templates.get(name)
        if found is None:
            hint = did_you_mean(name, self.templates) or "declare it under `templates:`"
            self.faults.add(node, f"there is no template `{name}`", hint)
            return None
        return self.template(found, scope, f"templates.{name}")


_EVERYWHERE: Final = frozenset(field.name for field in COMMON)
_RARE: Final = {
    **{field.name: "timed" for field in TIMED},
    **{field.name: "folded" for field in FOLDED},
}
#: What there is to know of the result that `as` names.
RESULT: Final = ("id", "status", "url")
_LISTED_HINT: Final = f"there are {', '.join(sorted(LISTED | {f.name for f in TIMED}))}"
_HASH: Final = 'a text that begins with # needs quotes: "#x"'


def _events(scope: Scope) -> str:
    words = [word for word, _ in scope.words]
    return " and ".join(words[:3]) + (" …" if len(words) > 3 else "")


def _fields_hint(scope: Scope) -> str:
    word = f" {scope.words[0][0]}" if scope.words else ""
    return f"`bot fields{word}` prints them"
