"""Who may: what the person who gave a command may do at the forge, and whom to ask if it is not
enough. The bot's own token opens nothing to people who could not open it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from bot.commands.refusals import admins_only, lacking, no_token, renamed, unlinked, unseen
from bot.commands.spec import LOCAL, Takes
from bot.commands.target import target
from bot.errors import CallError, CommandError, TargetRefused
from bot.model import Project
from bot.outside import ForgeAdmin, Right

if TYPE_CHECKING:
    from bot.commands.spec import Arguments, CommandSpec, Context, Site
    from bot.model import Job
    from bot.people import Account

#: What of a forge is no project's: anybody may be asked about.
_OPEN: Final = frozenset({"person", "right", "says", "project", "group"})


class Permission:
    """What one person may do, asked once for each project."""

    def __init__(self, ctx: Context, job: Job, spec: CommandSpec) -> None:
        self._ctx = ctx
        self._job = job
        self.verb = spec.name
        self.needs = spec.needs
        self._accounts: dict[str, Account] = {}
        self._rights: dict[tuple[str, str], Right] = {}

    @property
    def unbounded(self) -> bool:
        """BOT_ADMINS, and whoever is at the machine itself."""
        return self._job.who == LOCAL or self._job.who in self._ctx.admins

    async def account(self, site: Site) -> Account:
        """Who they are at that forge. Raises Forbidden."""
        known = self._accounts.get(site.name)
        if known is not None:
            return known
        found: tuple[Account, ...] = ()
        if self._ctx.people is not None:
            found = await self._ctx.people.accounts(slack=self._job.who, instance=site.name)
        if not found:
            raise unlinked(self._ctx, self.verb, site)
        admin = self._ctx.forge(site.name)
        if admin is None:
            raise no_token(self._ctx, self.verb, site)
        (account,) = found
        shown = await _asked(site.name, admin.person(account.username))
        if shown is None or (account.user_id and shown.id != account.user_id):
            # Somebody else may have taken the name meanwhile.
            raise renamed(self._ctx, self.verb, site, account)
        self._accounts[site.name] = account
        return account

    async def right(self, site: Site, project_id: str) -> Right:
        account = await self.account(site)
        key = (site.name, project_id)
        if key not in self._rights:
            admin = self._ctx.forge(site.name)
            if admin is None:
                raise no_token(self._ctx, self.verb, site)
            asked = admin.right(project_id, account.username)
            self._rights[key] = await _asked(site.name, asked)
        return self._rights[key]

    async def demand(self, site: Site, project: Project, needs: Right | None = None) -> None:
        """Raises Forbidden when they may not do that with the project."""
        needs = self.needs if needs is None else needs
        if self.unbounded or needs is Right.NONE:
            return
        right = await self.right(site, project.id)
        account = await self.account(site)
        if right is Right.NONE:
            raise unseen(self._ctx, site, account, project.path)
        if right < needs:
            raise lacking(self.verb, site, account, project, right, needs, ctx=self._ctx)

    async def demand_path(self, site: Site, path: str, needs: Right | None = None) -> None:
        """As `demand`; a project that the forge does not show is told like one they are not a
        member of."""
        if self.unbounded:
            return
        account = await self.account(site)
        admin = self._ctx.forge(site.name)
        if admin is None:
            raise no_token(self._ctx, self.verb, site)
        try:
            project = await admin.project(path)
        except TargetRefused as error:
            raise unseen(self._ctx, site, account, path) from error
        except CallError as error:
            raise CommandError(f"{path}: {error}") from error
        await self.demand(site, project, needs)

    async def admit(self, arguments: Arguments, takes: Takes) -> None:
        """Whether the command may begin. What names several projects, or none, is looked at when
        it reaches for one of them: see `guarded`."""
        if self.unbounded or self.needs is Right.NONE:
            return
        one = takes in {Takes.PROJECT, Takes.PERHAPS} and arguments.project is not None
        if one and "*" not in (arguments.project or ""):
            await self.demand_path(*target(arguments, self._ctx.sites))
        elif takes is Takes.PERHAPS:
            raise admins_only(self._ctx, self.verb)

    def guarded(self, name: str) -> ForgeAdmin | None:
        """The forge as this person may use it through the bot."""
        admin = self._ctx.forge(name)
        if self.unbounded or self.needs is Right.NONE:
            return admin
        site = next(site for site in self._ctx.sites if site.name == name)
        if admin is None:
            raise no_token(self._ctx, self.verb, site)
        return cast("ForgeAdmin", _Guarded(admin, self, site))


class _Guarded:
    """Asks before each call whether they may do it: no command can forget to."""

    def __init__(self, admin: ForgeAdmin, permission: Permission, site: Site) -> None:
        self._admin = admin
        self._permission = permission
        self._site = site
        self._seen: dict[str, Project] = {}

    async def project(self, path: str) -> Project:
        found = await self._admin.project(path)
        self._seen[found.id] = found
        return found

    async def group(self, path: str) -> Project:
        found: Project = await cast("Any", self._admin).group(path)  # not every forge has groups
        self._seen[found.id] = found
        return found

    async def projects(self, group: str, *, nested: bool) -> tuple[Project, ...]:
        """Those with which they may do what the command does."""
        found = await self._admin.projects(group, nested=nested)
        self._seen |= {one.id: one for one in found}
        return tuple(
            [
                one
                for one in found
                if await self._permission.right(self._site, one.id) >= self._permission.needs
            ]
        )

    def __getattr__(self, name: str) -> Any:  # whatever ForgeAdmin has
        call = getattr(self._admin, name)
        if name in _OPEN:
            return call

        async def guarded(project_id: str, *args: Any, **kwargs: Any) -> Any:
            nameless = Project(id=project_id, path=f"project {project_id}")
            await self._permission.demand(self._site, self._seen.get(project_id, nameless))
            return await call(project_id, *args, **kwargs)

        return guarded


async def _asked(where: str, call: Any) -> Any:  # a forge's answer of any kind
    try:
        return await call
    except CallError as error:
        raise CommandError(f"{where} was asked what you may do there: {error}") from error
