"""The tables that cog writes into README.md and docs/*.md, made from the code they describe.

`make docs` writes them, `make check` fails when they are stale. A word of the code that has no
description here is a KeyError: nothing can be added without being documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

import typer
from prometheus_client import CollectorRegistry
from typer.core import TyperArgument, TyperGroup

from bot import commands, events
from bot.cli.app import app
from bot.config import Settings
from bot.metrics import Metrics
from bot.rules.catalogue import COMMON, SUBJECTS
from bot.rules.entries import CHILD_KEYS, RULE_KEYS
from bot.rules.inline_reading import DETAIL_KEYS, GIVEN_KEYS, TEST_KEYS
from bot.rules.load import FILE_KEYS
from bot.rules.settings import CHANNEL_KEYS, DEFAULT_KEYS, HOURS_KEYS, MUTE_KEYS
from bot.rules.template_nodes import FILTERS, TESTS
from bot.rules.verbs import VERBS

if TYPE_CHECKING:
    from bot.registry import Field, Spec


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; `|` in cells is escaped."""
    lines = [_row(head), _row("---" for _ in head), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# -- settings ------------------------------------------------------------------------------------


def settings() -> str:
    known = [item.metadata for item in fields(Settings) if "name" in item.metadata]
    rows = [
        (f"`{one['name']}`", f"`{one['default']}`" if one["default"] else "", one["doc"])
        for one in known
    ]
    kinds = ("URL", "TOKEN", "OAUTH_ID", "OAUTH_SECRET")
    more = (
        code(f"GITLAB_<NAME>_{kind}" for kind in kinds),
        "",
        "A further GitLab instance; a GitHub server with `GITHUB_`.",
    )
    named = ("`SECRET_<NAME>`", "", "What rules name as `${secret:NAME}`; `KEY` is taken.")
    return table(("Setting", "Default", "Meaning"), [*rows, more, named])


# -- events --------------------------------------------------------------------------------------


def event_words() -> str:
    """Every word of `on:`."""
    rows = [(f"`{name}`", doc) for name, doc in events.event_names().items()]
    return table(("`on:`", "Happens when"), rows)


def common_fields() -> str:
    rows = ((f"`{field.name}`", field.type.value, field.doc) for field in COMMON)
    return table(("Field", "Type", "Meaning"), rows)


def families() -> str:
    """A section for each family: its names and the fields that not every event has."""
    return "\n".join(_family(spec) for spec in events.ALL)


def _family(spec: Spec) -> str:
    common = {field.name for field in COMMON}
    own = [field for field in spec.fields if field.name not in common]
    told = [
        f"## {spec.kind}",
        f"{spec.doc[0].upper()}{spec.doc[1:]}.{_triggers(spec)}",
        table(("Event", "Happens when"), ((f"`{n.name}`", n.doc) for n in spec.names)),
    ]
    if own:
        told.append(table(("Field", "Type", "Meaning"), (_field(field) for field in own)))
    return "\n\n".join(part.rstrip("\n") for part in told) + "\n"


def _triggers(spec: Spec) -> str:
    return f" GitLab's hook needs {code(spec.gitlab_triggers)}." if spec.gitlab_triggers else ""


def _field(field: Field) -> tuple[str, str, str]:
    doc = field.doc
    if field.only:
        doc += f" (of {code(field.only)})"
    if field.fetched:
        doc += " (*asked*)"
    elif field.completed:
        doc += " (*asked* when the delivery does not tell)"
    return f"`{field.name}`", field.type.value, doc


# -- rules ---------------------------------------------------------------------------------------

_FILE: Final[Mapping[str, str]] = {
    "version": "`1`. May be left out.",
    "include": "further files: names or globs below the file's own folder, `rules.d/*.yaml`",
    "defaults": "see the table of `defaults`",
    "channels": 'alias: id, `"#name"`, or a map',
    "people": "user name at the forge: Slack member id",
    "groups": "a name of your choice: Slack user group id",
    "bots": "user names that are machines; globs",
    "hours": "named windows of time, for `during` and `wait_for`",
    "templates": "named texts, for `template:` of a verb",
    "mute": "what is withheld before any rule is tried",
    "macros": "rules with inputs, put in by `use:`",
    "rules": "the rules, in the order they are tried",
    "tests": "inline tests: run by `bot test` and before an edit goes live",
}
_RULE: Final[Mapping[str, str]] = {
    "name": "what the rule is called in traces and answers; else `file:line`",
    "on": "an event or a list of them",
    "every": 'instead of `on`: `mon-fri 09:30`, `daily 09:00`, or `{cron: "30 9 * * mon-fri"}`',
    "list": "with `every`: what is gone through in one message: `open_mrs`",
    "each": "with `every`: what is gone through one by one: `open_mrs`",
    "project": "matcher of the project's path",
    "group": "matcher of everything before the project's name",
    "branch": "matcher of the branch; a merge request's is its target",
    "confidential": "`true`: for confidential events too, and only to channels declared for them",
    "if": "further conditions: a map of fields, or an expression",
    "once": f"once per subject and channel: {code(SUBJECTS)}",
    "first": "a list of children, of which the first that fits acts",
    "rules": "a list of children that inherit `on`, conditions and verbs",
    "stop": "`true`: after this rule no other is tried",
    "own": "`true`: post also about what the bot itself caused",
    "allow": "which verbs may act outside of chat: `comment`, `pipeline`, `webhook`",
    "batch": "one message for many: `daily 09:00`, or `{quiet: 5m, max_wait: 30m, by: [project]}`; "
    "`never`: by itself also in a channel that is behind",
    "throttle": "the first goes, the rest is counted: `{every: 15m, by: [project]}`",
    "during": "a name of `hours`: outside of them nothing is sent",
    "wait_for": "a name of `hours`: outside of them it waits until they begin",
    "use": "the name of a macro",
    "with": "the macro's inputs",
}
_VERB: Final[Mapping[str, str]] = {
    "to": "a channel or a list of them; of `dm` fields that hold people, or `{person: alice}`",
    "by": "a field whose values `map` turns into channels",
    "map": "value or glob: channel or channels; every value that maps counts",
    "default": "the channels when no value maps",
    "text": "the message; without it the event's own text is used",
    "template": "the name of a text under `templates:`",
    "size": "`line`: one line; `compact`: and a grey row; `card`: with its facts; else as it comes",
    "mention": "people to ping: fields (`author`, `reviewers`), declared names, `here`, `channel`",
    "color": '`good`, `warning`, `danger` or `"#rrggbb"`: the bar at the side',
    "unfurl": "`true`: Slack may show previews of links",
    "thread": f"which thread it belongs to: {code(SUBJECTS)}, or a text that makes a key",
    "broadcast": "`true`: show the reply in the channel too",
    "follow": "what else shows on it and below it: `comments`, `reviews`, `state`, `pipeline`",
    "emoji": "the emoji's name in Slack",
    "remove": "`true`, or the name of an emoji: take it off again",
    "key": "a note with the same key is edited instead of written again",
    "on": "what is commented on: `mr`, `issue`, `commit`; else the merge request or issue",
    "ref": "the branch or tag that the pipeline runs on",
    "variables": "the pipeline's variables: name and text",
    "workflow": "file of the workflow to run (`ci.yml`), for GitHub",
    "as": "the pipeline's name in texts of `comment` and `webhook`: `as: run`, `{{ run.url }}`",
    "url": 'an address that begins with https://, or `"${secret:NAME}"` (setting `SECRET_NAME`)',
    "json": "what is sent, texts may show fields; else the event in short",
    "method": "`POST` (if left out), `PUT`, `PATCH`, `GET` or `DELETE`",
    "headers": "further headers: name and text",
    "timeout": "how long to wait for an answer, at most `15s`; `10s` when left out",
}
_VERBS: Final[Mapping[str, str]] = {
    "post": "a new message",
    "card": "one live message for each merge request, deployment or tag, edited in place",
    "reply": "a message in the subject's thread",
    "react": "an emoji on the subject's message",
    "dm": "a message to people themselves, never to who caused the event",
    "comment": "a note at the forge; the rule must `allow` it",
    "pipeline": "a pipeline of the project; the rule must `allow` it",
    "webhook": "a call of another server; the rule must `allow` it",
}
_CHANNEL: Final[Mapping[str, str]] = {
    "id": "the channel's id: it survives renames",
    "name": '`"#name"` instead of the id',
    "confidential": "`true`: confidential events may go here",
    "shared": "`ok`: private projects may go here though another organisation reads it",
}
_DEFAULT: Final[Mapping[str, str]] = {
    "timezone": "of `until:` in mutes; `UTC` when left out",
    "admin": "the channel that is told of faults; `ADMIN_CHANNEL` wins over it",
    "footer": "`rule`: messages name their rule in small grey letters",
    "private": "`declared`: private projects go only to channels declared under `channels:`",
}
_MUTE: Final[Mapping[str, str]] = {
    "project": "matcher",
    "group": "matcher",
    "branch": "matcher",
    "if": "further conditions",
    "rule": "the one rule, by its name",
    "channel": "the one channel",
    "until": "`2026-12-31` (that day included) or `2026-12-31 18:00`",
}
_TEST: Final[Mapping[str, str]] = {
    "name": "what it shows",
    "at": 'when it begins: `"2026-03-02 10:00"`, wall clock of `defaults: {timezone: …}`',
    "api": "what the forge's API would say, by field, for every step",
    "given": "the steps: deliveries, and time that passes",
    "expect": "exactly these effects, in this order; `[]` for none",
    "expect_some": "these among others, in any order",
}
_GIVEN: Final[Mapping[str, str]] = {
    "event": "a sample of that event (`bot send --list` names them)",
    "file": "a recorded body, by its path below the rules file",
    "stored": "the id of a stored delivery; only `bot test` can look it up",
    "after": "time that passes first: `10m`",
    "with": "values of fields that replace the sample's",
    "headers": "headers of a `file`: `{X-Gitlab-Event: Push Hook}`",
    "api": "what the forge's API would say for this step",
}
_EXPECTED: Final[Mapping[str, str]] = {
    "text": "matcher of the first line, or of all lines, as Slack's mrkdwn",
    "text_contains": "plain text that it holds",
    "rule": "the rule's name",
    "thread": "the kind of subject (`mr`), or the key that the rule makes",
    "emoji": "a reaction's; one that is removed is `-name`",
    "edit": "`true`: a card that is there is edited",
    "broadcast": "`true`: the reply is shown in the channel too",
}
_FILTER: Final[Mapping[str, str]] = {
    "link": "`{{ mr | link }}`, `{{ url | link('log') }}`",
    "mention": "`{{ reviewers | mention }}`: pings whom `people:` knows, names the others",
    "code": "`{{ branch | code }}`",
    "markdown": "a description or comment with its formatting; `markdown(300)` shows 300 letters",
    "excerpt": "`{{ comment.text | excerpt(200) }}`: the beginning, on one line",
    "duration": "`{{ broken_for | duration }}`: `1 h 20 min`",
    "join": "`{{ labels | join(', ') }}`",
    "default": "`{{ milestone | default('none') }}`",
    "upper": "`{{ status | upper }}`",
    "lower": "`{{ status | lower }}`",
    "truncate": "`{{ title | truncate(60) }}`",
    "length": "how many elements or characters",
    "count": "the same",
    "first": "the first element: `{{ labels | first }}`",
    "last": "the last element",
}


def _keys(keys: Iterable[str], docs: Mapping[str, str]) -> str:
    return table(("Key", "Meaning"), ((f"`{key}`", docs[key]) for key in keys))


def file_keys() -> str:
    return _keys(FILE_KEYS, _FILE)


def rule_keys() -> str:
    return _keys((key for key in RULE_KEYS if key not in VERBS), _RULE)


def child_keys() -> str:
    return code(CHILD_KEYS)


def section_keys(section: str) -> str:
    keys, docs = {
        "channels": (CHANNEL_KEYS, _CHANNEL),
        "defaults": (DEFAULT_KEYS, _DEFAULT),
        "mute": (MUTE_KEYS, _MUTE),
    }[section]
    return _keys(keys, docs)


def hours_keys() -> str:
    return code(HOURS_KEYS)


def test_keys() -> str:
    return _keys(TEST_KEYS, _TEST)


def given_keys() -> str:
    return _keys(GIVEN_KEYS, _GIVEN)


def expect_keys() -> str:
    return _keys(DETAIL_KEYS, _EXPECTED)


def verbs() -> str:
    rows = [(f"`{verb}`", _VERBS[verb], code(VERBS[verb])) for verb in VERBS]
    return table(("Verb", "Makes", "Keys (the short form gives the first)"), rows)


def verb_keys() -> str:
    built = dict.fromkeys(key for verb, keys in VERBS.items() if verb in _VERBS for key in keys)
    rows = [
        (f"`{key}`", code(verb for verb in _VERBS if key in VERBS[verb]), _VERB[key])
        for key in built
    ]
    return table(("Key", "Of", "Meaning"), rows)


def filters() -> str:
    return table(("Filter", "Gives"), ((f"`{name}`", _FILTER[name]) for name in FILTERS))


def tests() -> str:
    return code(f"is {name}" for name in sorted(TESTS))


# -- not built yet -------------------------------------------------------------------------------


# -- commands ------------------------------------------------------------------------------------


def slash_commands() -> str:
    rows = [(f"`/hook {spec.usage}`", spec.summary, spec.who) for spec in commands.ALL]
    return table(("Command", "What it does", "Who"), rows)


def slash_examples() -> str:
    return "\n".join(f"/hook {example}" for spec in commands.ALL for example in spec.examples)


def command_line() -> str:
    """Every verb of `bot`, with its options."""
    return table(("Command", "What it does"), _leaves("bot", typer.main.get_command(app)))


def _leaves(path: str, command: object) -> list[tuple[str, str]]:
    if isinstance(command, TyperGroup):
        # By `get_command`: a verb's file is read when it is asked for.
        subs = (
            (name, command.get_command(typer.Context(command), name)) for name in command.commands
        )
        return [leaf for name, sub in subs for leaf in _leaves(f"{path} {name}", sub)]
    words = [_option(option) for option in getattr(command, "params", ())]
    doc = getattr(command, "help", None) or ""
    return [(f"`{' '.join((path, *words))}`", doc.split("\n\n")[0].replace("\n", " "))]


def _option(option: object) -> str:
    if not isinstance(option, TyperArgument):
        return f"[{getattr(option, 'opts', ('',))[0]}]"
    name = option.metavar or (option.name or "").upper() + ("..." if option.nargs < 0 else "")
    return name if option.required else f"[{name}]"


# -- metrics -------------------------------------------------------------------------------------


def metrics() -> str:
    registry = CollectorRegistry()
    made = Metrics(registry)
    labels = {
        collector._name: collector._labelnames
        for collector in vars(made).values()
        if hasattr(collector, "_labelnames")
    }
    rows = [
        (f"`{_shown(one.name, one.type)}`", one.type, code(labels[one.name]), one.documentation)
        for one in registry.collect()
    ]
    return table(("Metric", "Type", "Labels", "Meaning"), rows)


def _shown(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name
