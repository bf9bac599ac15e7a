"""Jinja as the texts of rules use it: what is not allowed is refused, values come out as spans."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from typing_extensions import override

from bot.errors import RenderError
from bot.rules import filters
from bot.rules.filters import ABSENT, Absent, Budget
from bot.rules.template_hints import syntax_hint
from bot.rules.template_nodes import Bound, TemplateFault, bind, loop_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jinja2.compiler import Frame

    from bot.actions.spec import Lookup
    from bot.message import Span, Text
    from bot.model import Person

SOURCE_LIMIT: Final = 4_000


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


def run(source: str, lookup: Lookup, people: Callable[[Person], Span]) -> Iterator[str | Text]:
    """Its literal parts as `str`, all else as spans. Raises RenderError on a value that does not
    fit."""
    root, names = _compiled(source)
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
        first = source.strip().split("\n", 1)[0][:60]
        raise RenderError(f"text `{first}`: {error}") from error


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
