"""`/oauth/{instance}`: where a forge sends people back who showed it who they are.

What comes of it is never done here: whoever was lured into signing in must not give their account
away by it. A link is finished in the chat, with a code that only this page shows, by the person who
asked for it; a one-time page is opened by a button that only this page has.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web

from bot.errors import CallError
from bot.people import Account
from bot.web.once import opened_page
from bot.web.pages import card_response

if TYPE_CHECKING:
    from bot.handover import Handover, SignIn
    from bot.model import Person

log = structlog.get_logger()

_LONGEST: Final = 2000


class ComingBack(Protocol):
    async def came_back(
        self, instance: str, *, state: str, code: str
    ) -> tuple[SignIn, Person] | None: ...


class Proofs(Protocol):
    async def keep_proof(self, account: Account) -> str: ...

    async def accounts(
        self, *, slack: str | None = None, instance: str | None = None
    ) -> tuple[Account, ...]: ...

    async def peek_once(self, token: str) -> Handover | None: ...

    async def new_pass(self, token: str) -> str: ...


class SignInPage:
    def __init__(self, *, ways: ComingBack, store: Proofs, admins: tuple[str, ...]) -> None:
        self._ways = ways
        self._store = store
        self._admins = admins

    def routes(self) -> list[web.AbstractRouteDef]:
        path = "/oauth/{instance:[a-z0-9_]{1,100}}"
        return [web.get(path, self.back, allow_head=False)]

    async def back(self, request: web.Request) -> web.Response:
        instance, query = request.match_info["instance"], request.query
        state, code = query.get("state", "")[:_LONGEST], query.get("code", "")[:_LONGEST]
        try:
            found = await self._ways.came_back(instance, state=state, code=code)
        except CallError as error:
            log.info("sign-in refused", instance=instance, error=str(error))
            return _failed(str(error))
        if found is None:
            return _stale()
        begun, person = found
        if person.bot:
            return _failed(f"{person.username} is a machine’s account")
        if begun.page:
            return await self._opened(begun, person)
        return await self._proved(begun, person)

    async def _proved(self, begun: SignIn, person: Person) -> web.Response:
        account = Account(
            slack=begun.who,
            instance=begun.instance,
            username=person.username,
            user_id=person.id,
            name=person.name,
            proved="oauth",
        )
        code = await self._store.keep_proof(account)
        log.info("signed in to link", who=begun.who, instance=begun.instance)
        return card_response(
            f"You are {person.username} at {begun.instance}",
            "<p>One step is left. Type this in Slack:</p>"
            f'<pre class="secret" tabindex="0">/hook link {escape(code)}</pre>'
            "<p>It works within ten minutes, for the person who asked for the link there.</p>"
            '<p class="quiet">Did somebody send you the link that led here? Then close this page'
            " and give the code to nobody: with it they could do through the bot what you may do."
            "</p>",
        )

    async def _opened(self, begun: SignIn, person: Person) -> web.Response:
        held = await self._store.peek_once(begun.page)
        if held is None:
            return _stale()
        linked = await self._store.accounts(instance=begun.instance)
        theirs = {one.slack for one in linked if person.id and one.user_id == person.id}
        if not theirs & {held.who, *self._admins}:
            return _failed(
                f"{person.username} is not linked to the person who asked for this secret. Go back"
                " and have a code sent in Slack, or link the account first: /hook link"
                f" {begun.instance}"
            )
        given = await self._store.new_pass(begun.page)
        return opened_page(held.title, begun.page, given, name=person.username)


def _failed(why: str) -> web.Response:
    return card_response(
        "That did not work", f"<p>{escape(why)}.</p><p>Nothing was changed.</p>", status=403
    )


def _stale() -> web.Response:
    return card_response(
        "This link is used up",
        "<p>It works once, within ten minutes. Ask for a new one in Slack: "
        "<code>/hook link</code>.</p>",
        status=404,
    )
