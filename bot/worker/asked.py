"""When work was claimed, by the wall clock and by one that never steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.ports import Claim, ClaimedItem, Clock


@dataclass(frozen=True, slots=True)
class Moment:
    steady: datetime
    wall: datetime


class Asked:
    """Of each claim that is not handled yet, the moment before the store was asked for it.

    A clock that is set between a claim and what is made of it: whether the item's times were
    moved along before it was claimed is not known, so each question takes the safe one of the two.
    """

    def __init__(self, *, steady: Clock, wall: Clock) -> None:
        self._steady, self._wall = steady, wall
        self._moments: dict[Claim, Moment] = {}

    def now(self) -> Moment:
        return Moment(steady=self._steady.now(), wall=self._wall.now())

    def note(self, claimed: Sequence[ClaimedItem], at: Moment) -> None:
        self._moments |= {one.claim: at for one in claimed}

    def forget(self, claim: Claim) -> None:
        self._moments.pop(claim, None)

    def ago(self, claim: Claim) -> timedelta:
        return self._steady.now() - self._moment(claim).steady

    def tried_since(self, claimed: ClaimedItem) -> datetime:
        """For how old it may be before it is given up: rather too young."""
        item = claimed.item
        return (item.tried_since or item.created_at) + max(self._set_on(claimed), timedelta())

    def from_before(self, claimed: ClaimedItem) -> ClaimedItem:
        """For how far back a trace of it may lie: rather too far."""
        created_at = claimed.item.created_at + min(self._set_on(claimed), timedelta())
        return replace(claimed, item=replace(claimed.item, created_at=created_at))

    def _set_on(self, claimed: ClaimedItem) -> timedelta:
        """By how much the wall clock was set since; negative when it was set back."""
        then, now = self._moment(claimed.claim), self.now()
        return (now.wall - then.wall) - (now.steady - then.steady)

    def _moment(self, claim: Claim) -> Moment:
        return self._moments.get(claim) or self.now()
