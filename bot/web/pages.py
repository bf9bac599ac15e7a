"""The page's files, and the two small pages that stand in for it: log in, and not from here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    content_type: str
    etag: str


_TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


@cache
def static_files() -> Mapping[str, StaticFile]:
    """By name; read once, because they are part of the program."""
    folder = files("bot.web").joinpath("static")
    return {file.name: _load(file) for file in folder.iterdir() if _type(file.name)}


def card_page(title: str, inner: str) -> bytes:
    """A small page: `title` is escaped here, `inner` is HTML of the caller's own making."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">'
        '<title>chatops-bot</title><link rel="icon" href="/static/icon.svg">'
        '<link rel="stylesheet" href="/static/console.css"></head>'
        f'<body class="card-page"><main><h1>{escape(title)}</h1>{inner}</main></body></html>'
    ).encode()


def card_response(title: str, inner: str, *, status: int = 200) -> web.Response:
    """As `card_page`, kept nowhere on its way."""
    return web.Response(
        status=status,
        body=card_page(title, inner),
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


def login_page(problem: str) -> bytes:
    said = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return card_page(
        "Log in",
        '<form method="post" action="/login"><label for="token">Console token</label>'
        '<input id="token" name="token" type="password" autocomplete="current-password" required'
        f' autofocus>{said}<button type="submit">Log in</button></form>'
        '<p class="quiet">It is the value of CONSOLE_TOKEN in the bot’s environment.</p>',
    )


LOCAL_ONLY_PAGE: Final = card_page(
    "This page answers on its own machine only",
    "<p>You reached it from elsewhere, or through a proxy or tunnel; or a <code>PUBLIC_URL</code> "
    "is set, so that everybody could.</p>"
    "<p>To open it from here, set <code>CONSOLE_TOKEN</code> in the bot’s environment to a long "
    "random value, restart the bot, and log in with that value.</p>",
)


def error_page(status: int, said: str) -> bytes:
    """For a person who took a wrong turn, or when something broke; `said` may be empty."""
    title, advice = _ERRORS.get(status, _ERRORS[500] if status >= 500 else ("Not possible", ""))
    lines = (advice, escape(said) if said else "")
    inner = "".join(f"<p>{line}</p>" for line in lines if line)
    return card_page(title, f'{inner}<p><a href="/">To the bot’s page</a></p>')


_ERRORS: Final = {
    404: ("There is nothing here", "The address may be mistyped, or what it showed is gone."),
    405: ("Not in this way", "This address takes requests of another kind."),
    500: ("Something went wrong", "The log of the bot says what; it is not shown here."),
    503: (
        "The store does not answer",
        "Deliveries are refused until it does. <code>/readyz</code> says when it is back.",
    ),
}


def _load(file: Traversable) -> StaticFile:
    body = file.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return StaticFile(body, _type(file.name) or "", etag)


def _type(name: str) -> str | None:
    return _TYPES.get(name.rpartition(".")[2])
