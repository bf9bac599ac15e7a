"""Traces: one of each delivery, from its request to the calls that its actions make.

A delivery's id names its trace: whatever is stored with it belongs to that trace, in whichever
process and after whichever restart. Attributes are names and numbers, never texts, bodies, secrets.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Attribute: TypeAlias = str | bool | int | float


class Span(Protocol):
    """One stage or call, while it lasts."""

    def tell(self, **attributes: Attribute) -> None: ...

    def fail(self, code: str) -> None:
        """It came to nothing; `code`: a word of ours or of Slack's."""


class Recorder(Protocol):
    """Takes spans. Errors that pass through one are told by their type alone."""

    def stage(
        self,
        name: str,
        *,
        trace: str,
        parent: str | None,
        attributes: Mapping[str, Attribute],
        began_ns: int | None = None,
    ) -> AbstractContextManager[Span]:
        """`trace`: a delivery's id. `parent`: the name of its stage before, which may have been in
        another process. A stage that others have as parent happens once."""

    def call(self, name: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        """Below the span that is under way."""


class _Nothing:
    def tell(self, **attributes: Attribute) -> None: ...

    def fail(self, code: str) -> None: ...


_NOTHING: Final = nullcontext(_Nothing())
_RECORDER: Final[ContextVar[Recorder | None]] = ContextVar("recorder", default=None)
RECEIVE: Final = "receive"
DECIDE: Final = "decide"
ACT: Final = "act"


class Traces:
    """The stages of a delivery. Without a recorder nothing is kept and next to nothing spent."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder

    @property
    def kept(self) -> bool:
        return self._recorder is not None

    def receive(
        self, delivery: str, *, began_ns: int | None, **attributes: Attribute
    ) -> AbstractContextManager[Span]:
        """`began_ns`: when its request came, since 1970."""
        return self._stage(RECEIVE, delivery, None, attributes, began_ns)

    def decide(self, delivery: str, **attributes: Attribute) -> AbstractContextManager[Span]:
        return self._stage(DECIDE, delivery, RECEIVE, attributes)

    def fall_due(self, decision: str, **attributes: Attribute) -> AbstractContextManager[Span]:
        """What is decided without a delivery: a batch, the end of quiet hours, a time rule."""
        return self._stage(DECIDE, decision, None, attributes)

    def act(self, delivery: str, **attributes: Attribute) -> AbstractContextManager[Span]:
        return self._stage(ACT, delivery, DECIDE, attributes)

    def _stage(
        self,
        name: str,
        delivery: str,
        parent: str | None,
        attributes: Mapping[str, Attribute],
        began_ns: int | None = None,
    ) -> AbstractContextManager[Span]:
        if self._recorder is None:
            return _NOTHING
        return _under_way(self._recorder, name, delivery, parent, attributes, began_ns)


NO_TRACES: Final = Traces()


def call(name: str, **attributes: Attribute) -> AbstractContextManager[Span]:
    """A call to the outside, or another part of a stage that takes time of its own. Nothing when no
    stage is under way."""
    recorder = _RECORDER.get()
    return _NOTHING if recorder is None else recorder.call(name, attributes)


@contextmanager
def _under_way(
    recorder: Recorder,
    name: str,
    delivery: str,
    parent: str | None,
    attributes: Mapping[str, Attribute],
    began_ns: int | None,
) -> Iterator[Span]:
    told = recorder.stage(
        name, trace=delivery, parent=parent, attributes=attributes, began_ns=began_ns
    )
    with told as span:
        before = _RECORDER.set(recorder)
        try:
            yield span
        finally:
            _RECORDER.reset(before)
