"""Bodies that no forge sends on purpose: real ones, changed; and JSON that never was one."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.events.reading import NAMES, body_of, forge_of, header_of

if TYPE_CHECKING:
    from random import Random

Body = dict[str, Any]
Place = tuple[Any, str | int]

HOSTILE: Final = (
    "<!channel>",
    "<!here|x> <@U12345> <#C1> <!subteam^S1>",
    "&lt;!channel&gt; &#60;!here&#62; &amp;lt;",
    "[gitlab.com](https://evil.example) ![<!here>](javascript:alert(1))",
    "<https://evil.example|https://gitlab.com>",
    "https://evil.example/<!here>|x",
    "javascript:alert(1)",
    "```\n<!channel>\n> - 1. # |a|b|\n|-|-|\n",
    "<!-- <details><summary><!here></summary>",
    "\u202e\u2066\x00\ud83d\u200b",
    "*_~`" * 50,
    "> " * 3000,
    "- " * 3000,
    "[" * 5000,
    "a/" * 5000,
    "<" * 20_000,
    "x" * 200_000,
    "🇩🇪👍🏽e\u0301" * 100,
    "{{ 7 * 7 }} {% for x in y %}",
    "9" * 5000,
    "2026-13-45T25:61:61Z",
    "0000-00-00 00:00:00 UTC",
    "refs/heads/",
    "0" * 40,
    "//host/path?#",
    "http://[::1",
    "",
    " \n\t",
)
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, [], {}, [[]], [None]),
    *([{}], {"": ""}, {"id": None}, ["<!here>"], [1, "a", None, {}], "opened", "failed", "merge"),
)


#: Of a body: copies of copies would fill the memory before they reach the bot.
HEAVIEST: Final = 1_000_000
_LIGHT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Seed:
    """A body and the header it came with."""

    name: str
    forge: str
    header: str
    body: Body


def seeds() -> tuple[Seed, ...]:
    """Every fixture, and the corpus when CORPUS names it."""
    own = [Seed(name, forge_of(name), header_of(name), body_of(name)) for name in NAMES]
    folder = os.environ.get("CORPUS")
    return (*own, *(_corpus(Path(folder)) if folder else ()))


def _corpus(folder: Path) -> list[Seed]:
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    found = []
    for entry in map(json.loads, lines):
        headers = {name.lower(): value for name, value in entry["headers"].items()}
        header = headers.get("x-gitlab-event") or headers.get("x-github-event") or entry["event"]
        body = json.loads((folder / entry["file"]).read_bytes())
        found.append(Seed(entry["file"], entry["forge"], header, body))
    return found


def mutated(seed: Seed, random: Random, others: tuple[Seed, ...]) -> Seed:
    """One to five changes; seldom another header, so that a family reads what is not its own."""
    body = copy.deepcopy(seed.body)
    for _ in range(random.randint(1, 5)):
        places = _places(body)
        if not places:
            break
        _change(random.choice(places), random, others)
        if _weight(body) > HEAVIEST:
            body = copy.deepcopy(seed.body)
    header = random.choice(others).header if random.random() < 0.03 else seed.header
    return Seed(seed.name, seed.forge, header, body)


def _change(place: Place, random: Random, others: tuple[Seed, ...]) -> None:
    container, key = place
    match random.randrange(8):
        case 0:
            del container[key]
        case 1 | 2:
            container[key] = copy.deepcopy(random.choice(ODD))
        case 3 | 4:
            container[key] = random.choice(HOSTILE)
        case 5:
            container[key] = f"{container[key]}{random.choice(HOSTILE)}"
        case 6:
            times = 60 if _weight({"": container[key]}) < _LIGHT else 2
            container[key] = [copy.deepcopy(container[key]) for _ in range(times)]
        case _:
            theirs = random.choice(_places(random.choice(others).body))
            container[key] = copy.deepcopy(theirs[0][theirs[1]])


def _weight(body: Body) -> int:
    """About as many bytes as it would be on the wire, without writing it."""
    values = (container[key] for container, key in _places(body))
    return sum(len(value) if isinstance(value, str) else 8 for value in values)


def _places(node: Any) -> list[Place]:
    """Every member and element, however deep."""
    found: list[Place] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        keys = one.keys() if isinstance(one, dict) else range(len(one))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    return found


def invented(random: Random, others: tuple[Seed, ...]) -> Seed:
    """A body of JSON, with words that forges use here and there."""
    known = random.choice(others)
    words = sorted({str(key) for _container, key in _places(known.body)})
    body = {random.choice(words): _anything(random, words, 4) for _ in range(random.randint(0, 9))}
    if random.random() < 0.8:
        body["object_kind"] = known.body.get("object_kind", known.header)
    return Seed(f"invented after {known.name}", known.forge, known.header, body)


def _anything(random: Random, words: list[str], depth: int) -> Any:
    kind = random.randrange(5 if depth else 3)
    if kind == 0:
        return copy.deepcopy(random.choice(ODD))
    if kind in {1, 2}:
        return random.choice(HOSTILE) if kind == 1 else random.choice(words)
    if kind == 3:
        return [_anything(random, words, depth - 1) for _ in range(random.randint(0, 4))]
    made = {random.choice(words): None for _ in range(random.randint(0, 8))}
    return {word: _anything(random, words, depth - 1) for word in made}
