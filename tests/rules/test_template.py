"""Texts: what comes out Trusted is the author's, everything else is Plain or made by a filter."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RenderError
from bot.message import Code, Link, Mention, Plain, Trusted
from bot.model import Person, Ref
from bot.rules.template import Template
from bot.rules.template_engine import check
from bot.rules.template_nodes import TemplateFault
from bot.rules.times import spell_duration

if TYPE_CHECKING:
    from bot.message import Span, Text
    from bot.model import Value

ALICE = Person(username="alice", name="Alice")
BOB = Person(username="bob")
VALUES: dict[str, Value] = {
    "title": "Fix <!channel> *x*",
    "comment.text": "one\ntwo",
    "author": ALICE,
    "reviewers": (ALICE, BOB),
    "labels": ("a", "<b>"),
    "mr": Ref(label="!7 Fix", url="https://git.example/7"),
    "url": "https://git.example",
    "additions": 3,
    "deletions": 4,
    "draft": False,
    "broken_for": timedelta(minutes=10),
    "at": datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
    "payload.a.0": "deep",
}


def people(person: Person) -> Span:
    return Mention("U0ALICE01", "Alice") if person == ALICE else Plain(person.shown)


def render(source: str) -> Text:
    return Template(source).render(VALUES.get, people=people)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*{{ title }}*", (Trusted("*"), Plain("Fix <!channel> *x*"), Trusted("*"))),
        ("{{ title }}{{ url }}", (Plain("Fix <!channel> *x*https://git.example"),)),
        ("{{ mr | link }}", (Link("!7 Fix", "https://git.example/7"),)),
        ("{{ url | link('log') }}", (Link("log", "https://git.example"),)),
        ("{{ url | link(title) }}", (Link("Fix <!channel> *x*", "https://git.example"),)),
        ("{{ title | link }}", (Plain("Fix <!channel> *x*"),)),
        ("{{ author }}", (Plain("Alice"),)),
        ("{{ author.username }}", (Plain("alice"),)),
        ("{{ mr.url }}", (Plain("https://git.example/7"),)),
        ("{{ author | mention }}", (Mention("U0ALICE01", "Alice"),)),
        ("{{ reviewers | mention }}", (Mention("U0ALICE01", "Alice"), Plain(", bob"))),
        ("{{ labels | join(' · ') }}", (Plain("a"), Trusted(" · "), Plain("<b>"))),
        ("{{ labels }}", (Plain("a, <b>"),)),
        ("{{ title | code }}", (Code("Fix <!channel> *x*"),)),
        ("{{ comment.text }}", (Plain("one\ntwo"),)),
        ("{{ comment.text | excerpt(5) }}", (Plain("one…"),)),
        ("{{ comment.text | markdown }}", (Plain("one\ntwo"),)),
        ("{{ title | lower | truncate(4) }}", (Plain("fix…"),)),
        ("{{ broken_for | duration }}", (Plain("10 min"),)),
        ("{{ additions + deletions }}", (Plain("7"),)),
        ("{{ draft }}", (Plain("no"),)),
        ("{{ at }}", (Plain("2026-03-02 10:00"),)),
        ("{{ labels | length }}", (Plain("2"),)),
        ("{{ labels | first }}", (Plain("a"),)),
        ("{{ payload.a[0] }}", (Plain("deep"),)),
        ("{{ 'x*' }}", (Plain("x*"),)),
        # absent values
        ("a{{ nothing }}b", (Trusted("ab"),)),
        ("{{ nothing | link }}{{ nothing | join(', ') }}{{ nothing | mention }}", ()),
        ("{{ nothing | default('none') }}", (Plain("none"),)),
        ("{{ nothing + 1 }}{% for x in nothing %}x{% endfor %}", ()),
        ("{% if nothing < 3 or nothing %}a{% else %}b{% endif %}", (Trusted("b"),)),
        ("{% if labels is set and nothing is unset %}a{% endif %}", (Trusted("a"),)),
        # loops
        (
            "{% for r in reviewers %}{{ r }}{% if not loop.last %}, {% endif %}{% endfor %}",
            (Plain("Alice"), Trusted(", "), Plain("bob")),
        ),
    ],
)
def test_rendering(source: str, expected: Text) -> None:
    assert render(source) == expected


def test_people_are_named_when_nobody_says_how_to_mention_them() -> None:
    assert Template("{{ author | mention }}").render(VALUES.get) == (Plain("Alice"),)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ x() }}", "nothing can be called in a template"),
        ("{{ x.y() }}", "nothing can be called in a template"),
        ("{{ 3 * 4 }}", "`*` is not available in templates"),
        ("{{ 2 ** 9 }}", "`pow` is not available in templates"),
        ("{{ a ~ b }}", "`~` is not available in templates"),
        ("{% set a = 1 %}", "`set` is not available in templates"),
        ("{% macro m() %}{% endmacro %}", "`macro` is not available in templates"),
        ("{% include 'x' %}", "`include` is not available in templates"),
        ("{% import 'x' as y %}", "`import` is not available in templates"),
        ("{% with a = 1 %}{% endwith %}", "`with` is not available in templates"),
        ("{{ x | attr('y') }}", "unknown filter `attr`"),
        ("{{ x | safe }}", "unknown filter `safe`"),
        ("{{ x | join(y) }}", "`join` takes a fixed argument"),
        ("{{ x is mapping }}", "unknown test `is mapping`"),
        ("{{ x[y] }}", "only `payload` is indexed"),
        ("{% for a in b %}{{ a.__class__ }}{% endfor %}", "`a.__class__` is unknown"),
        ("{% for a in b %}{{ loop.cycle }}{% endfor %}", "`loop.cycle` is unknown"),
        ("{% for a in b recursive %}{% endfor %}", "a loop has one name: {% for x in list %}"),
        (
            "{% for a in x %}{% for b in y %}{% for c in z %}{% endfor %}{% endfor %}{% endfor %}",
            "loops nest at most 2 deep",
        ),
        ("{{ " + "+".join("1" * 500) + " }}", "a text that is nested too deep"),
        ("{{ " + "(" * 1_900, "a text that is nested too deep"),
        ("x" * 4_001, "a text of more than 4000 characters"),
        ("<!channel> go", "`<!channel>` in a text"),
        ("<!{{ title }}>", "`<` is left open before a value"),
        ("<{{ url }}|log>", "`<` is left open before a value"),
        ("{{ labels | join('<!') }}", "`<` in a separator"),
    ],
)
def test_what_could_run_long_or_reach_far_is_not_in_the_language(source: str, text: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        Template(source)
    assert caught.value.text == text


def test_every_fault_of_a_template_is_told_with_its_line() -> None:
    faults, _ = check("{{ a | nope }}\n{{ b() }}\n")
    assert [(fault.line, fault.text) for fault in faults] == [
        (1, "unknown filter `nope`"),
        (2, "nothing can be called in a template"),
    ]


def test_a_value_that_does_not_fit_is_a_render_error_not_a_traceback() -> None:
    for source in ("{{ title + additions }}", "{{ title | duration }}", "{{ title | excerpt(0) }}"):
        with pytest.raises(RenderError):
            render(source)


def test_loops_of_one_rendering_share_a_bounded_number_of_turns() -> None:
    many = tuple("x" for _ in range(400))
    text = Template("{% for a in labels %}{% for b in labels %}{{ b }}{% endfor %}{% endfor %}")
    (span,) = text.render({"labels": many}.get)
    assert isinstance(span, Plain)
    assert len(span.value) <= 2_000


def test_output_is_cut_with_an_ellipsis() -> None:
    rendered = Template("{{ description }}{{ description }}").render(
        {"description": "x" * 15_000}.get
    )
    assert sum(len(span.value) for span in rendered if isinstance(span, Plain)) <= 20_001
    assert rendered[-1] == Plain("x" * 15_000 + "x" * 4_999 + "…")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("deploy-{{ title }}", "deploy-Fix <!channel> *x*"),
        ("deploy-{{ nothing }}", None),
        ("fixed", "fixed"),
        ("{{ labels | join('-') }}", "a-<b>"),
        ("{% if nothing %}x{% endif %}", None),
    ],
)
def test_a_key_is_plain_text_or_none_when_a_value_is_absent(
    source: str, expected: str | None
) -> None:
    assert Template(source).key(VALUES.get) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"), (45, "45 s"), (600, "10 min"), (630, "10 min"), (4_800, "1 h 20 min"),
        (7_200, "2 h"), (183_600, "2 d 3 h"), (-5, "0 s"),
    ],
)  # fmt: skip
def test_durations_are_spelt_by_their_two_largest_units(seconds: int, expected: str) -> None:
    assert spell_duration(timedelta(seconds=seconds)) == expected


FILTERS = st.sampled_from(
    [
        "", "| upper", "| lower", "| code", "| excerpt(9)", "| markdown", "| truncate(5)",
        "| default('x')", "| join(', ')", "| link", "| link('l')", "| mention", "| first", "| last",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(FILTERS, max_size=3).map(" ".join), st.text(max_size=20), st.booleans())
def test_no_value_ever_comes_out_as_markup(filters: str, value: str, listed: bool) -> None:
    field: Value = (value, value) if listed else value
    rendered = Template(f"[{{{{ title {filters} }}}}]").render({"title": field}.get)
    markup = "".join(span.markup for span in rendered if isinstance(span, Trusted))
    assert markup.replace(", ", "") == "[]"


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("{}%| abx.()'\"<>!-+*[]0~,"), max_size=40))
def test_any_text_is_a_template_or_a_fault(source: str) -> None:
    try:
        template = Template(source)
    except TemplateFault:
        return
    with contextlib.suppress(RenderError):
        template.render(VALUES.get)
