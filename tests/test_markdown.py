"""What people wrote at a forge, as Text: shown as they meant it, and inert in every target."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forges import markdown as forge_markdown
from bot.markdown import read, reading
from bot.markdown.references import Home, address
from bot.message import Code, Text, quote, text, width
from bot.slack.blocks import fit
from bot.slack.mrkdwn import render

URL: Final = "https://forge.example/lab/shop/api"
GITLAB: Final = Home(forge="gitlab", url=URL, path="shop/api")
GITHUB: Final = Home(forge="github", url="https://github.com/shop/api", path="shop/api")


def shown(source: str, home: Home = GITLAB, limit: int = 2000) -> str:
    return render(read(source, home, limit=limit))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**bold** _thin_ ~~gone~~ `code`", "*bold* _thin_ ~gone~ `code`"),
        ("***both***", "_*both*_"),
        ("# Heading *x*", "*Heading _x_*"),
        ("Title\n=====\ntext", "*Title*\ntext"),
        (r"\*not bold\* &lt;b&gt; &amp;amp;", "*not bold* &lt;b&gt; &amp;amp;"),
        (
            "- a\n- b\n  - c\n    1. d\n    2. e",
            "• a\n• b\n\u2003◦ c\n\u2003\u20031. d\n\u2003\u20032. e",
        ),
        ("3. c\n4. d", "3. c\n4. d"),
        ("- [x] done\n- [ ] open", "☑ done\n☐ open"),
        ("- a\n\n  more", "• a\n\u2003more"),
        ("> said\n> again", "&gt; said again"),
        ("> a\n>> b", "&gt; a\n&gt; │ b"),
        ("> [!WARNING]\n> Look out", "&gt; *Warning*\n&gt; Look out"),
        ("```py\nx = 1\ny = 2\n```\nend", "```\nx = 1\ny = 2\n```\nend"),
        ("> ```\n> a\n> b\n> ```\n> c", "```\na\nb\n```\n&gt; c"),
        ("a\n\n---\n\nb", "a\n────────────\nb"),
        ("line\nwrapped  \nbroken", "line wrapped\nbroken"),
        ("|a|b|\n|-|-|\n|1|`2`|", "```\na │ b\n──┼──\n1 │ 2\n```"),
        (":tada: @alice ~label", ":tada: @alice ~label"),
        ('~"needs review" ~type::bug', "`needs review` `type::bug`"),
        ("snake_case_names and a_b_", "snake_case_names and a_b_"),
        ("2*3*4 and 2**3**4, *a*b", "2*3*4 and 2**3**4, *a*b"),
        ("(*a*) *b*, *c*: *d*", "(_a_) _b_, _c_: _d_"),
        ("", ""),
        ("   \n\n", ""),
    ],
)
def test_markdown_becomes_what_it_means(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a <!-- hint --> b", "a  b"),
        ("<!-- hint\nof a template -->\nreal", "real"),
        ("<!-- never closed\nreal", ""),
        ("```\n<!-- code\nstays -->\n```", "```\n&lt;!-- code\nstays --&gt;\n```"),
        ("`<!-- x -->`", "`&lt;!-- x --&gt;`"),
        ("<b>bold</b> <kbd>Ctrl</kbd>", "bold Ctrl"),
        ("<div>\n<p>one</p>\n<p>two</p>\n</div>", "one\ntwo"),
        ("a<br>b", "a\nb"),
        ("<table><tr><td>one</td><td>two</td></tr></table>", "one two"),
        ("<details>\n<summary>Logs</summary>\n\nsecret\n\n</details>\n\nend", "▸ Logs\nend"),
        ("<details><summary>Logs</summary>secret</details>", "▸ Logs"),
        ("<details>\n\n- a\n- b\n\n```\ncode\n```\n</details>\n\nend", "end"),
        ("<details>\n\n> quoted\n\n</details>\n\nend", "end"),
        ("- <details>\n  hidden\n- seen", "• seen"),
        ('<img src="/uploads/a/b.png" alt="the page">', f"<{URL}/uploads/a/b.png|the page>"),
    ],
)
def test_what_a_forge_hides_is_left_out(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[docs](https://a.example/x)", "<https://a.example/x|docs>"),
        ("[**bold** `code`](https://a.example)", "<https://a.example|bold code>"),
        ("https://a.example/x.", "<https://a.example/x|a.example/x>."),
        ("<https://a.example>", "<https://a.example|a.example>"),
        ("<a@b.example>", "<mailto:a@b.example|a@b.example>"),
        ("[gitlab.com](https://evil.example)", "<https://evil.example|gitlab.com (evil.example)>"),
        ("[x](javascript:alert(1))", "x"),
        ("[x](data:text/html,y)", "x"),
        ("[x](#anchor)", "x"),
        ("[x](docs/a.md)", f"<{URL}/-/blob/HEAD/docs/a.md|x>"),
        ("[x](./a.md)", f"<{URL}/-/blob/HEAD/a.md|x>"),
        ("[x](/other/repo)", "<https://forge.example/lab/other/repo|x>"),
        ("![shot](/uploads/1/a.png)", f"<{URL}/uploads/1/a.png|shot>"),
        ("![](https://a.example/a.png)", "<https://a.example/a.png|image>"),
        ("[![build](b.svg)](https://ci.example)", "<https://ci.example|build>"),
        ("[a]\n\n[a]: https://a.example", "<https://a.example|a>"),
        ("!12", f"<{URL}/-/merge_requests/12|!12>"),
        ("see #34, ok", f"see <{URL}/-/issues/34|#34>, ok"),
        ("shop/web#3", "<https://forge.example/lab/shop/web/-/issues/3|shop/web#3>"),
        (f"{URL}/-/merge_requests/7", f"<{URL}/-/merge_requests/7|!7>"),
        (
            "https://forge.example/lab/a/b/-/issues/7",
            "<https://forge.example/lab/a/b/-/issues/7|a/b#7>",
        ),
        ("`!12` and issue#3 and a#b", "`!12` and issue#3 and a#b"),
        (f"{URL}/-/compare/v1...v2", f"<{URL}/-/compare/v1...v2|v1...v2>"),
        (f"{URL}/-/commit/{'a1' * 20}", f"<{URL}/-/commit/{'a1' * 20}|a1a1a1a1>"),
        (
            "https://forge.example/lab/a/b/-/compare/v1...v2",
            "<https://forge.example/lab/a/b/-/compare/v1...v2|a/b@v1...v2>",
        ),
        ("a[^1] b\n\n[^1]: note", "a b"),
    ],
)
def test_links_and_references_lead_somewhere_honest(source: str, expected: str) -> None:
    assert shown(source) == expected


_A: Final = "https://a.example/x"
_PINGS: Final = "&lt;!channel&gt;&lt;!here&gt;"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'see <a href="{_A}">the *docs*</a>, ok', f"see <{_A}|the docs>, ok"),
        (f"<A class=b HREF = '{_A}' target=_blank>docs</A>", f"<{_A}|docs>"),
        (f'<p align="center">\n<a href="{_A}">docs</a>\nmore\n</p>', f"<{_A}|docs>\nmore"),
        (f'<p><a href="{_A}"><b>a</b> <img src="b.svg" alt="b"></a></p>', f"<{_A}|a b>"),
        ('<a href="mailto:a@b.example">us</a>', "<mailto:a@b.example|us>"),
        ('<a href="docs/a.md">x</a>', f"<{URL}/-/blob/HEAD/docs/a.md|x>"),
        ('<a href="https://evil.example">gl.example</a>', None),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<p><a href="&#106;avascript:alert(1)">x</a></p>', "x"),
        ('<a href="data:text/html,y">x</a>', "x"),
        ('<a href="ftp://a.example">x</a>', "x"),
        (f'<a name="x" data-href="{_A}">x</a>', "x"),
        (f'<a href="{_A}" href="https://evil.example">x</a>', f"<{_A}|x>"),
        (f'<a href="{_A}">never closed', "never closed"),
        (f'<a href="{_A}"></a>x', "x"),
        (f'<a href="{_A}">a<a href="{_A}/2">b</a>c</a>', f"<{_A}|a><{_A}/2|b>c"),
        (f'<details><summary><a href="{_A}">L</a></summary><a href="{_A}">x</a>', f"▸ <{_A}|L>"),
        (f'<a href="{_A}"><!channel>&lt;!here></a>', f"<{_A}|{_PINGS}>"),
    ],
)
def test_a_link_of_html_keeps_its_address(source: str, expected: str | None) -> None:
    honest = "<https://evil.example|gl.example (evil.example)>"
    assert shown(source) == (honest if expected is None else expected)


def test_github_has_its_own_pages_marks_and_line_breaks() -> None:
    assert shown("one\ntwo", GITHUB) == "one\ntwo"
    assert shown("#5", GITHUB) == "<https://github.com/shop/api/issues/5|#5>"
    assert shown("!5 ~type::bug", GITHUB) == "!5 ~type::bug"
    assert shown("[x](a.md)", GITHUB) == "<https://github.com/shop/api/blob/HEAD/a.md|x>"
    pull = "https://github.com/o/r/pull/9"
    assert shown(pull, GITHUB) == f"<{pull}|o/r#9>"


def test_without_a_home_nothing_is_made_up() -> None:
    assert shown("!12 #3 [x](a.md) [y](/b)", Home()) == "!12 #3 x y"
    assert address("//cdn.example/a", Home()) == "https://cdn.example/a"


def test_a_cut_is_made_between_words_of_one_kind() -> None:
    assert shown("see https://a.example/x and more", limit=10) == "see …"
    assert shown("```\none\ntwo\nthree\n```", limit=9) == "```\none\ntwo\n```\n…"
    assert shown("🇩🇪🇫🇷🇮🇹", limit=4) == "🇩🇪…"
    assert shown("👍🏽👍🏽👍🏽", limit=4) == "👍🏽…"
    assert shown("e\u0301e\u0301e\u0301", limit=4) == "e\u0301…"


def test_a_tall_text_is_cut_too() -> None:
    lines = shown("- a\n" * 100, limit=300).split("\n")
    assert lines[-1] == "…"
    assert len(lines) == 13


def test_a_table_that_is_too_large_says_so() -> None:
    source = "|" + "wide " * 20 + "|b|\n|-|-|\n" + "|1|漢字|\n" * 40
    lines = shown(source, limit=3000).split("\n")
    assert lines[1].startswith("wide wide")
    assert lines[1].endswith("… │ b")
    assert lines[3] == "1" + " " * 29 + " │ 漢字"
    assert lines[-2] == "…"


def test_rows_of_a_table_are_filled_up_and_cut_as_forges_do() -> None:
    rows = shown("|a|b|\n|-|-|\n|1|\n|1|2|3|\n\nend").split("\n")
    assert rows == ["```", "a │ b", "──┼──", "1 │", "1 │ 2", "```", "end"]
    assert "|1|" in shown("```\n|a|b|\n|-|-|\n|1|\n```")


def test_what_the_parser_fails_at_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def parse(self, source: str) -> None:
            raise IndexError(source)

    monkeypatch.setattr(reading, "_PARSER", Broken())
    assert shown("**a** <!here>\nb, only here") == "**a** &lt;!here&gt;\nb, only here"


def test_an_address_that_would_fill_the_message_is_left_out() -> None:
    assert shown(f"[x](http://a.example/&#{'1' * 4500};)") == "x"


@pytest.mark.parametrize(
    "hostile",
    [
        ">" * 10_000,
        "\n".join(">" * depth + " a" for depth in range(1, 2_000)),
        "- " * 10_000,
        "\n".join(" " * (2 * depth) + "- a" for depth in range(1_000)),
        "[" * 10_000,
        "*a_" * 10_000,
        "<" * 10_000,
        "<!--" * 10_000,
        "<details>\n\n" * 2_000,
        "`" * 10_000,
        "\\" * 10_000,
        "&" * 10_000,
        "a/" * 10_000,
        "x" * 1_000_000,
    ],
)
def test_depth_and_length_are_bounded(hostile: str) -> None:
    made = read(hostile, GITLAB, limit=300)
    assert width(made) <= 300


def test_a_quote_in_a_text_has_lines_of_its_own() -> None:
    body = text("alice: ", quote("one\ntwo"), " end")
    assert render(body) == "alice: \n&gt; one\n&gt; two\n end"
    assert forge_markdown.render(body) == "alice\\: \n> one\n> two\n end"
    assert render(text("a", Code("x\ny"), "b")) == "a\n```\nx\ny\n```\nb"


# -- properties ----------------------------------------------------------------------------------

PIECES: Final = st.sampled_from(
    [
        *("<!channel>", "<!here|x>", "<@U12345>", "<#C12345>", "<!subteam^S123>", "&lt;!here&gt;"),
        *(
            "&#60;!here&#62;",
            "&amp;lt;",
            "\\<!here>",
            "`<!here>`",
            "<https://e|https://gitlab.com>",
        ),
        *(
            "[a](<https://e.example/>)",
            "[<!here>](https://e.example)",
            "![<@U1>](x)",
            "<img alt='<!here>'>",
        ),
        *(
            "**",
            "_",
            "~~",
            "`",
            "```\n",
            "> ",
            "- ",
            "1. ",
            "- [ ] ",
            "# ",
            "|a|b|\n|-|-|\n|1|<!here>|\n",
        ),
        *("<details>", "<summary>", "</summary>", "</details>", "<!--", "-->", "<b>", "</b>"),
        *(
            "\n",
            "\n\n",
            "    ",
            "[",
            "]",
            "(",
            ")",
            "!",
            "<",
            ">",
            "|",
            "@channel",
            "!1",
            "a/b#2",
            "~a::b",
        ),
        *(
            "http://",
            "https://x.example/<!here>",
            "\u202e",
            "\x00",
            "&",
            "&#0;",
            "[^1]",
            "\\",
            "a",
            " ",
        ),
    ]
)
SOURCES: Final = st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join)
HOMES: Final = st.sampled_from([GITLAB, GITHUB, Home()])
LINK: Final = re.compile(r"<(?:https?://|mailto:)[^<>|\n]+(?:\|[^<>|\n]*)?>")


@given(SOURCES, HOMES, st.integers(1, 400))
def test_nothing_people_write_pings_or_opens_an_entity(source: str, home: Home, limit: int) -> None:
    made = read(source, home, limit=limit)
    assert width(made) <= limit
    for body in (made, (quote(*made),)):
        rest = LINK.sub("", render(body))
        assert "<" not in rest
        assert ">" not in rest
        assert "&" not in re.sub(r"&(?:amp|lt|gt);", "", rest)


@given(SOURCES, HOMES)
def test_what_was_shown_is_as_harmless_when_it_is_read_again(source: str, home: Home) -> None:
    again = render(read(shown(source, home), home, limit=2000))
    assert not re.search(r"<[!@#]", again)


@given(SOURCES)
def test_no_line_of_it_is_a_command_of_a_forge(source: str) -> None:
    body: Text = (quote(*read(source, GITLAB, limit=2000)),)
    for shown_by_forge in (
        forge_markdown.render(body),
        forge_markdown.render(read(source, limit=999)),
    ):
        assert not re.search(r"(?m)^\s*/", shown_by_forge)


@given(SOURCES, st.integers(1, 200))
def test_it_fits_where_it_is_put(source: str, limit: int) -> None:
    assert len(fit((quote(*read(source, GITLAB, limit=2000)),), limit)) <= limit
