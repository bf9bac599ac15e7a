"""The one tree of errors; the class tells the caller what to do.

BotError
├── ConfigError            fix the environment; exit 2
├── RulesError             fix rules.yaml; carries every fault at once
├── RenderError            a template met a value it cannot show: skip the action, trace it
├── PayloadError           the body is not what its event promises: keep it, trace it, go on
├── StoreError             the store could not do it now: answer 503, try again
│   ├── LeaseLost          another worker owns the lane: drop this result
│   ├── StateChanged       another lane wrote what was read: decide again
│   └── StoreAway          it takes nothing now, nor would it anything else: hand it in again
├── CommandError           what a person asked for cannot be done; the text says what to do
└── CallError              a call that leaves the process
    ├── NotSent            it did not happen: try again after `retry_after`
    ├── Unsure             it may have happened: look for it before trying again
    └── Refused            it will not happen however often it is tried
        ├── TargetRefused      this channel or project says no
        ├── ContentRefused     this message or argument says no
        ├── ParentLost         the message to edit, answer or react to is gone
        └── CredentialRefused  the token says no: nothing of this workspace will work
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.model import Fault


class BotError(Exception):
    """Something went wrong; the text says what, where, and what would be right."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text or (type(self).__doc__ or "").strip())


class ConfigError(BotError):
    """The environment is not usable."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class RulesError(BotError):
    """The rules do not load."""

    def __init__(
        self, faults: Sequence[Fault], *, sources: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
        #: The text of each file, by the name the faults use, where it was read.
        self.sources: Mapping[str, str] = sources or {}


class PayloadError(BotError):
    """The body is not what its event promises."""


class StoreError(BotError):
    """The store could not do it now."""


class LeaseLost(StoreError):
    """Another worker owns this lane now."""


class StoreAway(StoreError):
    """The database does not answer, or its disk takes nothing."""


class StateChanged(StoreError):
    """Another lane wrote what this decision was made of."""


class CommandError(BotError):
    """The command cannot be done as asked."""


class Scope(Enum):
    """What a rate limit holds back."""

    LANE = "lane"
    METHOD = "method"


class CallError(BotError):
    """A call that leaves the process failed."""

    def __init__(self, text: str = "", *, code: str = "") -> None:
        super().__init__(text or code)
        #: The other side's own word for it (`channel_not_found`, `404`), for lists and metrics.
        self.code = code or type(self).__name__


class NotSent(CallError):
    """The call did not happen."""

    def __init__(
        self,
        text: str = "",
        *,
        code: str = "",
        retry_after: float | None = None,
        scope: Scope = Scope.LANE,
    ) -> None:
        super().__init__(text, code=code)
        #: Seconds the other side asked for; None when it named none.
        self.retry_after = retry_after
        self.scope = scope


class Unsure(CallError):
    """The call may have happened."""


class Refused(CallError):
    """The call will not happen however often it is tried."""


class TargetRefused(Refused):
    """The channel or project refuses it."""


class ContentRefused(Refused):
    """The message or an argument is refused."""


class ParentLost(Refused):
    """The message to edit, answer or react to is gone."""


class CredentialRefused(Refused):
    """The token is refused."""


class RenderError(BotError):
    """A template could not be rendered with this event's values."""
