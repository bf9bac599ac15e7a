"""From the words after `/hook` to a command and its arguments."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from bot.commands.spec import Arguments, Takes
from bot.errors import CommandError
from bot.message import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.commands.spec import CommandSpec

#: Verbs that are promised; they say so instead of being "unknown".
PLANNED: Final = (
    "show",
    "pause",
    "resume",
    "sync",
    "rotate",
    "key",
    "open",
)
#: Slack sends `<#C123|name>`, or `#name` when escaping is off for the command.
_SENT_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>")
_TYPED_CHANNEL: Final = re.compile(r"#\S+")
_LONGEST: Final = 300


def parse(words: Sequence[str], specs: Sequence[CommandSpec]) -> tuple[CommandSpec, Arguments]:
    """Raises CommandError with what would be right."""
    name, rest = (words[0].lower(), words[1:]) if words else ("help", ())
    for spec in specs:
        if spec.name == name:
            return spec, _arguments(spec, rest)
    if name in PLANNED:
        raise CommandError(f"`/hook {name}` is not built yet; `/hook help` shows what there is.")
    hint = _hint(name, [*(spec.name for spec in specs), *PLANNED])
    raise CommandError(
        f"There is no `/hook {_shown(name)}`{hint}; `/hook help` shows what there is."
    )


def _arguments(spec: CommandSpec, words: Sequence[str]) -> Arguments:
    plain: list[str] = []
    channels: list[str] = []
    flags: set[str] = set()
    on: str | None = None
    rest = iter(words)
    for word in rest:
        option = _option(word)
        if option == "on" and spec.takes is not Takes.NOTHING:
            on = next(rest, None)
            if on is None:
                raise _misused(spec, "`--on` wants the name of an instance")
        elif option is not None:
            flags.add(_flag(spec, option))
        elif channel := _channel(word):
            channels.append(channel)
        else:
            plain.append(word)
    if spec.takes is Takes.WORDS:
        channel = channels[0] if channels else None
        return Arguments(channel=channel, words=tuple(plain), flags=frozenset(flags))
    if len(channels) > (1 if spec.channel else 0):
        raise _misused(spec, "one channel at most" if spec.channel else "no channel is wanted here")
    subject = _subject(spec, plain)
    about_verb = spec.takes is Takes.VERB
    return Arguments(
        project=None if about_verb else subject,
        channel=channels[0] if channels else None,
        flags=frozenset(flags),
        on=on.lower() if on else None,
        verb=subject.lower() if about_verb and subject else None,
    )


def _option(word: str) -> str | None:
    # Keyboards of phones and Macs make one dash of two.
    for dashes in ("--", "—", "–"):
        if word.startswith(dashes) and len(word) > len(dashes):
            return word[len(dashes) :].lower()
    return None


def _flag(spec: CommandSpec, option: str) -> str:
    if option in spec.flags:
        return option
    raise _misused(spec, f"no option `--{_shown(option)}`{_hint(option, spec.flags, '--')}")


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
