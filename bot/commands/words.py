"""From the words after `/hook` to a command and its arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from bot.commands.spec import Arguments, Takes
from bot.errors import CommandError
from bot.message import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.commands.spec import CommandSpec

#: Slack sends `<#C123|name>`, or `#name` when escaping is off for the command.
_SENT_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>")
_TYPED_CHANNEL: Final = re.compile(r"#\S+")
_LONGEST: Final = 300
_QUOTES: Final = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019"}


def parse(words: Sequence[str], specs: Sequence[CommandSpec]) -> tuple[CommandSpec, Arguments]:
    """Raises CommandError with what would be right."""
    name, rest = (words[0].lower(), words[1:]) if words else ("help", ())
    for spec in specs:
        if spec.name == name:
            return spec, _arguments(spec, rest)
    hint = _hint(name, [spec.name for spec in specs])
    raise CommandError(
        f"There is no `/hook {_shown(name)}`{hint or ';'} `/hook help` shows what there is."
    )


def _arguments(spec: CommandSpec, words: Sequence[str]) -> Arguments:
    given = _Given()
    rest = iter(words)
    for word in rest:
        option = _option(word)
        if option is not None:
            _take(spec, given, option, rest)
        elif channel := _channel(word):
            given.channels.append(channel)
        else:
            given.plain.append(word)
    channel = given.channels[0] if given.channels else None
    flags, options = frozenset(given.flags), given.options
    on = given.options.pop("on", "").lower() or None
    if spec.takes is Takes.WORDS:
        words = tuple(given.plain)
        return Arguments(channel=channel, words=words, flags=flags, options=options, on=on)
    if len(given.channels) > (1 if spec.channel else 0):
        raise _misused(spec, "one channel at most" if spec.channel else "no channel is wanted here")
    if spec.takes in {Takes.PROJECTS, Takes.ANY_PROJECTS}:
        projects = _projects(spec, given.plain)
        only = projects[0] if len(projects) == 1 else None
        return Arguments(
            project=only, projects=projects, channel=channel, flags=flags, options=options, on=on
        )
    subject = _subject(spec, given.plain)
    about_verb = spec.takes is Takes.VERB
    return Arguments(
        project=None if about_verb else subject,
        channel=channel,
        flags=flags,
        options=options,
        on=on,
        verb=subject.lower() if about_verb and subject else None,
    )


@dataclass
class _Given:
    plain: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    options: dict[str, str] = field(default_factory=dict)


def _take(spec: CommandSpec, given: _Given, option: str, rest: Iterator[str]) -> None:
    """`--flag`, `--option value` or `--option=value`."""
    name, mark, value = option.partition("=")
    name = name.lower()
    valued = name in spec.options or (name == "on" and spec.takes is not Takes.NOTHING)
    if not valued:
        given.flags.add(_flag(spec, option.lower()))
        return
    found = _quoted(value if mark else next(rest, ""), rest)
    if not found:
        what = "the name of an instance" if name == "on" else "a value behind it"
        raise _misused(spec, f"`--{name}` wants {what}")
    given.options[name] = found


def _quoted(first: str, rest: Iterator[str]) -> str:
    """A value in quotes may have spaces; phones make curly ones."""
    if first[:1] not in _QUOTES or not first:
        return first
    closing = _QUOTES[first[0]]
    words = [first[1:]]
    while not words[-1].endswith(closing):
        following = next(rest, None)
        if following is None:
            break
        words.append(following)
    return " ".join(words).removesuffix(closing).strip()


def _projects(spec: CommandSpec, plain: Sequence[str]) -> tuple[str, ...]:
    # A comma between them is what people write too.
    parts = tuple(part for word in plain for part in word.split(",") if part)
    if spec.takes is Takes.PROJECTS and not parts:
        raise _misused(spec, "which project?")
    return tuple(dict.fromkeys(parts))


def _option(word: str) -> str | None:
    # Keyboards of phones and Macs make one dash of two.
    for dashes in ("--", "—", "–"):
        if word.startswith(dashes) and len(word) > len(dashes):
            return word[len(dashes) :]
    return None


def _flag(spec: CommandSpec, option: str) -> str:
    if option in spec.flags:
        return option
    hint = _hint(option, (*spec.flags, *spec.options), "--")
    raise _misused(spec, f"no option `--{_shown(option)}`{hint}")


def _channel(word: str) -> str | None:
    sent = _SENT_CHANNEL.fullmatch(word)
    if sent is not None:
        return sent[1]
    return word if _TYPED_CHANNEL.fullmatch(word) else None


def _subject(spec: CommandSpec, plain: Sequence[str]) -> str | None:
    most = 0 if spec.takes is Takes.NOTHING else 1
    if len(plain) > most:
        raise _misused(spec, f"`{_shown(plain[most])}` is one word too many")
    if spec.takes is Takes.PROJECT and not plain:
        raise _misused(spec, "which project?")
    return plain[0] if plain else None


def _misused(spec: CommandSpec, what: str) -> CommandError:
    end = "" if what.endswith("?") else "."
    return CommandError(f"{what[0].upper()}{what[1:]}{end} Use: `/hook {spec.usage}`")


def _hint(word: str, known: Sequence[str], prefix: str = "") -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean `{prefix}{close[0]}`?" if close else ""


def _shown(word: str) -> str:
    return one_line(word)[:_LONGEST].replace("`", "'")
