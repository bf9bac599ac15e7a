"""Sets the clock of a running bot, as an administrator or a time server does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.child import CLOCK
from tests.waiting import until

if TYPE_CHECKING:
    from datetime import timedelta

    from tests.e2e.running import Place, Process


class Hands:
    """Of the clock of the processes of a place; each place has one machine."""

    def __init__(self, place: Place, name: str = "clock") -> None:
        self.file = place.folder / name
        self._wrong_s = 0.0
        self._write()
        #: Of a process on its machine.
        self.settings = {CLOCK: str(self.file)}
        place.settings |= self.settings
        # Only a process that was forked reads the file.
        place.fresh = False

    def move(self, by: timedelta) -> None:
        self._wrong_s += by.total_seconds()
        self._write()

    def _write(self) -> None:
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{self._wrong_s}")
        draft.rename(self.file)


async def noticed(bot: Process, steps: int) -> None:
    """It says of so many that it noticed them."""
    await until(lambda: len(bot.events("clock was stepped")) >= steps, f"step {steps} is noticed")
