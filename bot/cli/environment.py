"""Settings for the commands: `.env` of the working directory below the real environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dotenv import dotenv_values

from bot.config import Settings
from bot.errors import BotError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Exit codes of every command.
GOOD, FAULTS, BAD_USE = 0, 1, 2


def environ() -> Mapping[str, str]:
    """The environment; `.env` fills in what it does not set."""
    try:
        found = dotenv_values(Path(".env"))
    except (OSError, UnicodeDecodeError) as error:
        fail(f".env cannot be read ({error}): give it to the user the bot runs as, in UTF-8")
    from_file = {key: value for key, value in found.items() if value is not None}
    for key, value in from_file.items():
        if key.startswith("OTEL_"):
            # OpenTelemetry reads its many variables by itself.
            os.environ.setdefault(key, value)
    return {**from_file, **os.environ}


def settings(**overrides: str) -> Settings:
    """Reads the settings or ends the command, showing every fault at once."""
    try:
        return Settings.from_env({**environ(), **overrides})
    except ConfigError as error:
        faults = [f"  {fault}" for fault in error.faults]
        lines = ("The settings cannot be used:", *faults, "README.md lists every setting.")
        print("\n".join(lines), file=sys.stderr)
        raise SystemExit(BAD_USE) from None


def fail(error: BotError | str, *, code: int = BAD_USE) -> NoReturn:
    """Ends the command with the error's text."""
    print(f"bot: {error}", file=sys.stderr)
    raise SystemExit(code)
