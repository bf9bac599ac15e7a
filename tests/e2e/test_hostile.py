"""Requests that no forge sends, over real sockets to a real process: none is stored, none is
answered as if it were authentic, and the next good one is served."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from bot.events.samples import sample
from bot.web.attempts import MAX_FAILURES
from bot.web.reading import MAX_BODY
from tests.e2e.dawdling import KINDS, dawdle
from tests.e2e.running import RULES, Place, Process
from tests.e2e.wire import Answer, Wire, answers, post
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(120)

_numbers: Final = itertools.count(1)
_GOOD: Final = sample("push")[1]


@dataclass(frozen=True)
class Target:
    """The bot under fire; it knows 127.0.0.1 as a source of authentic deliveries."""

    bot: Process

    @property
    def url(self) -> str:
        return self.bot.url

    @property
    def wire(self) -> Wire:
        return Wire(self.url)

    def good(self) -> Answer:
        return self.wire.first(post(_GOOD, f"Idempotency-Key: good {next(_numbers)}"))

    def stored(self) -> float:
        """How many deliveries it has stored since its start."""
        return self.counted("bot_deliveries_total{", '"stored"')

    def counted(self, name: str, label: str = "") -> float:
        text = self.wire.first(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body.decode()
        lines = [line for line in text.splitlines() if line.startswith(name)]
        return sum(float(line.split()[-1]) for line in lines if label in line)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fire")
    place = Place(folder, {"DATABASE_URL": f"sqlite:///{folder}/var/bot.db"})
    place.rules.write_text(RULES)
    running = place.bot()
    with asyncio.Runner() as runner:
        bot = runner.run(running.__aenter__())
        try:
            found = Target(bot)
            assert found.good().status == 202
            yield found
            assert bot.running
            runner.run(until(lambda: _settled(bot), "everything is decided"))
            assert bot.errors() == []
        finally:
            runner.run(running.__aexit__(None, None, None))


def _settled(bot: Process) -> bool:
    """Whatever was stored has been decided, without a fault of ours."""
    return len(bot.events("delivery decided")) == len(bot.events("delivery stored"))


#: Answered without looking at the body, which is no JSON at all.
CREDENTIALS: dict[str, bytes] = {
    "none": post(b"{", secret=None),
    "empty": post(b"{", secret=""),
    "wrong": post(b"{", secret="wrong"),
    "almost": post(b"{", secret="a-secret-for-hooks-made-by-han"),
    "with a blank in it": post(b"{", secret="a-secret-for-hooks-made-by-hand x"),
    "not ASCII": post(b"{", secret="gehëim"),
    "no text": post(b"{", secret="\udcff\udcfe"),
    "long": post(b"{", secret="x" * 7000),
    "in another's header": post(
        b"{", "Authorization: Bearer a-secret-for-hooks-made-by-hand", secret=None
    ),
    "in the address": post(
        b"{", secret=None, path="/hooks/gitlab?token=a-secret-for-hooks-made-by-hand"
    ),
    "twice, the first wrong": post(
        b"{", "X-Gitlab-Token: a-secret-for-hooks-made-by-hand", secret="wrong"
    ),
    "signed with nothing": post(
        b"{", "webhook-signature: v1,", "webhook-id: 1", "webhook-timestamp: 1"
    ),
    "signed wrongly beside a good token": post(
        b"{", "webhook-signature: v1,AAAA", "webhook-id: 1", "webhook-timestamp: 99999999999"
    ),
    "GitHub's, unsigned": post(b"{", path="/hooks/github", secret=None),
    "GitHub's, signed with SHA-1": post(
        b"{", "X-Hub-Signature: sha1=9d9c1bd5c8f2e2e3", path="/hooks/github", secret=None
    ),
    "GitHub's, signed with no text": post(
        b"{", "X-Hub-Signature-256: sha256=\udcff", path="/hooks/github", secret=None
    ),
}


@pytest.mark.parametrize("raw", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_who_does_not_know_the_secret_is_turned_away_unread(target: Target, raw: bytes) -> None:
    before = target.stored()
    assert target.wire.first(raw).status == 401
    assert target.stored() == before
    assert target.good().status == 202


DEEP: Final = 100_000
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"  \n",
    "no JSON": b"object_kind=push",
    "cut off": b'{"object_kind": "pu',
    "null": b"null",
    "a string": b'"push"',
    "a number": b"1",
    "an array": b"[]",
    "an array of the real thing": b"[%s]" % _GOOD,
    "two objects": b"{}{}",
    "deep arrays": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep arrays without end": b'{"a":' + b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "bad UTF-8": b'{"object_kind": "\xff\xfe"}',
    "UTF-16": '{"object_kind": "push"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"object_kind": "push"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a control character": b'{"a": "\x00"}',
    "single quotes": b"{'a': 1}",
    "a comment": b'{"a": 1} // yes',
    "a trailing comma": b'{"a": 1,}',
    "a gzip file": gzip.compress(_GOOD),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_authentic_body_that_is_no_object_is_refused(target: Target, body: bytes) -> None:
    before = target.stored()
    answer = target.wire.first(post(body, f"Idempotency-Key: {next(_numbers)}"))
    assert answer.status == 400
    assert len(answer.body) < 300
    assert target.stored() == before
    assert target.good().status == 202


#: Strange, and JSON objects all the same: four refusals in a row would switch the hook off.
ODD: dict[str, bytes] = {
    "nothing in it": b"{}",
    "wrong types": b'{"object_kind": 1, "project": "x", "commits": {}, "user_name": [null]}',
    "nulls": b'{"object_kind": null, "project": null, "object_attributes": null}',
    "a number of 6,000 digits": b'{"project": {"id": %s}}' % (b"9" * 6000),
    "a negative project": b'{"project_id": -1}',
    "a huge float": b'{"project_id": 1e300}',
    "lone surrogates": b'{"object_kind": "\\ud800", "project": {"path_with_namespace": "\\udfff"}}',
    "NUL in a text": b'{"object_kind": "pu\\u0000sh"}',
    "a name twice": b'{"object_kind": "push", "object_kind": "tag_push"}',
    "a name of a megabyte": b'{"%s": 1}' % (b"x" * 1_000_000),
    "a hundred thousand names": b"{%s}" % b",".join(b'"%d":1' % n for n in range(100_000)),
    "names that mean something": b'{"__proto__": {"x": 1}, "__class__": "x", "constructor": 1}',
    "another event than its header": b'{"object_kind": "pipeline", "builds": "none"}',
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_an_authentic_object_is_stored_however_odd(target: Target, body: bytes) -> None:
    before = target.stored()
    answer = target.wire.first(post(body, f"Idempotency-Key: {next(_numbers)}"))
    assert answer.status == 202
    assert target.stored() == before + 1
    assert target.good().status == 202


#: Answered once, with a refusal, and the connection ends: nothing that follows is believed.
FRAMING: dict[str, tuple[bytes, int]] = {
    "a length and chunks": (post(b"0\r\n\r\n", "Transfer-Encoding: chunked"), 400),
    "chunks and a length": (
        post(b"0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 5", length=False),
        400,
    ),
    "two lengths": (post(b"{}", "Content-Length: 2"), 400),
    "two lengths that differ": (post(b"{}", "Content-Length: 20"), 400),
    "two lengths in one": (post(b"{}", "Content-Length: 2, 2", length=False), 400),
    "a negative length": (post(b"{}", "Content-Length: -2", length=False), 400),
    "a signed length": (post(b"{}", "Content-Length: +2", length=False), 400),
    "a length in hex": (post(b"{}", "Content-Length: 0x2", length=False), 400),
    "a length with an underscore": (post(b"{}" * 5, "Content-Length: 1_0", length=False), 400),
    "a length of no ASCII digits": (post(b"{}", "Content-Length: \u0662", length=False), 400),
    "a length without end": (post(b"{}", f"Content-Length: {'9' * 400}", length=False), 400),
    "an unknown coding": (post(b"{}", "Transfer-Encoding: xchunked", length=False), 400),
    "chunked under another name": (
        post(b"0\r\n\r\n", "Transfer-Encoding: chunked, identity", length=False),
        400,
    ),
    "chunked twice": (
        post(b"0\r\n\r\n", *["Transfer-Encoding: chunked"] * 2, length=False),
        400,
    ),
    "chunked after a vertical tab": (
        post(b"0\r\n\r\n", "Transfer-Encoding: \x0bchunked", length=False),
        400,
    ),
    "a chunk of no size": (post(b"zz\r\n{}\r\n", "Transfer-Encoding: chunked", length=False), 400),
    "a chunk of negative size": (
        post(b"-2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
        400,
    ),
    "a chunk of endless size": (
        post(b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
        400,
    ),
    "a chunk longer than it says": (
        post(b"2\r\n{}{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
        400,
    ),
    "a chunk size with a bare newline": (
        post(b"2\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
        400,
    ),
    "a folded header": (post(b"{}", "X-Folded: one\r\n two"), 400),
    "a folded coding": (post(b"0\r\n\r\n", "Transfer-Encoding:\r\n chunked", length=False), 400),
    "a blank before the colon": (post(b"{}", "X-Space : one"), 400),
    "NUL in a header": (post(b"{}", "X-Nul: a\x00b"), 400),
    "NUL in a header's name": (post(b"{}", "X-N\x00ul: a"), 400),
    "a bare carriage return": (post(b"{}", "X-Return: a\rContent-Length: 50"), 400),
    "a header without a name": (post(b"{}", ": nothing"), 400),
    "a header without a colon": (post(b"{}", "nothing"), 400),
    "a header of 20,000 bytes": (post(b"{}", f"X-Long: {'x' * 20_000}"), 400),
    "two hosts": (post(b"{}", "Host: other"), 400),
    "an address of 20,000 bytes": (post(b"{}", path="/hooks/" + "x" * 20_000), 400),
    "a length over the limit": (post(b"", f"Content-Length: {MAX_BODY + 1}", length=False), 413),
    "a length over the limit, unauthenticated": (
        post(b"", f"Content-Length: {MAX_BODY + 1}", length=False, secret="wrong"),
        413,
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a version of its own": (b"POST /hooks/gitlab HTTP/9.9\r\nHost: a\r\n\r\n", 400),
    "no version": (b"POST /hooks/gitlab\r\n\r\n", 400),
    "a proxy's whole address of nothing": (b"CONNECT :0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}
#: As nobody else writes it.
_TOKEN: Final = "glpat-unread-and-untold"
#: Believed by a server that frames the request before it otherwise.
_SMUGGLED: Final = post(_GOOD, "Idempotency-Key: smuggled")


@pytest.mark.parametrize(("raw", "status"), FRAMING.values(), ids=FRAMING.keys())
def test_what_is_framed_wrongly_ends_the_connection(
    target: Target, raw: bytes, status: int
) -> None:
    before = target.stored()
    answers = target.wire.all(raw + _SMUGGLED)
    assert [answer.status for answer in answers] == [status]
    assert target.stored() == before
    assert target.good().status == 202


@pytest.mark.parametrize("expects", [b"\xff", b"200-ok", b"100-continue\x80", b""])
@pytest.mark.parametrize("line", [b"GET /healthz", b"POST /hooks/gitlab", b"POST /login"])
def test_what_cannot_be_expected_is_refused(target: Target, line: bytes, expects: bytes) -> None:
    """And no error of ours: the log is looked through at the end."""
    raw = line + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: " + expects + b"\r\n\r\n"
    assert target.wire.first(raw).status == 417


def test_what_is_no_http_is_counted_and_not_told(target: Target) -> None:
    """What cannot be read may hold somebody's token."""
    before = target.counted("bot_requests_malformed_total")
    for broken in (f"X-Gitlab-Token: {_TOKEN}\x00", f"X-Gitlab-Token {_TOKEN}"):
        assert target.wire.first(post(b"{}", broken)).status == 400
    assert target.wire.first(f"{_TOKEN}\r\n\r\n".encode()).status == 400
    assert target.counted("bot_requests_malformed_total") == before + 3
    assert not [line for line in target.bot.log() if _TOKEN in line]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-new"])
def test_a_packed_body_is_never_unpacked(target: Target, coding: str) -> None:
    """A few kilobytes could become gigabytes."""
    bomb = gzip.compress(b'{"a": "%s"}' % (b" " * 10_000_000))
    assert target.wire.first(post(bomb, f"Content-Encoding: {coding}")).status == 415
    assert target.good().status == 202


def test_chunks_without_end_are_refused_at_the_limit(target: Target) -> None:
    with target.wire.open() as opened:
        opened.sendall(post(b"", "Transfer-Encoding: chunked", length=False))
        chunk = b"400000\r\n" + b" " * 0x400000 + b"\r\n"
        for _ in range(MAX_BODY // 0x400000 + 1):
            opened.sendall(chunk)
        # The last chunk never comes, and is not waited for.
        assert next(answers(opened)).status == 413
    assert target.good().status == 202


def test_connections_that_dawdle_are_ended_and_others_served_meanwhile(target: Target) -> None:
    def others() -> None:
        assert [target.good().status for _ in range(5)] == [202] * 5

    before = target.stored()
    found = dawdle(target.url, 4 * len(KINDS), others)
    assert set(found.statuses) <= {400, 401, 408}
    assert target.stored() == before + 5


def test_who_fails_again_and_again_is_turned_away_and_nobody_else_is(target: Target) -> None:
    stranger, other = (Wire(target.url, source=f"127.0.0.{n}") for n in (66, 67))
    statuses = [stranger.first(post(b"{}", secret="guess")).status for _ in range(MAX_FAILURES)]
    assert set(statuses) == {401}
    turned = stranger.first(post(b"{}", secret="guess"))
    assert turned.status == 429
    assert int(turned.headers["retry-after"]) > 0
    # Not even the right secret tells a guesser that it is the right one.
    assert stranger.first(post(_GOOD)).status == 429
    assert other.first(post(_GOOD, f"Idempotency-Key: other {next(_numbers)}")).status == 202
    assert target.good().status == 202
