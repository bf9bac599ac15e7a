"""Which project of which forge is meant, and whether that forge can reach this bot."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from bot.errors import CommandError
from bot.loopback import is_loopback
from bot.message import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.commands.spec import Arguments, Context, Site
    from bot.model import Project

_PATH: Final = re.compile(r"[A-Za-z0-9_.][\w.-]*(?:/[A-Za-z0-9_.][\w.-]*)+", re.ASCII)
#: git@host:group/repo.git
_SCP: Final = re.compile(r"(?:[\w.-]+@)([\w.-]+):(?!//)(.+)")
#: Names that cannot be projects: what follows is a page of the one before.
_PAGES: Final = frozenset(
    (
        *("blob", "blame", "branches", "commit", "commits", "compare", "edit", "find_file"),
        *("graphs", "hooks", "issues", "jobs", "labels", "merge_requests", "milestones"),
        *("network", "pipelines", "pull", "pulls", "raw", "releases", "settings", "snippets"),
        *("tags", "tree", "wikis"),
    )
)
_LONGEST: Final = 200


def target(arguments: Arguments, sites: Sequence[Site]) -> tuple[Site, str]:
    """The site and the project's path. Raises CommandError."""
    written = _unwrapped(arguments.project or "")
    scp = _SCP.fullmatch(written)
    if scp is not None:
        site, path = _site_of_host(scp[1], "", sites), scp[2]
    elif "://" in written:
        site, path = _from_address(written, sites)
    else:
        site, path = sites[0], written
    if arguments.on is not None:
        site = _site_of_name(arguments.on, sites)
    path = _trimmed(path)
    if len(path) > _LONGEST or not _PATH.fullmatch(path) or ".." in path:
        shown = one_line(written)[:_LONGEST].replace("`", "'")
        raise CommandError(
            f"`{shown}` is no project: write `group/repo`, or paste the address of its page."
        )
    return site, path


def group_of(written: str) -> tuple[str, bool] | None:
    """`group/*` to the group, and `group/**` to the group with its subgroups; None for others."""
    word = written.removesuffix(">")
    for mark, nested in (("/**", True), ("/*", False)):
        if word.endswith(mark):
            return word.removesuffix(mark).removeprefix("<"), nested
    return None


def group_target(arguments: Arguments, written: str, sites: Sequence[Site]) -> tuple[Site, str]:
    """As `target`, for a group; one of a single word is right."""
    site, path = target(replace(arguments, project=f"{written}/_"), sites)
    return site, path.removesuffix("/_")


def place_target(arguments: Arguments, sites: Sequence[Site]) -> tuple[Site, str]:
    """As `target`; `group/**` is the group, which may have a hook of its own."""
    group = group_of(arguments.project or "")
    if group is not None and group[1]:
        return group_target(arguments, group[0], sites)
    return target(arguments, sites)


def written(project: Project) -> str:
    """As a command names it."""
    return as_written(project.path, project.id)


def as_written(path: str, project_id: str) -> str:
    return f"{path}/**" if project_id.startswith("group-") else path


def site_of(word: str, sites: Sequence[Site]) -> Site | None:
    """The site that a word names: an instance, a kind of forge, a host or an address; None when
    it is no such word."""
    word = _unwrapped(word)
    if "://" in word:
        parts = urlsplit(word)
        return _site_of_host(parts.hostname or "", parts.path, sites)
    for site in sites:
        if word.lower() in {site.name, _serves(site)}:
            return site
    return next((site for site in sites if site.forge == word.lower()), None)


def check_reachable(ctx: Context, site: Site) -> None:
    """Raises CommandError when the forge could not possibly call us."""
    if _is_local(ctx.base) and not _is_local(site.url):
        raise CommandError(
            f"PUBLIC_URL is {ctx.base}: that is this machine only, and {site.url} cannot reach it."
            " Set PUBLIC_URL to the bot's address as seen from there (a reverse proxy or a tunnel)"
            " and restart the bot."
        )


def _unwrapped(word: str) -> str:
    """Slack sends addresses as `<https://…>` or `<https://…|shown>`."""
    if word.startswith("<") and word.endswith(">"):
        return word[1:-1].partition("|")[0]
    return word


def _from_address(address: str, sites: Sequence[Site]) -> tuple[Site, str]:
    try:
        parts = urlsplit(address)
        host, path = parts.hostname or "", unquote(parts.path)
    except ValueError:
        raise CommandError("That address cannot be read; write `group/repo`.") from None
    site = _site_of_host(host, path, sites)
    root = urlsplit(site.pages).path.strip("/")
    path = path.strip("/")
    return site, path.removeprefix(f"{root}/") if root and _serves(site) == host else path


def _site_of_host(host: str, path: str, sites: Sequence[Site]) -> Site:
    found = [site for site in sites if _serves(site) == host.lower()]
    if not found:
        known = ", ".join(dict.fromkeys(_serves(site) for site in sites))
        shown = one_line(host)[:_LONGEST].replace("`", "'")
        close = get_close_matches(host.lower(), [_serves(site) for site in sites], n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CommandError(
            f"The bot knows no forge at `{shown}`.{hint} It knows {known}; set"
            " `GITLAB_URL` or `GITHUB_URL`, or `GITLAB_<NAME>_URL` or `GITHUB_<NAME>_URL` for one"
            " more, and restart it."
        )
    rooted = [s for s in found if f"{path}/".startswith(f"{urlsplit(s.pages).path.rstrip('/')}/")]
    # The deepest root that fits: two instances may share a host.
    return max(rooted or found, key=lambda site: len(urlsplit(site.pages).path))


def _serves(site: Site) -> str:
    return (urlsplit(site.pages).hostname or "").lower()


def _site_of_name(name: str, sites: Sequence[Site]) -> Site:
    for site in sites:
        if site.name == name:
            return site
    known = ", ".join(site.name for site in sites)
    shown = one_line(name)[:_LONGEST].replace("`", "'")
    raise CommandError(f"There is no instance `{shown}`; the bot knows {known}.")


def _trimmed(path: str) -> str:
    """Without what a page's address has behind the project."""
    path = path.strip().strip("/").partition("/-/")[0].removesuffix("/-")
    parts = path.split("/")
    for index, part in enumerate(parts):
        if index > 1 and part in _PAGES:
            parts = parts[:index]
            break
    return "/".join(parts).removesuffix(".git").rstrip("/")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or host in {"0.0.0.0", "::"}  # noqa: S104 - compared
