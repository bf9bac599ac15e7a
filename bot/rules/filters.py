"""The filters of templates: values in, spans out; none of them makes markup of a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from typing_extensions import override

from bot import markdown
from bot.errors import RenderError
from bot.markdown.references import Home
from bot.message import (
    Code,
    Link,
    Mention,
    Plain,
    Span,
    Styled,
    Text,
    Trusted,
    clean,
    is_web_url,
    one_line,
    text,
)
from bot.message import join as join_texts
from bot.message import truncate as truncate_text
from bot.model import Person, Ref, Value
from bot.rules.catalogue import MEMBERS
from bot.rules.times import spell_duration

#: Names in a rendering's context; no field can be called so.
PEOPLE: Final = "people "
BUDGET: Final = "budget "
HOME: Final = "home "
#: Iterations of all loops of one rendering together.
_TURNS: Final = 2_000
#: Elements of one list that are shown.
_ELEMENTS: Final = 500
#: Characters of one value that are looked at.
_LETTERS: Final = 20_000
#: Fields that keep their line breaks; everything else is one line.
_LONG: Final = frozenset({"description", "comment.text"})


class Absent(Undefined):
    """A value that is not there: shows as nothing, is false, has no elements, equals nothing."""

    __slots__ = ()

    def _same(self, *_args: object) -> Absent:
        return self

    def _no(self, _other: object) -> bool:
        return False

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = _same  # type: ignore[assignment]  # Jinja's raise
    __lt__ = __le__ = __gt__ = __ge__ = _no  # type: ignore[assignment]  # Jinja's raise
    __eq__ = _no
    __hash__ = Undefined.__hash__

    @override
    def __ne__(self, _other: object) -> bool:
        return True

    def __contains__(self, _item: object) -> bool:
        return False


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Spans:
    """What a filter made: to be shown as it is."""

    spans: Text

    def __bool__(self) -> bool:
        return bool(self.spans)


class Budget:
    """Turns of loops that one rendering has left."""

    def __init__(self) -> None:
        self.left = _TURNS


def incoming(name: str, value: Value | None) -> object:
    """A field's value as templates see it: cleaned, cut, absent instead of None."""
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return clean(value[:_LETTERS]) if name in _LONG else one_line(value[:_LETTERS])
    if isinstance(value, tuple):
        return tuple(one_line(v[:_LETTERS]) if isinstance(v, str) else v for v in value)
    return value


def read(lookup: Callable[[str], Value | None], name: str) -> object:
    """A field, or a member of one: `author.name`, `mr.url`."""
    value = lookup(name)
    base, _, last = name.rpartition(".")
    if value is None and last in MEMBERS and not name.startswith("payload."):
        return member(lookup(base), last)
    return incoming(name, value)


def member(obj: object, name: str) -> object:
    """An attribute of a person, a link or an item; absent for anything else."""
    if isinstance(obj, Mapping):
        return incoming(name, obj.get(name))
    if isinstance(obj, Person | Ref) and name in MEMBERS:
        return incoming(name, getattr(obj, name, None))
    if type(obj).__name__ == "LoopContext":
        return getattr(obj, name)
    return ABSENT


def spans_of(value: object) -> Text:
    """Any value as spans: `{{ value }}` without a filter."""
    if isinstance(value, Spans):
        return value.spans
    if isinstance(value, tuple | list):
        return join_texts(", ", [spans_of(item) for item in value[:_ELEMENTS]])
    if isinstance(value, Mapping):
        value = _item(value)
    return text(Plain(letters(value)))


def _item(value: Mapping[str, object]) -> Ref:
    """What an item of a list or a batch is about."""
    ref = value.get("ref")
    if isinstance(ref, Ref):
        return ref
    return Ref(label=letters(value.get("title", "")), url=letters(value.get("url", "")))


def letters(value: object) -> str:
    """A single value as plain letters."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, str):
        return clean(value[:_LETTERS])
    if isinstance(value, Spans):
        return seen(value)
    return _LETTERS_OF.get(type(value), _unknown)(value)


def seen(value: object) -> str:
    """What a reader sees of a value or of a filter's result."""
    return "".join(_seen(span) for span in spans_of(value))


def _seen(span: Span) -> str:
    match span:
        case Plain(value) | Code(value) | Trusted(value):
            return value
        case Link(label, _) | Mention(_, label):
            return label
        case Styled(_, inner):
            return "".join(_seen(one) for one in inner)
        case _:
            return ""


def _unknown(value: object) -> NoReturn:
    raise RenderError(f"a {type(value).__name__} cannot be shown")


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M")


_LETTERS_OF: Final[Mapping[type, Callable[[Any], str]]] = {
    bool: lambda value: "yes" if value else "no",
    int: str,
    float: lambda value: f"{value:g}",
    timedelta: spell_duration,
    datetime: _moment,
    Person: lambda value: one_line(value.shown),
    Ref: lambda value: one_line(value.label),
}


def _gone(value: object) -> bool:
    return isinstance(value, Undefined) or value is None


def _link(value: object, label: object = None) -> Spans:
    """`mr | link`, or `url | link('log')`; an address that is no web address leaves the label."""
    if _gone(value):
        return Spans(())
    if isinstance(value, tuple | list):
        return Spans(join_texts(", ", [_link(item).spans for item in value[:_ELEMENTS]]))
    if isinstance(value, Mapping):
        value = _item(value)
    url = value.url if isinstance(value, Ref) else letters(value)
    shown = letters(value) if label is None or _gone(label) else seen(label)
    if not is_web_url(url):
        return Spans(text(Plain(one_line(shown))))
    return Spans((Link(one_line(shown), url),))


@pass_context
def _mention(context: Context, value: object) -> Spans:
    """People pinged when their chat name is known, else named."""
    people = context.parent[PEOPLE]
    if isinstance(value, Person):
        return Spans((people(value),))
    if isinstance(value, tuple | list):
        return Spans(
            join_texts(", ", [_mention(context, item).spans for item in value[:_ELEMENTS]])
        )
    return Spans(spans_of(value))


def _code(value: object) -> Spans:
    shown = one_line(seen(value))
    return Spans((Code(shown),) if shown else ())


def _excerpt(value: object, limit: int = 200) -> Spans:
    """The beginning of a long text, on one line."""
    return Spans(truncate_text(text(Plain(one_line(seen(value)))), _whole(limit)))


def _truncate(value: object, limit: int = 200) -> Spans:
    return Spans(truncate_text(spans_of(value), _whole(limit)))


@pass_context
def _markdown(context: Context, value: object, limit: int = 3_000) -> Spans:
    """Forge Markdown as what its author meant, inert; references lead to the event's forge."""
    return Spans(markdown.read(seen(value), context.parent[HOME](), limit=_whole(limit)))


def home(lookup: Callable[[str], Value | None]) -> Home:
    """Where the event's words were written, as far as its address tells."""
    forge, path, url = (letters(lookup(name)) for name in ("forge", "project", "url"))
    base, found, _rest = url.partition(f"/{path}/")
    if not path or not found:
        return Home(forge=forge)
    return Home(forge=forge, url=f"{base}/{path}", path=path)


def _whole(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise RenderError("a length is a whole number above 0")
    return limit


def _duration(value: object) -> str:
    if _gone(value):
        return ""
    if isinstance(value, bool) or not isinstance(value, timedelta | int | float):
        raise RenderError("`duration` needs a duration")
    return spell_duration(value if isinstance(value, timedelta) else timedelta(seconds=value))


def _join(value: object, separator: object = "") -> Spans:
    """The elements with the separator, which is the rule's own markup, between them."""
    items = value[:_ELEMENTS] if isinstance(value, tuple | list) else (value,)
    shown = [spans_of(item) for item in items]
    between: Text = (Trusted(str(separator)),) if separator != "" else ()
    return Spans(join_texts(between, [item for item in shown if item]))


def _default(value: object, instead: object = "") -> object:
    """The value, or this when it is absent or empty; `false` and 0 are values."""
    return instead if _gone(value) or value == "" or value == () or value == Spans(()) else value


def _upper(value: object) -> str:
    return seen(value).upper()


def _lower(value: object) -> str:
    return seen(value).lower()


def _length(value: object) -> int:
    if isinstance(value, str | tuple | list):
        return len(value)
    return 0 if _gone(value) else len(seen(value))


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple | list | str) and value else ABSENT


def _last(value: object) -> object:
    return value[-1] if isinstance(value, tuple | list | str) and value else ABSENT


@pass_context
def _bounded(context: Context, value: object) -> tuple[object, ...]:
    """What a loop goes through: no more turns than the rendering has left."""
    budget = context.parent[BUDGET]
    if not isinstance(value, tuple | list):
        if _gone(value):
            return ()
        raise RenderError("a loop needs a list")
    taken = tuple(value[: min(_ELEMENTS, max(0, budget.left))])
    budget.left -= len(taken)
    return taken


ALL: Final[dict[str, Callable[..., Any]]] = {
    "link": _link,
    "mention": _mention,
    "code": _code,
    "markdown": _markdown,
    "excerpt": _excerpt,
    "duration": _duration,
    "join": _join,
    "default": _default,
    "upper": _upper,
    "lower": _lower,
    "truncate": _truncate,
    "length": _length,
    "count": _length,
    "first": _first,
    "last": _last,
    "bounded": _bounded,
}


def _set(value: object) -> bool:
    return not _gone(value) and value not in ("", ())


TESTS: Final[dict[str, Callable[..., Any]]] = {
    "set": _set,
    "unset": lambda value: not _set(value),
    "defined": lambda value: not _gone(value),
    "undefined": _gone,
}
