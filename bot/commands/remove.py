"""`/hook remove`: says what would go, and with `--yes` takes it away at the forge and here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.spec import Arguments, CommandSpec, Context, Site
from bot.commands.survey import Found, asked, is_group, records_of, survey
from bot.commands.target import place_target, written
from bot.commands.upkeep import check_idle
from bot.errors import CallError, CommandError, TargetRefused
from bot.message import Button, Code, Message, bold, join, text
from bot.model import Project
from bot.outside import Right

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Job
    from bot.outside import ForgeAdmin, RemoteHook


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    site, path = place_target(arguments, ctx.sites)
    admin = ctx.forge(site.name)
    project = await _project(ctx, admin, site, path)
    if admin is None or not project.url:
        return await _here_only(ctx, site, project, arguments, can_look=admin is not None)
    found = await survey(ctx, admin, site, project)
    check_idle(found, project)
    remotes = (*((found.live[1],) if found.live else ()), *found.strays)
    records = (*((found.live[0],) if found.live else ()), *found.stale)
    if not remotes and not records:
        return Message(text=text(bold(project.path), " has no hook of this bot."), color="warning")
    if "yes" not in arguments.flags:
        return _question(site, project, remotes, found)
    for remote in remotes:
        await _delete(admin, project, remote)
    for record in records:
        await ctx.hooks.save_hook(replace(record, status="removed"))
    names = ", ".join(remote.id for remote in remotes)
    at_forge = f"hook {names} was deleted at the forge" if names else "it was gone at the forge"
    return Message(
        text=text(bold(project.path), f": {at_forge}; nothing more will come from it."),
        color="good",
    )


async def _project(ctx: Context, admin: ForgeAdmin | None, site: Site, path: str) -> Project:
    """As the forge knows it; without `url` when it does not, or cannot be asked."""
    stored = [r for r in await ctx.hooks.hooks(project=path) if r.instance == site.name]
    whole = any(is_group(one.project_id) for one in stored)
    if admin is None:
        return Project(id="", path=path)
    if "/" not in path and not whole:
        raise CommandError(f"{path} has no hook of the whole group, so there is none to remove.")
    try:
        return await (admin.group(path) if whole else admin.project(path))
    except TargetRefused as error:
        # What is gone from the forge is nobody's but the admins'.
        bounded = ctx.permission is not None and not ctx.permission.unbounded
        if error.code != "404" or not stored or bounded:
            raise CommandError(f"{path}: {error}") from error
        return Project(id=stored[0].project_id, path=path)
    except CallError as error:
        raise CommandError(f"{path}: {error}") from error


async def _here_only(
    ctx: Context, site: Site, project: Project, arguments: Arguments, *, can_look: bool
) -> Message:
    records = await records_of(ctx, site, project)
    if not project.id:
        records = tuple(
            r for r in await ctx.hooks.hooks(project=project.path) if r.instance == site.name
        )
    if not records:
        return Message(text=text(bold(project.path), " has no hook of this bot."), color="warning")
    why = (
        f"{site.url} has no such project any more, or hides it from the bot"
        if can_look
        else f"the bot has no token for {site.url} ({site.setting})"
    )
    if "yes" not in arguments.flags:
        return Message(
            text=text(
                bold(project.path), f": {why}, so only what is known here would be forgotten."
            ),
            body=(_confirm(project),),
            color="warning",
            buttons=_buttons(site, project),
        )
    for record in records:
        await ctx.hooks.save_hook(replace(record, status="removed"))
    return Message(
        text=text(
            bold(project.path),
            " is forgotten here, and what its hook sends is answered 404.",
        ),
        body=(text(f"As {why}, delete the hook there by hand (Settings → Webhooks)."),),
        color="warning",
    )


def _question(
    site: Site, project: Project, remotes: tuple[RemoteHook, ...], found: Found
) -> Message:
    lines = [text(f"• hook {remote.id}: ", Code(remote.url)) for remote in remotes]
    gone: list[Text] = [text("• what is stored here of a hook that the forge lost")]
    channel = found.live[0].channel if found.live else None
    route = ("Its own channel is forgotten with it." if channel else "",)
    return Message(
        text=text("This would be removed from ", bold(project.path), ":"),
        body=(
            join("\n", lines or gone),
            *(text(part) for part in route if part),
            _confirm(project),
        ),
        color="warning",
        buttons=_buttons(site, project),
    )


def _buttons(site: Site, project: Project) -> tuple[Button, ...]:
    words = f"remove {written(project)} --on {site.name} --yes"
    return (Button("Remove it", words, "danger"),)


def _confirm(project: Project) -> Text:
    return text("To do it: ", Code(f"/hook remove {written(project)} --yes"))


async def _delete(admin: ForgeAdmin, project: Project, remote: RemoteHook) -> None:
    try:
        await asked(project.path, admin.delete_hook(project.id, remote.id))
    except CommandError as error:
        raise CommandError(
            f"{error}\nHook {remote.id} ({remote.url}) is still at the forge; run the command"
            " again, or delete it there."
        ) from error


SPEC: Final = CommandSpec(
    name="remove",
    usage="remove group/repo [--yes] [--on instance]",
    summary="Deletes the project's hook at the forge and here; shows first what would go.",
    examples=("remove group/repo", "remove group/repo --yes", "remove group/**"),
    needs=Right.MANAGE,
    flags=("yes",),
    run=run,
)
