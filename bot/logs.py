"""How the log is written: events with fields, one JSON object a line or coloured for a person."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from threading import get_ident
from typing import TYPE_CHECKING, Final

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

#: Field names whose values never reach a log, whoever passes them.
_SECRET_FIELDS: Final = ("token", "secret", "password", "authorization", "reply_to")
#: Libraries whose own INFO lines would repeat ours or show request lines with tokens in them.
QUIET: Final = (
    "aiohttp.access",
    "alembic",
    "slack_bolt",
    "slack_sdk",
    "watchfiles",
    "urllib3",
    "gitlab",
)


def set_up(*, level: str, style: str) -> None:
    """`style` is `console` or `json`; standard-library loggers go the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        _timed if style == "json" else structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    # Both would show the local variables of every frame by default, and tokens are among them.
    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    last: list[structlog.typing.Processor] = (
        [structlog.processors.ExceptionRenderer(plain), _as_json]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    lines = _Lines()
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        # Not by way of `logging`, where a line costs ten times as much.
        logger_factory=lambda: lines,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        # What other libraries say.
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        # At DEBUG these print request bodies and headers: never, whatever LOG_LEVEL says.
        logging.getLogger(name).setLevel(logging.WARNING)
    # It quotes headers of its settings that it cannot read: keys, mostly.
    logging.getLogger("opentelemetry.util").setLevel(logging.ERROR)


def _timed(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Whoever writes the line writes the moment as text."""
    event["timestamp"] = datetime.now(UTC)
    return event


def _without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in event:
        if _is_secret(key):
            event[key] = "***"
    return event


@lru_cache(maxsize=1000)
def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET_FIELDS)


def _as_json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_UTC_Z).decode()
    except TypeError:  # whole numbers of more than 64 bits, lone surrogates
        event["timestamp"] = event["timestamp"].isoformat().replace("+00:00", "Z")
        return json.dumps(event, default=repr)


class _Lines:
    """Writes whole lines. What an event loop says in one turn goes out in one piece: each piece
    is a call to the system, which wakes whoever reads it. Warnings go out at once, after what
    was said before them."""

    def __init__(self) -> None:
        #: Of the loop's thread; other threads write for themselves.
        self._said: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def info(self, line: str) -> None:
        loop = self._loop
        if self._said and self._thread == get_ident() and loop is not None and loop.is_running():
            self._said.append(line)  # it will be told with what was said before
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write(f"{line}\n")
            return
        if not self._said or loop is not self._loop:
            self._loop, self._thread = loop, get_ident()
            loop.call_soon(self._tell)
        self._said.append(line)

    def warning(self, line: str) -> None:
        self._said.append(line)
        self._tell()

    debug = info
    error = critical = exception = msg = warning

    def _tell(self) -> None:
        if self._said:
            said, self._said = self._said, []
            self._write("\n".join(said) + "\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
