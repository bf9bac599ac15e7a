"""Rules files, as texts by path, into one Ruleset; pure. Every fault of every file at once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bot import events as families
from bot.model import Level
from bot.rules.catalogue import Catalogue
from bot.rules.entries import RULE_KEYS, Entries, Frame
from bot.rules.faults import Faults, TooManyErrors, did_you_mean
from bot.rules.index import make_candidates
from bot.rules.inline_reading import InlineTests
from bot.rules.lint import lint
from bot.rules.macros import Macros
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word
from bot.rules.patterns import PatternError, glob, is_glob
from bot.rules.reading import Reading
from bot.rules.ruleset import Rule, Ruleset
from bot.rules.settings import SECTIONS, Settings
from bot.rules.source import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.registry import Spec
    from bot.rules.inline import InlineTest

RULES_LIMIT: Final = 20_000
FILE_KEYS: Final = ("version", "include", *SECTIONS, "macros", "rules", "tests")


def load(files: Mapping[str, str], entry: str, *, specs: Iterable[Spec] | None = None) -> Ruleset:
    """The ruleset of `entry` and what it includes. Raises RulesError with every fault."""
    faults = Faults(files)
    catalogue = Catalogue.of(families.ALL if specs is None else specs)
    try:
        ruleset = _Loader(files, entry, faults, catalogue).load()
    except TooManyErrors:
        raise faults.error() from None
    faults.raise_if_any()
    return ruleset


@lru_cache(maxsize=8)
def includes_of(text: str) -> tuple[str, ...]:
    """The patterns under `include:` of one file; nothing when it cannot be read. Never raises."""
    if "include" not in text:  # the word cannot be written otherwise but with escapes
        return ()
    node = parse("rules", text, Faults({}))
    listed = node.get("include") if isinstance(node, Map) else None
    items = listed.items if isinstance(listed, Seq) else () if listed is None else (listed,)
    return tuple(item.text for item in items if isinstance(item, Scalar) and not item.is_null)


class _Loader:
    def __init__(
        self, files: Mapping[str, str], entry: str, faults: Faults, catalogue: Catalogue
    ) -> None:
        self._files = files
        self._entry = entry
        self._faults = faults
        self._reading = Reading(faults, catalogue)
        self._settings = Settings(self._reading)
        self._macros = Macros(self._reading)
        self._entries = Entries(self._reading)
        #: In the order their rules are tried.
        self._documents: dict[str, Map] = {}
        self._being_read: list[str] = []
        self._tests: list[InlineTest] = []

    def load(self) -> Ruleset:
        if self._entry not in self._files:
            self._faults.about(self._entry, "there is no such file")
            return self._ruleset(())
        self._document(self._entry)
        self._read_settings()
        rules = [
            rule for file, _, node in self._sections("rules") for rule in self._rules(file, node)
        ]
        self._read_tests(rules)
        if len(rules) > RULES_LIMIT:
            self._faults.about(self._entry, f"more than {RULES_LIMIT} rules")
            return self._ruleset(())
        self._settings.late_mutes(each.name for rule in rules for each in (rule, *rule.first))
        strict = self._settings.collected.private is not None
        lint(rules, self._reading, self._documents, strict=strict)
        return self._ruleset(tuple(rules))

    def _read_settings(self) -> None:
        """What rules name comes before them, whatever its place in the files."""
        for section in SECTIONS:
            for _, key, node in self._sections(section):
                self._settings.read(key, node)
        for _, _, node in self._sections("defaults"):
            self._settings.late_defaults(node)
        for _, _, node in self._sections("macros"):
            self._macros.declare(node)

    def _read_tests(self, rules: list[Rule]) -> None:
        names = [leaf.name for rule in rules for leaf in (rule, *rule.first)]
        reader = InlineTests(self._reading, self._settings.collected.timezone, names)
        self._tests = [test for _, _, node in self._sections("tests") for test in reader.read(node)]

    def _sections(self, name: str) -> list[tuple[str, Scalar, Node]]:
        found: list[tuple[str, Scalar, Node]] = []
        for file, document in self._documents.items():
            key, node = document.key(name), document.get(name)
            if key is not None and node is not None:
                found.append((file, key, node))
        return found

    # -- files -----------------------------------------------------------------------------

    def _document(self, file: str) -> None:
        """Reads a file after those it includes."""
        root = parse(file, self._files[file], self._faults)
        if root is None or (isinstance(root, Scalar) and root.is_null):
            root = Map(file, 1, 1, 1, ())
        if not isinstance(root, Map):
            hint = "begin with `rules:`"
            if isinstance(root, Seq):
                hint += ", and indent the list below it"
            self._faults.add(root, "a rules file is a map", hint)
            return
        meant = dict.fromkeys(RULE_KEYS, "a rule stands in the list under `rules:`, after a `-`")
        self._reading.keys(root, FILE_KEYS, "the file", {**meant, "rule": "did you mean `rules`?"})
        self._version(root)
        self._being_read.append(file)
        listed = root.get("include")
        if listed is not None and not (isinstance(listed, Scalar) and listed.is_null):
            self._include(listed)
        self._being_read.pop()
        self._documents[file] = root

    def _version(self, root: Map) -> None:
        node = root.get("version")
        number = node.as_int() if isinstance(node, Scalar) else None
        if node is not None and number != 1:
            self._faults.add(node, f"version {kind_word(node)} is not known", "version: 1")

    def _include(self, node: Node) -> None:
        found: dict[str, Scalar] = {}
        for word in self._reading.words(node, "include"):
            for name in self._matching(word):
                found.setdefault(name, word)
        for name, word in sorted(found.items()):
            if name in self._being_read:
                chain = " -> ".join((*self._being_read, name))
                self._faults.add(word, f"`{name}` includes itself", chain)
            elif name not in self._documents:
                self._document(name)

    def _matching(self, word: Scalar) -> list[str]:
        text = word.text.removeprefix("./")
        if text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text:
            self._faults.add(word, f"`{word.text}` leads out of the rules' directory")
            return []
        if not is_glob(text):
            if text not in self._files:
                hint = did_you_mean(text, self._files)
                self._faults.add(word, f"there is no file `{text}`", hint)
                return []
            return [text]
        try:
            fits = glob(text, path=True, fold=False)
        except PatternError as error:
            self._faults.add(word, str(error))
            return []
        return [name for name in self._files if fits(name) and name != self._being_read[-1]]

    # -- rules -----------------------------------------------------------------------------

    def _rules(self, file: str, node: Node) -> list[Rule]:
        if isinstance(node, Scalar) and node.is_null:
            return []
        if not isinstance(node, Seq):
            hint = "each rule begins with a `-`: `- on: push`"
            self._faults.add(node, f"`rules` must be a list, not {kind_word(node)}", hint)
            return []
        frame = Frame(included=file != self._entry)
        rules: list[Rule] = []
        for item in node.items:
            if isinstance(item, Map) and item.key("use") is not None:
                prefix, expanded = self._macros.expand(item)
                inner = Frame(included=frame.included, prefix=prefix)
                rules += [rule for each in expanded for rule in self._entries.rules(each, inner)]
            else:
                rules += self._entries.rules(item, frame)
            if len(rules) > RULES_LIMIT:  # told by `load`
                break
        return rules

    def _ruleset(self, rules: tuple[Rule, ...]) -> Ruleset:
        said = self._settings.collected
        bots = tuple(said.bots)
        return Ruleset(
            hash=fingerprint({name: self._files[name] for name in self._documents}),
            rules=rules,
            channels=dict(self._reading.channels),
            people=dict(self._reading.people),
            groups=dict(self._reading.groups),
            admin=said.admin,
            timezone=said.timezone.key or "UTC",
            footer=said.footer,
            private=said.private,
            is_bot=lambda username: any(test(username) for test in bots),
            mutes=tuple(said.mutes),
            warnings=self._faults.of_level(Level.WARNING),
            candidates=make_candidates(rules),
            tests=tuple(self._tests),
        )


def fingerprint(files: Mapping[str, str]) -> str:
    """SHA-256 over every file's path and text."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            raw = part.encode(errors="replace")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
