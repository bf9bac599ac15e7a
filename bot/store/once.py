"""Secrets that are handed over once, and what shows who may have them; for every process."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.handover import Handover, SignIn
from bot.people import Account
from bot.store.part import Part
from bot.store.tickets import Tickets

if TYPE_CHECKING:
    from bot.model import Json
    from bot.store.engine import Backend
    from bot.store.vault import Vault

#: Kinds of ticket, sealed with the store's key.
KINDS: Final = ("once", "pass", "sign-in", "proof")
_PAGE: Final = timedelta(hours=1)
_SHORT: Final = timedelta(minutes=10)
#: Wrong codes until another one is needed, and how many of them a page sends.
_TRIES: Final = 5
_CODES: Final = 3
#: Without letters and digits that look alike.
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class OnceRecords(Part):
    def __init__(self, backend: Backend, vault: Vault) -> None:
        super().__init__(backend, vault)
        self._pages, self._passes, self._sign_ins, self._proofs = (
            Tickets(kind, backend, vault) for kind in KINDS
        )

    # -- pages that show a secret once -----------------------------------------------------------

    async def put_once(self, handover: Handover) -> str:
        """The token of its page."""
        token = secrets.token_urlsafe(24)
        held = {"handover": asdict(handover), "code": "", "tries": 0, "sent": 0}
        await self._pages.put(token, held, lasts=_PAGE)
        return token

    async def peek_once(self, token: str) -> Handover | None:
        """None when there is none, it was taken, or its time is over."""
        return _handover(await self._pages.peek(token))

    async def take_once(self, token: str) -> Handover | None:
        """As `peek_once`, and from now on nothing."""
        return _handover(await self._pages.take(token))

    # -- who may open them -----------------------------------------------------------------------

    async def new_code(self, token: str) -> str | None:
        """To be typed on the page within a few minutes; None when it had enough of them."""
        code, until = short_code(), (datetime.now(UTC) + _SHORT).isoformat()

        def step(held: Json) -> tuple[Json, str | None]:
            if held["sent"] >= _CODES:
                return held, None
            fresh = {"code": code, "tries": _TRIES, "until": until, "sent": held["sent"] + 1}
            return {**held, **fresh}, code

        return await self._pages.change(token, step)

    async def code_fits(self, token: str, given: str) -> bool:
        """Whether it is the page's code, which is used up by it; after a few wrong ones none is."""
        now = datetime.now(UTC)

        def step(held: Json) -> tuple[Json, bool]:
            fits = held["tries"] > 0 and now < datetime.fromisoformat(held["until"])
            fits = fits and _same(held["code"], given)
            return {**held, "tries": 0 if fits else held["tries"] - 1}, fits

        return await self._pages.change(token, step) or False

    async def new_pass(self, token: str) -> str:
        """For somebody who signed in: it opens that page once."""
        given = secrets.token_urlsafe(24)
        await self._passes.put(given, token, lasts=_SHORT)
        return given

    async def pass_fits(self, token: str, given: str) -> bool:
        return bool(await self._passes.take(given) == token)

    # -- signing in at a forge -------------------------------------------------------------------

    async def begin_sign_in(self, sign_in: SignIn) -> str:
        """The state that comes back from the forge."""
        state = secrets.token_urlsafe(24)
        await self._sign_ins.put(state, asdict(sign_in), lasts=_SHORT)
        return state

    async def take_sign_in(self, state: str) -> SignIn | None:
        held = await self._sign_ins.take(state)
        return SignIn(**held) if held is not None else None

    async def keep_proof(self, account: Account) -> str:
        """The code by which the person of the chat makes the account theirs."""
        code = short_code()
        held = {"account": {**asdict(account), "linked_at": None}, "code": code, "tries": _TRIES}
        await self._proofs.put(account.slack, held, lasts=_SHORT)
        return code

    async def proof_waits(self, slack: str) -> bool:
        return await self._proofs.peek(slack) is not None

    async def take_proof(self, slack: str, given: str) -> Account | None:
        """The account that was signed in with, when the code is its; a few wrong ones end it."""

        def step(held: Json) -> tuple[Json, Account | None]:
            if _same(held["code"], given):
                return None, Account(**held["account"])
            left = held["tries"] - 1
            return ({**held, "tries": left} if left else None), None

        return await self._proofs.change(slack, step)


def _handover(held: Json) -> Handover | None:
    return Handover(**held["handover"]) if held is not None else None


def short_code() -> str:
    """Forty bits, as people can type them: `K7QX-42MD`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _same(code: str, given: str) -> bool:
    typed = "".join(c for c in given.upper() if c.isalnum())
    return bool(code) and hmac.compare_digest(code.replace("-", "").encode(), typed.encode())
