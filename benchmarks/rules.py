"""`make bench`: what 10,000 rules cost to load and to decide with, and what replaying costs.

Every figure that is compared is measured in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks import history
from benchmarks.mix import event_of, rules_text, same_type_text, some_events
from bot import events
from bot.model import DeliveryId
from bot.rules.decide import Surroundings, lookup_of
from bot.rules.explain import explain
from bot.rules.faults import Faults
from bot.rules.load import load
from bot.rules.remembered import Playback
from bot.rules.source import parse
from bot.rules.walk import failed_check
from bot.worker.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.model import Event
    from bot.rules.explain import Explained
    from bot.rules.ruleset import Rule, Ruleset

RULES: Final = 10_000
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
RESULTS: Final = Path(__file__).parent / "results"
ENTRY: Final = "rules.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    #: What it should be at most (or at least, for a ratio `x`); None where nothing is promised.
    wanted: float | None = None

    @property
    def good(self) -> bool | None:
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.unit == "x" else self.value <= self.wanted


# -- loading --------------------------------------------------------------------------------


def loading(text: str) -> Iterable[Figure]:
    took_parse = min(_cpu(quietly, _parsed, {ENTRY: text}, ENTRY) for _ in range(3))
    took = min(_cpu(quietly, load, {ENTRY: text}, ENTRY) for _ in range(3))
    yield Figure(name="parse the YAML of 10,000 rules", value=took_parse, unit="s")
    yield Figure(
        name="compile and index them, once parsed", value=took - took_parse, unit="s", wanted=1.0
    )
    yield Figure(name="memory of the compiled rules", value=_memory(), unit="MB", wanted=150)


def _parsed(files: Mapping[str, str], entry: str) -> Any:
    return parse(entry, files[entry], Faults({}))


_MEMORY: Final = """
import gc, resource, sys
sys.path.insert(0, {root!r})
from benchmarks.mix import rules_text
from bot.rules.load import load
text = rules_text({count})
def size():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
load({{"rules.yaml": rules_text(50)}}, "rules.yaml")
before = size()
ruleset = load({{"rules.yaml": text}}, "rules.yaml")
print((size() - before) / 1e6)
"""


def _memory() -> float:
    """Of a process that loaded nothing else; what stays after loading."""
    script = _MEMORY.format(root=str(Path(__file__).parents[1]), count=RULES)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - our own script
    return float(done.stdout)


def reloading(text: str) -> Iterable[Figure]:
    """The longest pause of a loop that ticks while rules load in another thread."""

    async def main() -> tuple[float, float]:
        worst = 0.0
        started = perf_counter()
        loading = asyncio.ensure_future(
            asyncio.to_thread(quietly, load, {ENTRY: text + "# edited\n"}, ENTRY)
        )
        last = perf_counter()
        while not loading.done():
            await asyncio.sleep(0.001)
            worst, last = max(worst, perf_counter() - last), perf_counter()
        await loading
        return worst * 1000, perf_counter() - started

    worst, took = min(asyncio.run(main()) for _ in range(3))
    yield Figure(name="reload beside a running loop", value=took, unit="s")
    yield Figure(name="longest pause of the loop meanwhile", value=worst, unit="ms", wanted=100)


# -- deciding -------------------------------------------------------------------------------


def deciding(ruleset: Ruleset, happened: Sequence[Event]) -> Iterable[Figure]:
    names = [(event, _lookup(event, ruleset)) for event in happened]
    for event, lookup in names:  # the index remembers, as it does in a running bot
        fast(ruleset, event, lookup)
    indexed = [_micros(fast, ruleset, *pair) for pair in names]
    naive_of = names[:: max(1, len(names) // 60)]
    simple = [_micros(naive, ruleset.rules, *pair) for pair in naive_of]
    median, slow = statistics.median(indexed), statistics.median(simple)
    matched = [len(fast(ruleset, *pair)) for pair in names]
    assert matched[:: max(1, len(names) // 60)] == [  # noqa: S101 - else nothing is compared
        len(naive(ruleset.rules, *pair)) for pair in naive_of
    ]
    yield Figure(name="candidates of an event, median", value=_candidates(ruleset, names), unit="")
    yield Figure(name="index and match, median", value=median, unit="us", wanted=60)
    yield Figure(name="index and match, 99 of 100", value=_high(indexed), unit="us")
    yield Figure(name="naive loop over all rules, median", value=slow, unit="us")
    yield Figure(name="how many times faster", value=slow / median, unit="x", wanted=100)
    whole, acting = _whole(ruleset, happened)
    yield Figure(
        name="whole decision that does nothing, with trace, median", value=whole, unit="us"
    )
    yield Figure(name="whole decision that posts, with trace, median", value=acting, unit="us")
    explained = statistics.median(_micros(slowly, ruleset, *pair) for pair in names)
    yield Figure(
        name="explaining the same candidates over matching", value=explained / median, unit=""
    )


def fast(ruleset: Ruleset, event: Event, lookup: Callable[[str], Any]) -> list[Rule]:
    project = event.project.path if event.project is not None else ""
    rules, _ = ruleset.candidates(event.names, project)
    found = []
    known: dict[Callable[[Callable[[str], Any]], bool], bool] = {}
    for rule in rules:  # as the walk does it
        if rule.asks:
            continue
        for condition in rule.rest:
            test = condition.passed
            held = known.get(test)
            if held is None:
                held = known[test] = test(lookup)
            if not held:
                break
        else:
            found.append(rule)
    return found


def slowly(ruleset: Ruleset, event: Event, lookup: Callable[[str], Any]) -> list[Explained]:
    project = event.project.path if event.project is not None else ""
    rules, _ = ruleset.candidates(event.names, project)
    return [explain(rule, event.names, lookup) for rule in rules]


def naive(rules: Sequence[Rule], event: Event, lookup: Callable[[str], Any]) -> list[Rule]:
    names = {*event.names, "any"}
    return [
        rule
        for rule in rules
        if not names.isdisjoint(rule.on) and failed_check(rule.conditions, lookup) is None
    ]


def _lookup(event: Event, ruleset: Ruleset) -> Callable[[str], Any]:
    return lookup_of(event, ruleset)


def _candidates(ruleset: Ruleset, names: Sequence[tuple[Event, Any]]) -> float:
    return statistics.median(
        len(ruleset.candidates(event.names, event.project.path if event.project else "")[0])
        for event, _ in names
    )


def _whole(ruleset: Ruleset, happened: Sequence[Event]) -> tuple[float, float]:
    """`decide` as the worker calls it, state in memory, default texts made."""
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    silent: list[float] = []
    acting: list[float] = []
    for turn in range(2):  # templates compile in the first
        for number, event in enumerate(happened):
            started = process_time()
            made = playback.feed(event, delivery=DeliveryId(f"{turn}-{number}"), now=NOW)
            took = (process_time() - started) * 1e6
            if turn:
                (acting if made.actions else silent).append(took)
    return statistics.median(silent or [0.0]), statistics.median(acting or [0.0])


def worst_case() -> Iterable[Figure]:
    ruleset = load({ENTRY: same_type_text(RULES)}, ENTRY)
    event = event_of("push", "group1/team1/app1")
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    took = []
    for number in range(12):
        started = process_time()
        playback.feed(event, delivery=DeliveryId(f"d{number}"), now=NOW)
        took.append((process_time() - started) * 1000)
    yield Figure(
        name="worst case: 10,000 candidates, with trace", value=min(took[2:]), unit="ms", wanted=8
    )


# -- replaying ------------------------------------------------------------------------------


def replaying(count: int) -> Iterable[Figure]:
    """`bot backtest` over a SQLite file, both sides; peak memory of its process."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place}/bot.db"
        asyncio.run(history.fill(url, count))
        (place / "old.yaml").write_text(history.RULES)
        (place / "new.yaml").write_text(history.RULES.replace("group2", "group3"))
        for share in (count // 4, count):
            took, used, peak = _replay(place, url, days=history.DAYS * share / count)
            if share == count:
                per, name = 100_000 / count / 2, "back-test of 100,000 deliveries, per ruleset"
                yield Figure(name=name, value=used * per, unit="s", wanted=30)
                yield Figure(name="the same by the clock", value=took * per, unit="s")
            yield Figure(name=f"its memory, {share} deliveries", value=peak, unit="MB")


_REPLAY: Final = """
import json, resource, sys
from bot.cli.app import app
try:
    app(["backtest", "--since", sys.argv[1], "--rules", "new.yaml", "--json"])
except SystemExit:
    pass
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
"""


def _replay(place: Path, url: str, *, days: float) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of the process, its peak in MB."""
    environ = {"DATABASE_URL": url, "SECRET_KEY": history.KEY, "RULES": "old.yaml", "PATH": ""}
    command = [sys.executable, "-c", _REPLAY, f"{round(days * 24)}h"]
    done = subprocess.run(  # noqa: S603 - our own script
        command, cwd=place, env=environ, capture_output=True, check=True, text=True
    )
    report, used = done.stdout.strip().splitlines()
    seconds, peak = used.split()
    return float(json.loads(report)["took_s"]), float(seconds), float(peak)


# -- measuring ------------------------------------------------------------------------------


def _cpu(work: Callable[..., Any], *given: Any) -> float:
    """Seconds of this process alone."""
    started = process_time()
    work(*given)
    return process_time() - started


def _micros(work: Callable[..., Any], *given: Any) -> float:
    """The best of three: the machine has other things to do as well."""
    best = float("inf")
    for _ in range(3):
        started = process_time()
        work(*given)
        best = min(best, process_time() - started)
    return best * 1e6


def _high(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def machine() -> dict[str, Any]:
    """Its kind, and how fast it is just now: a loop of plain Python."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": threading.active_count(),
        "plain_loop_ms": min(_micros(_plain_loop) for _ in range(20)) / 1000,
    }


def _plain_loop() -> int:
    total = 0
    for number in range(300_000):
        total += number & 7
    return total


def show(figures: Sequence[Figure], about: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("", "measured", "wanted", ""):
        table.add_column(column, justify="left" if not column else "right")
    marks = {True: "✓", False: "✗", None: ""}
    for one in figures:
        bound = "" if one.wanted is None else f"{'≥' if one.unit == 'x' else '≤'} {one.wanted:g}"
        table.add_row(one.name, f"{one.value:,.4g} {one.unit}", bound, marks[one.good])
    Console().print(table)
    Console().print(about)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--deliveries", type=int, default=100_000, help="0: no back-test")
    wanted = options.parse_args()
    text = rules_text(RULES)
    ruleset = load({ENTRY: text}, ENTRY)
    figures = [
        *deciding(ruleset, some_events(1400)),
        *worst_case(),
        *loading(text),
        *reloading(text),
        *(replaying(wanted.deliveries) if wanted.deliveries else ()),
    ]
    about = machine()
    show(figures, about)
    RESULTS.mkdir(exist_ok=True)
    made = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about,
        "figures": [
            {"name": one.name, "value": one.value, "unit": one.unit, "wanted": one.wanted}
            for one in figures
        ],
    }
    (RESULTS / "rules.json").write_text(json.dumps(made, indent=2) + "\n")


if __name__ == "__main__":
    main()
