"""What is handed over a single time, and who signs in for it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A secret on a page that shows it once."""

    title: str
    secret: str = field(repr=False)
    #: Slack id of who asked for it, or `local`: whoever is at the machine, or has its token.
    who: str
    #: The forge at which they may sign in for it.
    instance: str = ""
    #: The project it is for.
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Somebody's way to a forge and back, to show who they are there."""

    #: Slack id of the one for whom it was begun.
    who: str
    instance: str
    #: Proves to the forge that whoever comes back is who left (PKCE, RFC 7636).
    verifier: str = field(repr=False)
    #: Token of the page that it opens; empty: the account is to be linked.
    page: str = field(default="", repr=False)
