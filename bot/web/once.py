"""`/once/{token}`: a page that shows a secret a single time, to the person who asked for it.

A link preview fetches the page; only a button takes. They show who they are by signing in at their
forge, or by a code that they are sent in the chat. Whoever may use the bot's own page may open it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web

from bot.errors import CallError, StoreError
from bot.message import Code, Message, text
from bot.people import Act
from bot.web.access import Entry, same_origin
from bot.web.pages import card_response
from bot.web.reading import form_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.handover import Handover
    from bot.ports import Clock
    from bot.web.access import Access

log = structlog.get_logger()

LOCAL: Final = "local"


class OneTime(Protocol):
    """Secrets that can be taken once, and what opens them."""

    async def peek_once(self, token: str) -> Handover | None:
        """None when there is none, it was taken, or its time is over."""

    async def take_once(self, token: str) -> Handover | None:
        """As `peek_once`, and from now on nothing."""

    async def new_code(self, token: str) -> str | None: ...

    async def code_fits(self, token: str, given: str) -> bool: ...

    async def pass_fits(self, token: str, given: str) -> bool: ...

    async def record_act(self, act: Act) -> None: ...


class WaysIn(Protocol):
    """Forges where people can sign in."""

    def at(self, instance: str) -> bool: ...

    async def way_in(self, who: str, instance: str, *, page: str = "") -> str: ...


class OncePage:
    """The handlers of `/once/{token}`."""

    def __init__(
        self,
        *,
        secrets: OneTime,
        access: Access,
        ways: WaysIn,
        write: Callable[[str, Message], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._secrets = secrets
        self._access = access
        self._ways = ways
        #: To a person, by their Slack id. Raises CallError.
        self._write = write
        self._clock = clock

    def routes(self) -> list[web.AbstractRouteDef]:
        path = "/once/{token:[A-Za-z0-9_-]{16,100}}"
        return [
            web.get(path, self.ask, allow_head=False),
            web.post(path, self.show),
            web.get(f"{path}/sign-in", self.sign_in, allow_head=False),
            web.post(f"{path}/code", self.send),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        held = await self._secrets.peek_once(token)
        return _gone() if held is None else self._question(token, held)

    async def sign_in(self, request: web.Request) -> web.Response:
        """A link and no form: browsers let no form lead to another site."""
        token = request.match_info["token"]
        held = await self._secrets.peek_once(token)
        if held is None or held.who == LOCAL or not self._ways.at(held.instance):
            return _gone()
        way = await self._ways.way_in(held.who, held.instance, page=token)
        return web.Response(status=303, headers={"Location": way, "Cache-Control": "no-store"})

    async def send(self, request: web.Request) -> web.Response:
        """A code, to the person who asked for the secret."""
        token = request.match_info["token"]
        held = await self._secrets.peek_once(token)
        if held is None or held.who == LOCAL:
            return _gone()
        if not same_origin(request):
            return self._question(token, held, problem=_FOREIGN)
        code = await self._secrets.new_code(token)
        if code is None:
            return self._question(token, held, problem=_ENOUGH)
        try:
            await self._write(held.who, _letter(held, code))
        except CallError as error:
            log.warning("code for a one-time page not sent", error=str(error))
            return self._question(token, held, problem=_NOT_SENT)
        return _code_page(token, held)

    async def show(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        held = await self._secrets.peek_once(token)
        if held is None:
            return _gone()
        if not same_origin(request):
            return self._question(token, held, problem=_FOREIGN)
        form = await form_of(request)
        code = form.get("code", "").strip()
        opener = await self._opener(request, held, token, code, form.get("pass", ""))
        if not opener:
            return _code_page(token, held, _WRONG) if code else self._question(token, held, _WHO)
        taken = await self._secrets.take_once(token)
        if taken is None:
            return _gone()
        await self._kept(request, taken, opener)
        return _secret_page(taken)

    async def _opener(
        self, request: web.Request, held: Handover, token: str, code: str, given: str
    ) -> str:
        """Who opens it, for the audit; empty when nobody may."""
        if held.who != LOCAL and code and await self._secrets.code_fits(token, code):
            return held.who
        if held.who != LOCAL and given and await self._secrets.pass_fits(token, given):
            return held.who
        return LOCAL if await self._access.entry(request) is Entry.OPEN else ""

    async def _kept(self, request: web.Request, taken: Handover, opener: str) -> None:
        log.info("one-time secret shown", remote=request.remote, who=opener)
        now = self._clock.now()
        act = Act(
            id=f"once-{now.timestamp():.6f}",
            at=now,
            who=opener,
            verb="once",
            words=f"opened: {taken.title}",
            target=taken.project,
            instance=taken.instance,
        )
        try:
            await self._secrets.record_act(act)
        except StoreError as error:
            # It is taken already: whoever waits for it must not lose it too.
            log.error("opened page not kept in the audit", error=str(error))

    def _question(self, token: str, held: Handover, problem: str = "") -> web.Response:
        said = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        if held.who == LOCAL:
            buttons = _form(token, "Show it now")
            who = f'whoever is logged in to <a href="/">the bot’s page</a>{self._where()}'
        else:
            offered = self._ways.at(held.instance)
            buttons = _sign_in_link(token, held.instance) if offered else ""
            buttons += _form(f"{token}/code", "Send me a code in Slack", quiet=offered)
            buttons += _form(token, "I am logged in to the bot’s page", quiet=True)
            who = "the person who asked for it in Slack"
        return card_response(
            held.title,
            f"<p>This secret is shown once, to {who}. Have the place where you will paste it open."
            f"</p>{said}{buttons}",
            status=403 if problem else 200,
        )

    def _where(self) -> str:
        return "" if self._access.needs_token else ", on the bot’s own machine"


_FOREIGN: Final = "This must come from the page itself: reload it."
_ENOUGH: Final = (
    "This page has sent enough codes. Run the command again in Slack for a new page; it replaces"
    " nothing that you have seen already."
)
_NOT_SENT: Final = "Slack did not take the code: try again in a minute."
_WRONG: Final = (
    "That is not the code, or its ten minutes are over. After five wrong ones you need a new one."
)
_WHO: Final = "Show first who you are."


def _letter(held: Handover, code: str) -> Message:
    return Message(
        text=text("Your code is ", Code(code), f", for the page “{held.title}”."),
        body=(text("It is good for ten minutes."),),
        context=(
            text(
                "You did not open that page? Then somebody else has its link: give the code to"
                " nobody."
            ),
        ),
    )


def _form(action: str, label: str, *, quiet: bool = False, fields: str = "") -> str:
    kind = ' class="plain"' if quiet else ""
    return (
        f'<form method="post" action="/once/{escape(action)}">{fields}'
        f'<button type="submit"{kind}>{escape(label)}</button></form>'
    )


def _sign_in_link(token: str, instance: str) -> str:
    return (
        f'<a class="button" href="/once/{escape(token)}/sign-in" rel="nofollow">'
        f"Sign in at {escape(instance)}</a>"
    )


def _code_page(token: str, held: Handover, problem: str = "") -> web.Response:
    said = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    field = (
        '<label for="code">Code</label><input id="code" name="code" autocomplete="one-time-code"'
        ' autocapitalize="characters" spellcheck="false" maxlength="20" required autofocus>'
    )
    return card_response(
        held.title,
        "<p>A code was sent to you in Slack, as a direct message of the bot. Type it here.</p>"
        f"{_form(token, 'Show it now', fields=field + said)}"
        f"{_form(f'{token}/code', 'Send another code', quiet=True)}",
        status=403 if problem else 200,
    )


def _secret_page(taken: Handover) -> web.Response:
    return card_response(
        taken.title,
        f'<pre class="secret" tabindex="0">{escape(taken.secret)}</pre>'
        "<p>Copy it now: this page forgets it when you leave.</p>",
    )


def opened_page(title: str, token: str, given: str, *, name: str) -> web.Response:
    """After somebody signed in: the button that takes."""
    fields = f'<input type="hidden" name="pass" value="{escape(given)}">'
    return card_response(
        title,
        f"<p>You are signed in as <b>{escape(name)}</b>. This secret is shown once: have the place"
        f" where you will paste it open.</p>{_form(token, 'Show it now', fields=fields)}",
    )


def _gone() -> web.Response:
    return card_response(
        "Nothing here",
        "<p>This secret was shown already, or its hour is over. Ask for a new one: run the command "
        "again.</p>",
        status=404,
    )
