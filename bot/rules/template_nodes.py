"""What a template may be made of: an allow-list over Jinja's syntax tree, and its fields bound.

A sandbox bounds what code can reach, not how long it runs; so everything that could call, build or
repeat without bound is taken out of the language instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from jinja2 import nodes

from bot.rules.faults import did_you_mean
from bot.rules.template_hints import filter_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOP_DEPTH: Final = 2
#: Far below what Jinja's and Python's own compilers take.
DEPTH_LIMIT: Final = 40

#: Filter -> (fewest, most) arguments.
FILTERS: Final = {
    "link": (0, 1),
    "mention": (0, 0),
    "code": (0, 0),
    "markdown": (0, 1),
    "excerpt": (0, 1),
    "duration": (0, 0),
    "join": (0, 1),
    "default": (0, 1),
    "upper": (0, 0),
    "lower": (0, 0),
    "truncate": (0, 1),
    "length": (0, 0),
    "count": (0, 0),
    "first": (0, 0),
    "last": (0, 0),
}
TESTS: Final = frozenset({"set", "unset", "defined", "undefined"})
_LOOP: Final = frozenset({"index", "index0", "first", "last", "length"})

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.For, nodes.If, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Neg, nodes.List,
    nodes.Tuple,
)  # fmt: skip
_REFUSED: Final[dict[type[nodes.Node], tuple[str, str | None]]] = {
    nodes.Call: ("nothing can be called in a template", "use a filter: `{{ x | … }}`"),
    nodes.Mul: ("`*` is not available in templates", "only + and - are calculated"),
    nodes.Concat: ("`~` is not available in templates", "write the parts side by side"),
    nodes.Assign: ("`set` is not available in templates", None),
    nodes.AssignBlock: ("`set` is not available in templates", None),
    nodes.Macro: ("`macro` is not available in templates", "use `macros:` of the rules file"),
    nodes.Include: ("`include` is not available in templates", None),
    nodes.Import: ("`import` is not available in templates", None),
    nodes.FromImport: ("`import` is not available in templates", None),
    nodes.Extends: ("`extends` is not available in templates", None),
    nodes.Block: ("`block` is not available in templates", None),
}


class TemplateFault(ValueError):
    """What is wrong with a template, in which of its lines."""

    def __init__(self, text: str, line: int, word: str = "", hint: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        #: From 1.
        self.line = line
        #: Looked for in that line, to point at it.
        self.word = word
        self.hint = hint


@dataclass(slots=True)
class Bound:
    """A checked tree whose fields were replaced by numbered names."""

    tree: nodes.Template
    #: Field name -> its name in the tree; with the line it is first used in.
    fields: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[TemplateFault] = field(default_factory=list)


def bind(tree: nodes.Template) -> Bound:
    """Checks the tree and binds `comment.text` and the like to one name each."""
    bound = Bound(tree)
    _Binder(bound).visit(tree, (), 0)
    return bound


class _Binder:
    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        self._depth = 0

    def visit(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        self._depth += 1
        if self._depth <= DEPTH_LIMIT:
            self._visit(node, locals_, loops)
        elif self._depth == DEPTH_LIMIT + 1:
            self._fault("a text that is nested too deep", node)
        self._depth -= 1

    def _visit(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        if not isinstance(node, _ALLOWED) or type(node) in _REFUSED:
            self._refuse(node)
            return
        special = self._SPECIAL.get(type(node))
        if special is not None:
            special(self, node, locals_, loops)
            return
        self._children(node, locals_, loops)

    def _children(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        for name, value in node.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(node, name, self._bound_field(value, locals_))
            elif isinstance(value, list):
                value[:] = [
                    self._bound_field(v, locals_) if isinstance(v, nodes.Node) else v for v in value
                ]
        for child in node.iter_child_nodes():
            self.visit(child, locals_, loops)

    def _bound_field(self, node: nodes.Node, locals_: tuple[str, ...]) -> nodes.Node:
        """A field written as `a.b` becomes one bound name; everything else stays."""
        path = _path(node)
        if path is None or path[0] in locals_ or _is_bound(path[0]):
            return node
        if path[0] == "loop" and locals_:
            return node
        name = ".".join(path)
        number = self._bound.fields.setdefault(name, f"{_PREFIX}{len(self._bound.fields)}")
        self._bound.lines.setdefault(name, node.lineno)
        return nodes.Name(number, "load", lineno=node.lineno)

    def _refuse(self, node: nodes.Node) -> None:
        text, hint = _REFUSED.get(
            type(node), (f"`{type(node).__name__.lower()}` is not available in templates", None)
        )
        self._fault(text, node, hint=hint)

    def _fault(self, text: str, node: nodes.Node, word: str = "", hint: str | None = None) -> None:
        self._bound.faults.append(TemplateFault(text, node.lineno or 1, word, hint))

    def _for(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        if not isinstance(node, nodes.For):
            return
        if loops >= LOOP_DEPTH:
            self._fault(f"loops nest at most {LOOP_DEPTH} deep", node, "for")
            return
        if node.recursive or not isinstance(node.target, nodes.Name):
            self._fault("a loop has one name: {% for x in list %}", node, "for")
            return
        node.iter = self._expression(node.iter, locals_, loops)
        # Iterations of one rendering are counted together: see `bounded` in template.py.
        node.iter = nodes.Filter(node.iter, "bounded", [], [], None, None, lineno=node.lineno)
        inner = (*locals_, node.target.name)
        if node.test is not None:
            node.test = self._expression(node.test, inner, loops)
        for body, names, depth in ((node.body, inner, loops + 1), (node.else_, locals_, loops)):
            for child in body:
                self.visit(child, names, depth)

    def _expression(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> nodes.Node:
        whole = nodes.Tuple([cast("nodes.Expr", node)], "load", lineno=node.lineno)
        self._children(whole, locals_, loops)
        return whole.items[0]

    def _getattr(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        """What is left of attributes: those of loop names and of filters' results."""
        path = _path(node)
        if path is None:
            self._children(node, locals_, loops)
            name = node.attr if isinstance(node, nodes.Getattr) else ""
            if not name:
                self._fault("only `payload` is indexed", node, "[")
        elif path[0] == "loop":
            name = path[1] if len(path) == 2 and path[1] in _LOOP else ""
            if not name:
                self._fault(
                    f"`{'.'.join(path)}` is unknown", node, path[-1], f"{', '.join(sorted(_LOOP))}"
                )
        elif any(part.startswith("_") for part in path):
            self._fault(f"`{'.'.join(path)}` is unknown", node, path[-1])

    def _name(self, node: nodes.Node, _locals: tuple[str, ...], _loops: int) -> None:
        if isinstance(node, nodes.Name) and node.ctx != "load":
            self._fault("names cannot be given values", node, node.name)

    def _filter(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        if not isinstance(node, nodes.Filter):
            return
        limits = FILTERS.get(node.name)
        if limits is None:
            self._fault(
                f"unknown filter `{node.name}`",
                node,
                node.name,
                filter_hint(node.name)
                or did_you_mean(node.name, FILTERS)
                or f"there are {', '.join(FILTERS)}",
            )
        elif node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > limits[1]:
            self._fault(f"`{node.name}` takes at most {limits[1]} argument", node, node.name)
        elif node.name != "link" and not all(isinstance(a, nodes.Const) for a in node.args):
            self._fault(f"`{node.name}` takes a fixed argument", node, node.name)
        elif node.name == "join" and "<" in "".join(_constants(node.args)):
            self._fault("`<` in a separator", node, "<", "write `&lt;`")
        elif node.node is None:
            self._fault("filter blocks are not available", node, node.name)
        else:
            self._children(node, locals_, loops)

    def _test(self, node: nodes.Node, locals_: tuple[str, ...], loops: int) -> None:
        if not isinstance(node, nodes.Test):
            return
        if node.name not in TESTS or node.args or node.kwargs:
            self._fault(f"unknown test `is {node.name}`", node, node.name, "`is set`, `is unset`")
            return
        self._children(node, locals_, loops)

    def _literal(self, node: nodes.Node, _locals: tuple[str, ...], _loops: int) -> None:
        """A literal part must not open what a value then fills: `<!{{ title }}>` could ping."""
        data = node.data if isinstance(node, nodes.TemplateData) else ""
        broadcast = _BROADCAST.search(data)
        if broadcast is not None:
            hint = "write `mention: here` or `mention: channel` beside the text"
            self._fault(f"`{broadcast[0]}` in a text", node, broadcast[0], hint)
        elif data.rfind("<") > data.rfind(">"):
            hint = "use `| link` and `| mention`; for the sign itself write `&lt;`"
            self._fault("`<` is left open before a value", node, "<", hint)

    _SPECIAL: Final[
        dict[
            type[nodes.Node],
            Callable[[_Binder, nodes.Node, tuple[str, ...], int], None],
        ]
    ] = {
        nodes.For: _for,
        nodes.Getattr: _getattr,
        nodes.Getitem: _getattr,
        nodes.Name: _name,
        nodes.Filter: _filter,
        nodes.Test: _test,
        nodes.TemplateData: _literal,
    }


_PREFIX: Final = "field_"
_BROADCAST: Final = re.compile(r"<!(?:here|channel|everyone|subteam)[^>]*>?")


def _constants(args: list[nodes.Expr]) -> list[str]:
    return [str(arg.value) for arg in args if isinstance(arg, nodes.Const)]


def _is_bound(name: str) -> bool:
    return name.startswith(_PREFIX) and name[len(_PREFIX) :].isdecimal()


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    """`("comment", "text")` of `comment.text`, also through constant indices of a payload."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            parts.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str | int):
            parts.append(str(node.arg.value))
        else:
            return None
        node = node.node
    if not isinstance(node, nodes.Name) or node.ctx != "load":
        return None
    return (node.name, *reversed(parts))


def loop_members(tree: nodes.Node) -> Iterator[tuple[str, int]]:
    """The members of loop names that a checked tree reads, each with its line."""
    for node in tree.find_all(nodes.Getattr):
        path = _path(node)
        if path is not None and path[0] != "loop" and len(path) > 1:
            yield ".".join(path[1:]), node.lineno
