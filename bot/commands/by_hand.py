"""The steps to make a hook by hand where the bot has no token; the secret stays out of chat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.answers import destinations
from bot.commands.handing import to_whom
from bot.commands.spec import LOCAL
from bot.commands.survey import hook_url
from bot.commands.wishes import no_rule, wanted
from bot.handover import Handover
from bot.message import Code, Link, Message, bold, join, text
from bot.model import HookRecord, Project

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.message import Text
    from bot.model import Job


async def add(
    ctx: Context, job: Job, site: Site, path: str, *, channel: str | None, anyway: bool
) -> Message:
    """Without a token the path is believed as it was written."""
    project = Project(id="", path=path)
    triggers = wanted(ctx, site, project, anyway=anyway).triggers
    if not triggers:
        return no_rule(path)
    known = await _known(ctx, site, project)
    if known is not None and known.status == "active":
        return await _made_before(ctx, site, project, known)
    record = replace(
        known or _new(ctx, job, site, path),
        events=tuple(sorted(triggers)),
        channel=channel or (known.channel if known else None),
    )
    await ctx.hooks.save_hook(record)
    return Message(
        text=text(
            f"The bot has no token for {site.url} ({site.setting}), so please make the hook of ",
            bold(path),
            " by hand; ",
            await destinations(ctx, project, record.channel),
            ".",
        ),
        body=(await _steps(ctx, job, site, record),),
        context=(text(f"With {site.setting} set, the bot makes and proves hooks by itself."),),
        color="warning",
    )


async def _known(ctx: Context, site: Site, project: Project) -> HookRecord | None:
    found = await ctx.hooks.hooks(project=project.path)
    usable = [r for r in found if r.instance == site.name and r.status in {"active", "manual"}]
    return usable[0] if usable else None


def _new(ctx: Context, job: Job, site: Site, path: str) -> HookRecord:
    return HookRecord(
        id=ctx.new_id(),
        forge=site.forge,
        instance=site.name,
        project_id="",
        project=path,
        remote_id="",
        secrets=(ctx.new_secret(),),
        status="manual",
        created_by=job.who,
        created_at=ctx.clock.now(),
    )


async def _made_before(ctx: Context, site: Site, project: Project, record: HookRecord) -> Message:
    return Message(
        text=text(
            bold(project.path),
            f" has its hook already (hook {record.remote_id}); ",
            await destinations(ctx, project, record.channel),
            f". Without {site.setting} the bot cannot look whether it is in order.",
        ),
        color="warning",
    )


async def _steps(ctx: Context, job: Job, site: Site, record: HookRecord) -> Text:
    secret = await _secret(ctx, job, record)
    github = site.forge == "github"
    page = f"{site.pages}/{record.project}/{'settings' if github else '-'}/hooks"
    ticks = ", ".join(_label(name) for name in record.events)
    steps: list[Text] = [
        text("Open ", Link("Settings → Webhooks", page), " and add a webhook."),
        text("URL: ", Code(hook_url(ctx, site, record.id))),
        text("Secret token: " if not github else "Secret: ", *secret),
        text(f"Tick exactly: {ticks}. Leave the verification of certificates on."),
        text(
            _SAVED[site.forge],
            Code(f"/hook list {record.project}"),
            " shows whether anything came.",
        ),
    ]
    if github:
        steps.insert(2, text("Content type: ", Code("application/json")))
    return join("\n", [text(f"{number}. ", step) for number, step in enumerate(steps, 1)])


async def _secret(ctx: Context, job: Job, record: HookRecord) -> Text:
    if ctx.one_time is not None:
        handover = Handover(
            title=f"Secret of the hook of {record.project}",
            secret=record.secrets[0],
            who=job.who,
            instance=record.instance,
            project=record.project,
        )
        url = await ctx.one_time(handover)
        return text("on a ", Link("page that shows it once", url), f", {to_whom(job.who)}")
    if job.who == LOCAL:
        return text(Code(record.secrets[0]))
    return text("run ", Code(f"bot hook add {record.project}"), " on the bot's machine to see it")


_SAVED: Final = {
    "gitlab": "Save it. Its Test button sends a push that looks real and is treated as one; ",
    "github": "Save it: GitHub sends a ping at once; ",
}


def _label(trigger: str) -> str:
    """`merge_requests_events` as the forge's page writes it, near enough to find."""
    words = trigger.removesuffix("_events").replace("_", " ")
    return f"{words[0].upper()}{words[1:]} events" if trigger.endswith("_events") else words
