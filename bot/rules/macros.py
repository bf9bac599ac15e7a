"""Macros: rules with inputs, put in where a rule says `use:`; every node keeps its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.rules.faults import choices, did_you_mean
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rules.reading import Reading

TYPES: Final = ("list", "channel", "text", "number", "bool", "duration")
_INPUT: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    type: str
    default: Node | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    name: str
    inputs: Mapping[str, Input]
    rules: tuple[Node, ...]


class Macros:
    """The macros of all files, and how often each was used."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._macros: dict[str, Macro] = {}
        self._uses: dict[str, int] = {}

    def declare(self, node: Node) -> None:
        """One file's `macros:`."""
        table = self._reading.map_of(node, "macros")
        for key, value in table.entries if table is not None else ():
            body = self._reading.map_of(value, f"macros.{key.text}")
            if key.text in self._macros:
                self._reading.faults.add(key, f"`{key.text}` is declared twice in macros")
            elif body is not None:
                self._macros[key.text] = self._macro(key, body)

    def _macro(self, key: Scalar, body: Map) -> Macro:
        faults = self._reading.faults
        self._reading.keys(body, ("inputs", "rules"), f"macro {key.text}")
        rules = body.get("rules")
        if not isinstance(rules, Seq):
            faults.add(rules or key, f"macro `{key.text}` needs `rules`, a list")
        items = rules.items if isinstance(rules, Seq) else ()
        for item in items:
            nested = item.key("use") if isinstance(item, Map) else None
            if nested is not None:
                faults.add(nested, "macros do not nest")
        inputs = body.get("inputs")
        declared = self._reading.map_of(inputs, "inputs") if inputs is not None else None
        return Macro(
            name=key.text,
            inputs={n.text: self._input(v) for n, v in declared.entries} if declared else {},
            rules=tuple(i for i in items if not (isinstance(i, Map) and i.key("use"))),
        )

    def _input(self, node: Node) -> Input:
        if isinstance(node, Map):
            self._reading.keys(node, ("type", "default"), "input")
            kind = node.get("type")
            found = self._reading.choice(kind, "type of input", TYPES) if kind is not None else None
            return Input(type=found or "text", default=node.get("default"))
        return Input(
            type=self._reading.choice(node, "type of input", TYPES) or "text", default=None
        )

    def expand(self, entry: Map) -> tuple[str, tuple[Node, ...]]:
        """The prefix of the names and the rules of one `use:`; nothing after a fault."""
        self._reading.keys(
            entry, ("use", "with", "name"), "use", {"if": "put it into the macro, as an input"}
        )
        used = entry.get("use")
        name = self._reading.text(used, "use") if used is not None else None
        macro = self._macros.get(name) if name is not None else None
        if used is None or name is None:
            return "", ()
        if macro is None:
            hint = did_you_mean(name, self._macros) or "declare it under `macros:`"
            self._reading.faults.add(used, f"there is no macro `{name}`", hint)
            return "", ()
        values = self._values(macro, entry, used)
        if len(values) < len(macro.inputs):
            return "", ()
        rules = tuple(self._filled(rule, macro, values) for rule in macro.rules)
        return self._prefix(entry, name), rules

    def _prefix(self, entry: Map, name: str) -> str:
        """The entry's own name, else the macro's, numbered from its second use on."""
        own = entry.get("name")
        if own is not None:
            return f"{self._reading.text(own, 'name') or name}/"
        self._uses[name] = self._uses.get(name, 0) + 1
        number = self._uses[name]
        return f"{name}/" if number == 1 else f"{name}#{number}/"

    def _values(self, macro: Macro, entry: Map, used: Node) -> dict[str, Node]:
        given = entry.get("with")
        table = self._reading.map_of(given, "with") if given is not None else None
        if table is not None:
            self._reading.keys(table, macro.inputs, f"with of {macro.name}")
        values: dict[str, Node] = {}
        for name, wanted in macro.inputs.items():
            value = table.get(name) if table is not None else None
            if value is None:
                value = wanted.default
            if value is None:
                self._reading.faults.add(used, f"macro `{macro.name}` needs `{name}`", "in `with:`")
            elif self._fits(value, wanted.type, name):
                values[name] = replace(value, inserted=True) if isinstance(value, Seq) else value
        return values

    def _fits(self, value: Node, kind: str, name: str) -> bool:
        good = isinstance(value, Seq) if kind == "list" else isinstance(value, Scalar)
        if kind == "channel":
            good = isinstance(value, Scalar | Seq)
        if isinstance(value, Scalar):
            good = good and {
                "number": value.as_number() is not None,
                "bool": value.as_bool() is not None,
            }.get(kind, True)
        if not good:
            self._reading.faults.add(value, f"`{name}` must be a {kind}, not {kind_word(value)}")
        return good

    def _filled(self, node: Node, macro: Macro, values: Mapping[str, Node]) -> Node:
        """The node with every `${x}` of it replaced."""
        if isinstance(node, Map):
            entries = tuple((k, self._filled(v, macro, values)) for k, v in node.entries)
            return replace(node, entries=entries)
        if isinstance(node, Seq):
            items: list[Node] = []
            for item in node.items:
                filled = self._filled(item, macro, values)
                # A list put into a list gives one list: project: ["${projects}", "!x"].
                items += filled.items if isinstance(filled, Seq) and filled.inserted else (filled,)
            return replace(node, items=tuple(items))
        return self._filled_text(node, macro, values)

    def _filled_text(self, node: Scalar, macro: Macro, values: Mapping[str, Node]) -> Node:
        if "${" not in node.text:
            return node
        for name in _INPUT.findall(node.text):
            if name not in macro.inputs and not name.startswith("secret:"):
                hint = did_you_mean(name, macro.inputs) or f"it has {choices(list(macro.inputs))}"
                self._reading.faults.add(node, f"macro `{macro.name}` has no input `{name}`", hint)
        lone = _INPUT.fullmatch(node.text)
        if lone is not None and lone[1] in values:
            return values[lone[1]]

        def inside(match: re.Match[str]) -> str:
            value = values.get(match[1])
            if isinstance(value, Seq | Map):
                self._reading.faults.add(
                    node, f"`{match[1]}` is {kind_word(value)}: not for a text"
                )
                return ""
            return value.text if value is not None else match[0]

        return replace(node, text=_INPUT.sub(inside, node.text))
