"""Sends traces by OpenTelemetry. Read only when traces are asked for: its packages are an extra,
and a bot without them pays neither time nor memory."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, cast

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision

from bot.tracing import ACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.sdk.trace.id_generator import IdGenerator

    from bot.tracing import Attribute, Span

#: What the last spans are given when the process ends: it has ten seconds in all.
_GOODBYE_S: Final = 2.0


class OtelRecorder:
    """`tracing.Recorder`; everything else comes from OpenTelemetry's own variables."""

    def __init__(self, *, service: str, version: str) -> None:
        given = Resource({SERVICE_NAME: service, SERVICE_VERSION: version})
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=given.merge(OTELResourceDetector().detect()),
            id_generator=cast("IdGenerator", self._ids),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("bot")

    @contextmanager
    def stage(
        self,
        name: str,
        *,
        trace: str,
        parent: str | None,
        attributes: Mapping[str, Attribute],
        began_ns: int | None = None,
    ) -> Iterator[Span]:
        # Actions are tried again; what others have as parent happens once and is found by its name.
        own = None if name == ACT else span_id(trace, name)
        with self._ids.given(trace_id(trace), own):
            span = self._tracer.start_span(
                name,
                context=self._parent(trace, parent),
                attributes=_named({"delivery": trace, **attributes}),
                start_time=began_ns,
            )
        with _going_on(span) as told:
            yield told

    @contextmanager
    def call(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
        span = self._tracer.start_span(
            name, kind=api.SpanKind.CLIENT, attributes=_named(attributes)
        )
        with _going_on(span) as told:
            yield told

    def close(self) -> None:
        """Sends what is left, if that is quick."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(_GOODBYE_S)

    def _parent(self, trace: str, parent: str | None) -> Context:
        if parent is None:
            return Context()
        whole = trace_id(trace)
        # What any process would have said of the trace's first span: samplers go by the trace's id.
        said = self._provider.sampler.should_sample(Context(), whole, parent).decision
        sampled = said is Decision.RECORD_AND_SAMPLE
        flags = api.TraceFlags(api.TraceFlags.SAMPLED if sampled else api.TraceFlags.DEFAULT)
        before = api.SpanContext(whole, span_id(trace, parent), is_remote=True, trace_flags=flags)
        return api.set_span_in_context(api.NonRecordingSpan(before), Context())


class _Told:
    def __init__(self, span: api.Span) -> None:
        self._span = span

    def tell(self, **attributes: Attribute) -> None:
        self._span.set_attributes(_named(attributes))

    def fail(self, code: str) -> None:
        self._span.set_attribute("error.type", code)
        self._span.set_status(api.StatusCode.ERROR)


@contextmanager
def _going_on(span: api.Span) -> Iterator[_Told]:
    told = _Told(span)
    with api.use_span(
        span, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield told
        except BaseException as error:
            # Its text may quote what a forge sent.
            told.fail(getattr(error, "code", "") or type(error).__name__)
            raise


class _Ids:
    """Random ones, unless the next span is to have ids of its own."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._next: ContextVar[tuple[int, int | None] | None] = ContextVar("ids", default=None)

    @contextmanager
    def given(self, trace: int, span: int | None) -> Iterator[None]:
        before = self._next.set((trace, span))
        try:
            yield
        finally:
            self._next.reset(before)

    def generate_span_id(self) -> int:
        given = self._next.get()
        return (given and given[1]) or self._random.generate_span_id()

    def generate_trace_id(self) -> int:
        given = self._next.get()
        return given[0] if given is not None else self._random.generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return False


def trace_id(delivery: str) -> int:
    return int.from_bytes(hashlib.sha256(delivery.encode()).digest()[:16], "big") or 1


def span_id(delivery: str, stage: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{delivery} {stage}".encode()).digest()[:8], "big") or 1


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {f"bot.{name}": value for name, value in attributes.items()}
