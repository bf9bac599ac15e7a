"""What people are told who may not: what is missing, and who can give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import CommandError
from bot.message import Code, Link, Mention, Message, Plain, Styled, bold, join, text
from bot.outside import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.commands.spec import Context, Site
    from bot.message import Span, Text
    from bot.model import Project
    from bot.people import Account

_CAN: Final[Mapping[Right, str]] = {
    Right.NONE: "are no member of",
    Right.READ: "may read",
    Right.WRITE: "may write to",
    Right.MANAGE: "manage",
    Right.OWN: "own",
}
#: What a right is called at each forge.
_ROLES: Final[Mapping[str, Mapping[Right, str]]] = {
    "gitlab": {
        Right.READ: "Guest",
        Right.WRITE: "Developer",
        Right.MANAGE: "Maintainer",
        Right.OWN: "Owner",
    },
    "github": {
        Right.READ: "read",
        Right.WRITE: "write",
        Right.MANAGE: "admin",
        Right.OWN: "owner",
    },
}


class Forbidden(CommandError):
    """Somebody may not do what they asked for; `message` says it with the names of people."""

    def __init__(self, message: Message, said: str) -> None:
        super().__init__(said)
        self.message = message


def admins_only(ctx: Context, verb: str) -> Forbidden:
    if not ctx.admins:
        return _forbidden(
            text(
                Code(f"/hook {verb}"),
                " is for the bot's admins, and nobody is one yet: put Slack user ids into"
                " BOT_ADMINS and restart the bot.",
            ),
        )
    return _forbidden(
        text(
            Code(f"/hook {verb}"),
            " is for the bot's admins only (BOT_ADMINS): ask ",
            _people(ctx),
            ".",
        )
    )


def unlinked(ctx: Context, verb: str, site: Site) -> Forbidden:
    return _forbidden(
        text(
            Code(f"/hook {verb}"),
            f" asks what you may do at {site.name}, and I do not know who you are there.",
        ),
        text("Tell me with ", link_with(site), _or_admins(ctx), "."),
    )


def link_with(site: Site) -> Code:
    """The command that links an account there."""
    return Code(f"/hook link {site.name}{'' if site.oauth else ' your-user-name'}")


def no_token(ctx: Context, verb: str, site: Site) -> Forbidden:
    return _forbidden(
        text(
            Code(f"/hook {verb}"),
            f": the bot has no token for {site.url} ({site.setting}), so it cannot see what you may"
            " do there; only its admins may go on.",
        ),
        _ask(ctx),
    )


def renamed(ctx: Context, verb: str, site: Site, account: Account) -> Forbidden:
    return _forbidden(
        text(
            Code(f"/hook {verb}"),
            f": {site.name} has no account ",
            Code(account.username),
            " any more that is the one you linked; it may have been renamed.",
        ),
        text("Link the one you have now: ", link_with(site)),
        _ask(ctx),
    )


def unseen(ctx: Context, site: Site, account: Account, path: str) -> Forbidden:
    """The same whether there is no such project or they are not in it."""
    return _forbidden(
        text(
            bold(path),
            f": {site.name} has no such project, or you (",
            Code(account.username),
            ") are no member of it.",
        ),
        text("Its maintainers and owners can add you", _or_admins(ctx), "."),
    )


def lacking(
    verb: str,
    site: Site,
    account: Account,
    project: Project,
    right: Right,
    needs: Right,
    *,
    ctx: Context,
) -> Forbidden:
    role = _ROLES[site.forge][needs]
    return _forbidden(
        text(
            "You (",
            Code(account.username),
            f" at {site.name}) {_CAN[right]} ",
            bold(project.path),
            ", and ",
            Code(f"/hook {verb}"),
            f" needs {role} there.",
        ),
        text("Its maintainers and owners can do it, or give you that role", _or_admins(ctx), "."),
    )


def _forbidden(head: Text, *body: Text) -> Forbidden:
    lines = tuple(part for part in body if part)
    said = "\n".join(said_of(part) for part in (head, *lines))
    return Forbidden(Message(text=head, body=lines, color="warning"), said)


def _ask(ctx: Context) -> Text:
    return text("Ask ", _people(ctx), ".") if ctx.admins else ()


def _or_admins(ctx: Context) -> Text:
    return text("; or ask an admin of the bot: ", _people(ctx)) if ctx.admins else text()


def _people(ctx: Context) -> Text:
    return join(", ", [Mention(admin, admin) for admin in ctx.admins])


def said_of(body: Text) -> str:
    """Its words alone: the addresses of links may be secrets."""
    return "".join(_said(span) for span in body)


def _said(span: Span) -> str:
    match span:
        case Plain(value) | Code(value):
            return value
        case Styled(_, inner):
            return said_of(inner)
        case Link(label, _) | Mention(_, label):
            return label
        case _:
            return ""
