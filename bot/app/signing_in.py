"""Gives the pages, and `/hook link`, the way to a forge where people show who they are."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from bot.errors import Refused
from bot.forges.oauth import Application, way_in, who_came
from bot.handover import SignIn

if TYPE_CHECKING:
    from bot.config import Instance, Settings
    from bot.model import Person


class SignIns(Protocol):
    async def begin_sign_in(self, sign_in: SignIn) -> str: ...

    async def take_sign_in(self, state: str) -> SignIn | None: ...


class WaysIn:
    """One at each instance that has an OAuth application."""

    def __init__(self, settings: Settings, store: SignIns) -> None:
        base = settings.public_url
        self._applications = {
            one.name: made
            for one in settings.instances
            if base and (made := _application(one, base)) is not None
        }
        self._store = store

    def at(self, instance: str) -> bool:
        """Whether there is one."""
        return instance in self._applications

    async def way_in(self, who: str, instance: str, *, page: str = "") -> str:
        """Where `who` signs in, once and within minutes; `page`: see SignIn."""
        verifier = secrets.token_urlsafe(48)
        begun = SignIn(who=who, instance=instance, verifier=verifier, page=page)
        state = await self._store.begin_sign_in(begun)
        return way_in(self._applications[instance], state=state, verifier=verifier)

    async def came_back(
        self, instance: str, *, state: str, code: str
    ) -> tuple[SignIn, Person] | None:
        """Who was sent there and who they are; None when nobody was, or it is too long ago.
        Raises CallError."""
        begun = await self._store.take_sign_in(state)
        # One forge must not answer for another.
        if begun is None or begun.instance != instance or not self.at(instance):
            return None
        if not code:
            raise Refused("nothing was granted there", code="oauth")
        application = self._applications[instance]
        return begun, await who_came(application, code=code, verifier=begun.verifier)


def _application(instance: Instance, base: str) -> Application | None:
    if instance.oauth_id is None or instance.oauth_secret is None:
        return None
    return Application(
        forge=instance.forge,
        url=instance.url,
        pages=instance.pages,
        client_id=instance.oauth_id,
        client_secret=instance.oauth_secret.reveal(),
        back=f"{base.rstrip('/')}/oauth/{instance.name}",
    )
