"""The third loop: carries out commands that people gave in Slack, on the page or by the CLI."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, CommandError, LeaseLost, Refused, StoreError
from bot.message import Message, text
from bot.ports import TOLD
from bot.worker.leases import while_held
from bot.worker.progress import Progress

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

    async def run(self, job: Job, save: Save, count: Count) -> Message: ...


class Save(Protocol):
    """Writes down how far a job came, so that a restart goes on from there."""

    async def __call__(self, progress: Mapping[str, Json]) -> None: ...


class Count(Protocol):
    """Tells whoever waits how many of how many things are done."""

    async def __call__(self, done: int, total: int) -> None: ...


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
        if job.attempts > _TRIES:
            return "failed", Message(
                text=text(
                    f"This was interrupted {_TRIES} times and is given up: {_words(job)}. Try it"
                    " again: what it left half-done is found and put right then."
                ),
                color="danger",
            )
        progress = Progress(job, self._chat, self._clock)
        try:
            return "done", await self._carry_out(job, token, progress)
        except (CommandError, CallError) as error:
            return "failed", Message(text=text(str(error)), color="warning")
        except TimeoutError:
            said = f"It did not get on for {_TIMEOUT_S:.0f} s, so it was stopped; try it again."
            return "failed", Message(text=text(said), color="danger")
        except StoreError:
            raise
        except Exception:
            log.exception("command failed", job=job.id, command=job.command)
            said = f"Something went wrong inside the bot; its log knows more (job {job.id})."
            return "failed", Message(text=text(said), color="danger")
        finally:
            await progress.end()

    async def _carry_out(self, job: Job, token: str, shown: Progress) -> Message:
        """Whatever it does may take its time, as long as it gets on."""
        written, told = dict(job.progress), str(job.progress.get(TOLD, ""))

        async def keep() -> None:
            limit.reschedule(asyncio.get_running_loop().time() + _TIMEOUT_S)
            await self._store.save_progress(
                job.id, token, {**written, **({TOLD: told} if told else {})}
            )

        async def save(progress: Mapping[str, Json]) -> None:
            nonlocal written
            written = dict(progress)
            await keep()

        async def count(done: int, total: int) -> None:
            nonlocal told
            told = f"{done} of {total} done …"
            await keep()
            await shown.count(done, total)

        async with asyncio.timeout(_TIMEOUT_S) as limit:
            return await self._commands.run(job, save, count)

    async def _answer(self, job: Job, answer: Message) -> None:
        """Tried a few times: somebody waits for it. It stays with the job, for the page."""
        if not job.reply_to:
            return
        for pause_s in _ANSWER_PAUSES_S:
            if await self._answered(job, answer):
                return
            await self._pause(pause_s)
        if not await self._answered(job, answer):
            await self._written(job, answer)

    async def _answered(self, job: Job, answer: Message) -> bool:
        """False when it is worth another try."""
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await self._chat.answer(job.reply_to, answer, replace=False)
        except Refused as error:
            # After half an hour, or five answers, the address is dead.
            log.info("answer refused", job=job.id, error=str(error))
            await self._written(job, answer)
        except (CallError, TimeoutError) as error:
            log.warning("answer not delivered", job=job.id, error=str(error) or "timeout")
            return False
        return True

    async def _written(self, job: Job, answer: Message) -> None:
        """Without the command's own address: to the person alone, where it was typed, or, when
        that cannot be, as a direct message."""
        if job.channel and await self._went(job, self._chat.whisper(job.channel, job.who, answer)):
            return
        key = f"answer:{job.id}"
        direct = self._chat.post(job.who, answer, key=key, thread=None, broadcast=False)
        if not await self._went(job, direct):
            log.warning("answer lost", job=job.id)

    async def _went(self, job: Job, sending: Awaitable[object]) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await sending
        except (CallError, TimeoutError) as error:
            log.info("answer not taken", job=job.id, error=str(error) or "timeout")
            return False
        return True


def _words(job: Job) -> str:
    return " ".join(("/" + job.command, *job.args))
