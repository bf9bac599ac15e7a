"""Chooses the lane of each action, so that a channel has one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.model import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.model import Action


class Busy(Protocol):
    async def busy_lanes(self, keys: Sequence[Lane]) -> frozenset[Lane]:
        """Those of them in which something waits or is under way."""


class Lanes:
    """Belongs to one claim.

    While Slack cannot be asked, a channel is known by name only, and so is its lane. Once its id
    is known that lane goes on until it is empty: messages would overtake those in it otherwise.
    """

    def __init__(self, store: Busy, workspace: str) -> None:
        self._store = store
        self._workspace = workspace
        #: Lanes by name and whether they hold something; those chosen here do.
        self._held: dict[Lane, bool] = {}
        #: Channel ids by name as given last, and the names by id.
        self._ids: Mapping[str, str] = {}
        self._names: dict[str, str] = {}

    async def of(self, actions: Sequence[Action], ids: Mapping[str, str]) -> tuple[Lane, ...]:
        """`ids`: channel ids by name without `#`."""
        if ids is not self._ids:
            self._ids, self._names = ids, {channel: name for name, channel in ids.items()}
        names = self._names
        by_name = {
            action.channel: self._lane(f"#{names[action.channel]}")
            for action in actions
            if action.channel in names
        }
        await self._ask([lane for lane in by_name.values() if lane not in self._held])
        return tuple(self._choose(action, by_name.get(action.channel)) for action in actions)

    async def _ask(self, lanes: Sequence[Lane]) -> None:
        if lanes:
            busy = await self._store.busy_lanes(lanes)
            self._held |= {lane: lane in busy for lane in lanes}

    def _choose(self, action: Action, by_name: Lane | None) -> Lane:
        if action.call is not None:
            return action.call.lane
        if by_name is not None and self._held[by_name]:
            return by_name
        chosen = self._lane(action.channel)
        self._held[chosen] = True
        return chosen

    def _lane(self, channel: str) -> Lane:
        """Slack's names are lower-case, whatever the rules write."""
        key = channel.lower() if channel.startswith("#") else channel
        return Lane(f"send:{self._workspace}:{key}")
