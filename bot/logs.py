"""How the log is written: events with fields, one JSON object a line or coloured for a person."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

#: Field names whose values never reach a log, whoever passes them.
_SECRET_FIELDS: Final = ("token", "secret", "password", "authorization", "reply_to")
#: Libraries whose own INFO lines would repeat ours or show request lines with tokens in them.
_QUIET: Final = (
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
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    colours = sys.stderr.isatty()
    # Both would show the local variables of every frame by default, and tokens are among them.
    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    last: list[structlog.typing.Processor] = (
        [structlog.processors.ExceptionRenderer(plain), structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=colours, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_secrets],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        # At DEBUG these print request bodies and headers: never, whatever LOG_LEVEL says.
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_FIELDS):
            event[key] = "***"
    return event
