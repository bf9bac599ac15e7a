"""Texts of rules: Jinja templates that render to spans, so that nothing is ever escaped twice.

Literal parts are `Trusted` markup of the rule's author; every value comes out `Plain`, or as the
span its last filter made of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from typing_extensions import override

from bot.errors import RenderError
from bot.message import Plain, Text, Trusted, one_line, text, truncate, width
from bot.model import Person
from bot.rules import filters
from bot.rules.filters import ABSENT, Absent, Budget
from bot.rules.template_hints import syntax_hint
from bot.rules.template_nodes import Bound, TemplateFault, bind, loop_members

if TYPE_CHECKING:
    from jinja2.compiler import Frame

    from bot.actions.spec import Lookup
    from bot.message import Span

SOURCE_LIMIT: Final = 4_000
#: Seen characters of one rendering; a chat cuts sooner.
OUTPUT_LIMIT: Final = 20_000
SPAN_LIMIT: Final = 4_000


class Template:
    """A compiled text; the syntax is checked at once, the code is made when first needed."""

    def __init__(self, source: str) -> None:
        """Raises TemplateFault with the first of its faults; `faults` of `check` has all."""
        faults, bound = check(source)
        if faults:
            raise faults[0]
        self.source = source
        #: Every field it reads, with the line of its first use.
        self.fields: tuple[tuple[str, int], ...] = tuple(bound.lines.items())
        #: What it reads of loop names: (`idle`, line).
        self.members: tuple[tuple[str, int], ...] = members(source)

    def render(self, lookup: Lookup, *, people: Callable[[Person], Span] | None = None) -> Text:
        """Absent fields show as nothing. Raises RenderError on a value that does not fit."""
        return _joined(self._run(lookup, people or _named))

    def key(self, lookup: Lookup) -> str | None:
        """As plain text; None when a value it shows is absent or empty."""
        parts: list[str] = []
        for item in self._run(lookup, _named):
            part = item if isinstance(item, str) else filters.seen(filters.Spans(item))
            if not part:
                return None
            parts.append(part)
        return one_line("".join(parts)) or None

    def _run(self, lookup: Lookup, people: Callable[[Person], Span]) -> Iterator[str | Text]:
        root, names = _compiled(self.source)
        values: dict[str, Any] = {bound: filters.read(lookup, name) for name, bound in names}
        values[filters.PEOPLE] = people
        values[filters.BUDGET] = Budget()
        values[filters.HOME] = functools.partial(filters.home, lookup)
        context = Context(_ENVIRONMENT, values, None, {})
        try:
            yield from root(context)
        except RenderError:
            raise
        except (TemplateError, TypeError, ValueError, OverflowError, ArithmeticError) as error:
            first = self.source.strip().split("\n", 1)[0][:60]
            raise RenderError(f"text `{first}`: {error}") from error


@functools.lru_cache(maxsize=512)
def check(source: str) -> tuple[list[TemplateFault], Bound]:
    """Every fault of a template, and its tree."""
    if len(source) > SOURCE_LIMIT:
        fault = TemplateFault(f"a text of more than {SOURCE_LIMIT} characters", 1)
        return [fault], Bound(nodes.Template([]))
    try:
        bound = bind(_ENVIRONMENT.parse(source))
    except TemplateSyntaxError as error:
        text, word, hint = syntax_hint(error.message or "", source)
        return [TemplateFault(text, error.lineno, word, hint)], Bound(nodes.Template([]))
    except RecursionError:
        return [TemplateFault("a text that is nested too deep", 1)], Bound(nodes.Template([]))
    return bound.faults, bound


@functools.lru_cache(maxsize=512)
def members(source: str) -> tuple[tuple[str, int], ...]:
    """What a template that has no fault reads of loop names: (`idle`, line)."""
    return tuple(loop_members(check(source)[1].tree))


@functools.lru_cache(maxsize=512)
def template_of(source: str) -> Template:
    """The template; rules that say the same share it. Raises like Template."""
    return Template(source)


def _named(person: Person) -> Span:
    return Plain(one_line(person.shown))


def _joined(items: Iterator[str | Text]) -> Text:
    """One bounded text; a `str` is a literal part of the template."""
    parts: list[Span] = []
    room = OUTPUT_LIMIT
    for item in items:
        spans: Text = (Trusted(item),) if isinstance(item, str) else item
        if width(spans) > room:
            return _merged(text(*parts, *truncate(spans, max(1, room))))
        if len(parts) + len(spans) > SPAN_LIMIT:
            return _merged(text(*parts, "…"))
        parts += spans
        room -= width(spans)
    return _merged(text(*parts))


def _merged(spans: Text) -> Text:
    merged: list[Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if isinstance(span, Trusted) and isinstance(last, Trusted):
            merged[-1] = Trusted(last.markup + span.markup)
        else:
            merged.append(span)
    return tuple(merged)


class _Generator(CodeGenerator):
    """Writes literal parts as `str` and every other output as spans; folds nothing."""

    @override
    def _output_const_repr(self, group: Any) -> str:
        return repr("".join(str(part) for part in group))

    @override
    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return str(node.as_const(frame.eval_ctx))
        raise nodes.Impossible

    @override
    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.finalize(")

    @override
    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator

    @override
    def getattr(self, obj: Any, attribute: str) -> Any:
        return filters.member(obj, attribute)

    @override
    def getitem(self, obj: Any, argument: Any) -> Any:
        return ABSENT

    @override
    def is_safe_callable(self, obj: Any) -> bool:
        return False


_ENVIRONMENT: Final = _Environment(
    autoescape=False,
    optimized=False,
    undefined=Absent,
    finalize=filters.spans_of,
    trim_blocks=False,
    keep_trailing_newline=False,
    extensions=(),
)
_ENVIRONMENT.filters = dict(filters.ALL)
_ENVIRONMENT.tests = dict(filters.TESTS)
_ENVIRONMENT.globals = {}


@functools.lru_cache(maxsize=5_000)
def _compiled(
    source: str,
) -> tuple[Callable[[Context], Iterator[Any]], tuple[tuple[str, str], ...]]:
    """The code of a checked template, and (field, bound name) of what it reads."""
    _, bound = check(source)
    template = _ENVIRONMENT.from_string(bound.tree)
    return template.root_render_func, tuple(bound.fields.items())
