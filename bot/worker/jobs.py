"""The third loop: carries out commands that people gave in Slack, on the page or by the CLI."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, CommandError, LeaseLost, Refused, StoreError
from bot.message import Message, text
from bot.worker.leases import while_held

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.model import Job, Json
    from bot.outside import Chat
    from bot.ports import Clock, Jobs

log = structlog.get_logger()

#: A killed worker's job is taken over after it; a living one renews it.
_LEASE: Final = timedelta(seconds=30)
_TIMEOUT_S: Final = 120.0
_ANSWER_TIMEOUT_S: Final = 20.0
_ANSWER_PAUSES_S: Final = (1.0, 4.0)
_TRIES: Final = 3


class Commands(Protocol):
    """Runs the words of a job; raises CommandError or CallError with what to do."""

    async def run(self, job: Job, save: Save) -> Message: ...


class Save(Protocol):
    """Writes down how far a job came, so that a restart goes on from there."""

    async def __call__(self, progress: Mapping[str, Json]) -> None: ...


class JobRunner:
    """Runs one claimed job at a time."""

    def __init__(
        self,
        *,
        store: Jobs,
        chat: Chat,
        commands: Commands,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pause = pause
        self._store = store
        self._chat = chat
        self._commands = commands
        self._clock = clock

    async def step(self) -> bool:
        """Runs the oldest waiting job; False when none waits."""
        claimed = await self._store.claim_job(now=self._clock.now(), lease=_LEASE)
        if claimed is None:
            return False
        job, token = claimed

        async def renew() -> None:
            until = self._clock.now() + _LEASE
            await self._store.renew_job(job.id, token, until=until)

        try:
            state, answer = await while_held(self._run(job, token), renew, lease=_LEASE)
            await self._store.finish_job(
                job.id, token, state=state, answer=answer, now=self._clock.now()
            )
        except LeaseLost:
            log.warning("lease lost", job=job.id)
            return True
        log.info("command carried out", job=job.id, command=job.command, who=job.who, outcome=state)
        await self._answer(job, answer)
        return True

    async def _run(self, job: Job, token: str) -> tuple[str, Message]:
        async def save(progress: Mapping[str, Json]) -> None:
            await self._store.save_progress(job.id, token, progress)

        if job.attempts > _TRIES:
            return "failed", Message(
                text=text(
                    f"This was interrupted {_TRIES} times and is given up: {_words(job)}. Try it"
                    " again: what it left half-done is found and put right then."
                ),
                color="danger",
            )
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return "done", await self._commands.run(job, save)
        except (CommandError, CallError) as error:
            return "failed", Message(text=text(str(error)), color="warning")
        except TimeoutError:
            said = f"Not finished after {_TIMEOUT_S:.0f} s, so it was stopped; try it again."
            return "failed", Message(text=text(said), color="danger")
        except StoreError:
            raise
        except Exception:
            log.exception("command failed", job=job.id, command=job.command)
            said = f"Something went wrong inside the bot; its log knows more (job {job.id})."
            return "failed", Message(text=text(said), color="danger")

    async def _answer(self, job: Job, answer: Message) -> None:
        """Tried a few times: somebody waits for it. It stays with the job, for the page."""
        if not job.reply_to:
            return
        for pause_s in _ANSWER_PAUSES_S:
            if await self._answered(job, answer):
                return
            await self._pause(pause_s)
        await self._answered(job, answer)

    async def _answered(self, job: Job, answer: Message) -> bool:
        """False when it is worth another try."""
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await self._chat.answer(job.reply_to, answer, replace=False)
        except (CallError, TimeoutError) as error:
            log.warning("answer not delivered", job=job.id, error=str(error) or "timeout")
            return isinstance(error, Refused)
        return True


def _words(job: Job) -> str:
    return " ".join(("/" + job.command, *job.args))
