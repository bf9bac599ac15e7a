"""`bot people` and `bot audit`: whose account is whose, and who did what."""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.environment import FAULTS, fail, settings
from bot.cli.rows import AsJson, Limit, show
from bot.cli.running import run_cli, store
from bot.errors import BotError
from bot.people import Account, Act

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Person
    from bot.outside import ForgeAdmin

_MEMBER: Final = re.compile(r"[UW](?=\D*\d)[A-Z0-9]{2,}")
_PATIENCE_S: Final = 10.0

On = Annotated[str, typer.Option("--on", help="The forge's instance.")]


def register(app: typer.Typer) -> None:
    people = typer.Typer(no_args_is_help=True, help="Whose account at a forge is whose in Slack.")
    people.command("list")(list_people)
    people.command("link")(link)
    people.command("unlink")(unlink)
    app.add_typer(people, name="people")
    app.command("audit")(audit)


def list_people(as_json: AsJson = False) -> None:
    """List linked accounts, by instance and user name."""

    async def main() -> None:
        async with store() as opened:
            found = await opened.accounts()
            quiet = await opened.quiet_people()
        rows = [
            {
                "instance": one.instance,
                "username": one.username,
                "slack": one.slack,
                "proved": one.proved,
                "linked_at": one.linked_at.isoformat(timespec="seconds") if one.linked_at else None,
                "direct_messages": "off" if one.slack in quiet else "on",
            }
            for one in found
        ]
        show(rows, as_json=as_json, empty="Nobody is linked yet; in Slack: /hook link.")

    run_cli(main())


def link(
    slack: Annotated[str, typer.Argument(help="Slack user id: U0ALICE01.")],
    username: Annotated[str, typer.Argument(help="Their user name at the forge.")],
    on: On = "gitlab",
) -> None:
    """Say that an account is somebody's; they need not prove it."""
    current = settings()
    username = username.removeprefix("@")
    if not _MEMBER.fullmatch(slack):
        fail(f"{slack!r} is no Slack user id (profile, ⋮, Copy member ID)")
    if on not in {one.name for one in current.instances}:
        names = ", ".join(one.name for one in current.instances)
        fail(f"there is no instance {on!r}; the bot knows {names}")

    async def main() -> None:
        person = await _person(current, on, username)
        account = Account(
            slack=slack,
            instance=on,
            username=person.username if person is not None else username,
            user_id=person.id if person is not None else "",
            name=person.name if person is not None else "",
            proved="admin",
            linked_at=datetime.now(UTC),
        )
        async with store() as opened:
            lost = await opened.save_account(account)
            await opened.record_act(_act("people link", account))
        typer.echo(f"{account.username} at {on} is {slack}")
        if lost is not None:
            typer.echo(f"It was {lost.slack} before.")

    run_cli(main())


def unlink(
    slack: Annotated[str, typer.Argument(help="Slack user id: U0ALICE01.")], on: On = "gitlab"
) -> None:
    """Forget whose account it is."""

    async def main() -> None:
        async with store() as opened:
            found = await opened.accounts(slack=slack, instance=on)
            if not found:
                fail(f"{slack} is not linked at {on}; `bot people list` shows who is", code=FAULTS)
            await opened.forget_account(slack, on)
            await opened.record_act(_act("people unlink", found[0]))
        typer.echo(f"{found[0].username} at {on} is nobody's")

    run_cli(main())


def audit(
    project: Annotated[str | None, typer.Argument(help="Of this project only.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what, by commands and by rules that act outside of chat, newest first."""

    async def main() -> None:
        async with store() as opened:
            found = await opened.list_audit(limit=limit, project=project)
        rows: list[dict[str, Any]] = [
            {
                "at": one.at.isoformat(timespec="seconds"),
                "who": one.who,
                "what": one.words or one.verb,
                "target": one.target,
                "instance": one.instance,
                "rule": one.rule,
                "outcome": one.outcome,
                "detail": one.detail,
            }
            for one in found
        ]
        show(rows, as_json=as_json, empty="Nothing was done yet.")

    run_cli(main())


async def _person(current: Settings, instance: str, username: str) -> Person | None:
    """As the forge knows them; None when it cannot be asked."""
    admin = _admin(current, instance)
    if admin is None:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await admin.person(username)
    except (BotError, TimeoutError) as error:
        typer.echo(f"{instance} was not asked: {str(error) or 'no answer'}", err=True)
        return None
    if found is None:
        fail(f"{instance} shows no account {username!r}", code=FAULTS)
    return found


def _admin(current: Settings, instance: str) -> ForgeAdmin | None:
    from bot.app.commands import forge_of

    return forge_of(current, instance)


def _act(verb: str, account: Account) -> Act:
    from bot.commands import LOCAL

    return Act(
        id=secrets.token_hex(8),
        at=datetime.now(UTC),
        who=LOCAL,
        verb=verb,
        words=f"bot {verb} {account.slack} {account.username}",
        target=account.username,
        instance=account.instance,
    )
