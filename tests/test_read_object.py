"""Which bodies are JSON objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypedDict
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PayloadError
from bot.model import Json
from bot.payload import Payload, Unread, look_into, open_object, read_object, unwrapped


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": "\\ud83d \\\\ud800 \\ude00"}', {"a": "\ufffd \\ud800 \ufffd"}),
        (b'{"a": 1e999, "b": -1e999}', {"a": 1.7976931348623157e308, "b": -1.7976931348623157e308}),
    ],
)
def test_whatever_the_grammar_calls_an_object_is_read(body: bytes, value: object) -> None:
    assert read_object(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b"{} {}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": Infinity}',
        b'{"n": 1e999, "a":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    ],
)
def test_everything_else_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        read_object(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_object_or_a_payload_error(body: bytes) -> None:
    try:
        value = read_object(body)
    except PayloadError:
        return
    assert isinstance(value, dict)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_what_json_writes_is_read_as_text_that_can_be_stored(value: dict[str, object]) -> None:
    def storable(inner: object) -> None:
        f"{inner}".encode()

    for key, inner in read_object(json.dumps(value).encode()).items():
        storable(key)
        storable(inner)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 99) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_a_form_holds_is_read_like_a_body(value: object) -> None:
    raw = json.dumps({"value": value}).encode()
    assert unwrapped(raw) == raw
    for form in (
        urlencode({"payload": raw}),
        urlencode({"payload": raw}, quote_via=quote),
        urlencode({"other": "x", "payload": raw, "more": "y"}),
    ):
        assert unwrapped(form.encode()) == raw
        assert read_object(form.encode()) == json.loads(raw)


@pytest.mark.parametrize(
    "body",
    [
        b"payload=",
        b"payload=%7B",
        b"payload=%zz",
        b"payload=%7B%22a%22:%22%ff%22%7D",
        b"other=%7B%7D",
        b"payload",
        b" payload=%7B%7D",
        b'["&payload={}&"]',
        b'"x&payload={}&"',
    ],
)
def test_a_form_without_an_object_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        read_object(body)


#: Pieces of JSON, odd and broken ones among them.
PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"project"', b'"\\ud800"', b'"\xff"'),
        *(b'"\\x"', b"1", b"-0.5e3", b"1e999", b"9" * 30, b"01", b"null", b"tru", b"NaN"),
        *(b" ", b"\0", b"\xc3\xa4"),
    ]
)


class _Inner(TypedDict, total=False):
    c: Any


class _Wanted(TypedDict, total=False):
    a: Any
    b: _Inner


def _look(body: bytes) -> Mapping[str, Json]:
    return look_into(body, _Wanted)


def _read(reader: Callable[[bytes], Mapping[str, Json]], body: bytes) -> tuple[Json, ...] | None:
    """The members that are wanted."""
    try:
        found = reader(body)
    except PayloadError:
        return None
    inner = found.get("b")
    return _same(found.get("a")), _same(inner.get("c") if isinstance(inner, dict) else inner)


def _same(value: Json) -> Json:
    """Numbers of more than 64 bits are read as they are by one and rounded by the other."""
    if isinstance(value, list):
        return [_same(one) for one in value]
    if isinstance(value, dict):
        return {name: _same(one) for name, one in value.items()}
    return float(value) if isinstance(value, int) and value.bit_length() > 64 else value


@given(st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=50))
def test_a_look_into_a_body_believes_what_reading_it_believes(inner: bytes) -> None:
    bodies = (b"%b", b'{"a": %b}', b'{"b": %b}', b'{"b": {"c": [%b]}}', b'{"b": 7, "d": %b}')
    for body in (form % inner for form in bodies):
        assert _read(_look, body) == _read(read_object, body)


def test_a_look_into_a_body_refuses_what_is_too_deep() -> None:
    with pytest.raises(PayloadError):
        _look(b'{"b":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_a_look_into_a_form_finds_the_object_in_it() -> None:
    body = urlencode({"payload": json.dumps({"a": {"b": 1}, "c": 2})}).encode()
    assert look_into(body, _Wanted) == {"a": {"b": 1}}


def _open(body: bytes) -> Mapping[str, Json]:
    opened = open_object(body, "b")
    return {
        name: list(value) if isinstance(value, Unread) else value for name, value in opened.items()
    }


@given(st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=50))
def test_a_body_whose_list_is_not_read_yet_is_what_reading_it_makes(inner: bytes) -> None:
    bodies = (b"%b", b'{"a": %b}', b'{"b": %b}', b'{"a": 1, "b": [%b]}', b'{"b": [{"c": %b}, 7]}')
    for body in (form % inner for form in bodies):
        assert _read(_open, body) == _read(read_object, body)


def test_elements_of_a_list_are_read_when_they_are_asked_for() -> None:
    body = b'{"a": 1, "b": [{"c": 1}, {"c": 2}, {"c": 3}]}'
    unread = open_object(body, "b")["b"]
    assert isinstance(unread, Unread)
    assert (len(unread), unread[1], list(unread)) == (3, {"c": 2}, [{"c": 1}, {"c": 2}, {"c": 3}])
    there = Payload({"b": unread})["b"]
    assert [one["c"].value for one in there] == [1, 2, 3]
    assert [one["c"].value for one in reversed(there)] == [3, 2, 1]
    assert next(iter(reversed(there))).path == "$.b[2]"
    assert (len(there), bool(there)) == (3, True)


def test_a_body_without_such_a_list_is_read_at_once() -> None:
    for body in (b'{"a": 1}', b'{"b": {"c": [1]}}', b'{"b": null}'):
        assert open_object(body, "b") == read_object(body)
