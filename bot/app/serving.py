"""Starts and stops a process of the bot: what it opens, and in which order it lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot.app.door import Door, open_door
from bot.app.page import render
from bot.app.parts import Parts, Role, SystemClock
from bot.app.traces import open_traces
from bot.errors import ConfigError
from bot.preview.changes import Changes
from bot.preview.chat import PreviewChat
from bot.slack.client import SlackChat
from bot.store import Store, open_store
from bot.web import routes
from bot.worker.rulebook import Rulebook
from bot.worker.timekeeping import Timekeeper
from bot.worker.webhooks import Webhooks

if TYPE_CHECKING:
    from bot.config import Settings

log = structlog.get_logger()

#: What is under way at a SIGTERM may take this long; then it is cut off and looked for later.
DRAIN_S: Final = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A bot that has started."""

    store: Store
    #: `http://127.0.0.1:8080`; None for a worker.
    address: str | None
    rules: Rulebook
    role: Role
    preview: bool
    #: Nobody may see the page as it is set up.
    page_closed: bool


async def serve(
    settings: Settings,
    role: Role,
    *,
    stop: asyncio.Event,
    started: Callable[[Running], Awaitable[None]],
) -> None:
    """Runs until `stop`, then lets what is under way finish.

    Raises ConfigError, RulesError or StoreError when it cannot start.
    """
    if not settings.postgres and role is not Role.ALL:
        text = f"DATABASE_URL: SQLite serves one process; `bot {role.value}` needs PostgreSQL,"
        raise ConfigError([f"{text} `bot run` is web and worker in one"])
    async with AsyncExitStack() as stack:
        parts = await _open(stack, settings, role)
        door = await _door(stack, settings, parts)
        address = door.address if door is not None else None
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in parts.work(stop)]
            log.info("started", role=role.value, address=address, preview=settings.preview)
            await started(
                Running(
                    store=parts.store,
                    address=address,
                    rules=parts.rules,
                    role=role,
                    preview=settings.preview,
                    page_closed=settings.page_closed,
                )
            )
            sweeping = group.create_task(door.sweep()) if door is not None else None
            await stop.wait()
            log.info("stopping", role=role.value)
            if door is not None and sweeping is not None:
                sweeping.cancel()
                await door.close()
            await _drain(tasks)
    log.info("stopped", role=role.value)


async def _drain(tasks: list[asyncio.Task[None]]) -> None:
    _, late = await asyncio.wait(tasks, timeout=DRAIN_S) if tasks else (set(), set())
    for task in late:
        task.cancel()


async def _open(stack: AsyncExitStack, settings: Settings, role: Role) -> Parts:
    traces = open_traces(stack, settings)
    key = settings.secret_key.reveal() if settings.secret_key is not None else None
    store = await stack.enter_async_context(open_store(settings.database_url, secret_key=key))
    clock = Timekeeper(store, SystemClock())
    await clock.start()
    changes = Changes()
    chat: SlackChat | PreviewChat
    if settings.slack_bot_token is None:
        chat = PreviewChat(store=store, render=render, clock=clock, changes=changes)
    else:
        chat = await stack.enter_async_context(
            SlackChat.connect(
                settings.slack_bot_token.reveal(), api_url=settings.slack_api_url, now=clock.now
            )
        )
    webhooks = await stack.enter_async_context(
        Webhooks.connect(secrets=settings.rule_secret, allow=settings.webhook_allow)
    )
    parts = Parts(
        settings,
        role,
        store=store,
        chat=chat,
        changes=changes,
        web=webhooks,
        clock=clock,
        traces=traces,
    )
    if isinstance(chat, PreviewChat):
        chat.name_people(lambda: parts.rules.current.people)
    if role.works:
        await parts.rules.start()
    else:
        await parts.rules.take_stored()
    if parts.listener is not None and settings.slack_app_token is not None:
        app_token = settings.slack_app_token.reveal()
        await stack.enter_async_context(parts.listener.socket_mode(app_token))
    return parts


async def _door(stack: AsyncExitStack, settings: Settings, parts: Parts) -> Door | None:
    """Where this role listens, if it does."""
    if parts.role.listens:
        app, port, setting = parts.application(), settings.port, "PORT"
    elif settings.worker_port is not None:
        app, port = routes.build_health(parts.health()), settings.worker_port
        setting = "WORKER_PORT"
    else:
        return None
    return await open_door(
        stack,
        app,
        host=settings.host,
        port=port,
        setting=setting,
        malformed=parts.metrics.malformed.inc,
    )
