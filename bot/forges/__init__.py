"""The code hosts the bot knows; a new one is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.forges.github import GITHUB
from bot.forges.gitlab import GITLAB

if TYPE_CHECKING:
    from bot.outside import Forge

ALL: Final[tuple[Forge, ...]] = (GITLAB, GITHUB)

#: Headers that are dropped before a delivery is stored; lower-case.
SECRET_HEADERS: Final = (
    frozenset({"authorization", "proxy-authorization", "cookie"})
    | GITLAB.secret_headers
    | GITHUB.secret_headers
)
