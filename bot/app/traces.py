"""Whether traces are kept, and by what."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING

from bot.errors import ConfigError
from bot.tracing import NO_TRACES, Traces

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from bot.config import Settings


def open_traces(stack: AsyncExitStack, settings: Settings) -> Traces:
    """Raises ConfigError when they are asked for and cannot be had."""
    if settings.traces_endpoint is None:
        return NO_TRACES
    try:
        from bot.app.otel import OtelRecorder
    except ImportError as error:
        raise ConfigError(
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT: traces need packages that are not installed"
                f" ({error.name}): `pip install 'chatops-bot[otel]'`, or `.[otel]` in a checkout"
            ]
        ) from error
    recorder = OtelRecorder(service="chatops-bot", version=version("chatops-bot"))
    stack.push_async_callback(asyncio.to_thread, recorder.close)
    return Traces(recorder)
