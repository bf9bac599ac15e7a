"""The table behind GitHub's lesser events: names, glyphs, verbs, and where their subject is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    #: The event's name in rules.
    name: str
    verb: str
    #: What the name means; empty = somebody did that to one of them.
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event of GitHub: `<glyph> alice <verb> <noun> <what><before project> shop/api`."""

    glyph: str
    noun: str
    #: By GitHub's action; `*` is any other, or none.
    acts: Mapping[str, Act]
    #: Name and address of what it is about.
    what: Callable[[Payload], tuple[str, str]]
    before_project: str = " in "
    #: Before the noun, where what it is about has no name.
    article: str = "a"
    #: What follows in brackets.
    more: Callable[[Payload], str] | None = None


def _at(key: str, name: str) -> Callable[[Payload], tuple[str, str]]:
    """The text of a member of an object, and the object's address."""

    def read(payload: Payload) -> tuple[str, str]:
        place = payload[key]
        return place[name].text_or(), place["html_url"].text_or()

    return read


def _nothing(_payload: Payload) -> tuple[str, str]:
    return "", ""


def _acts(kind: str, *words: str, **others: tuple[str, str]) -> Mapping[str, Act]:
    """`created` is `kind.created` and said so; `others`: action = (name's end, verb)."""
    plain = {word: Act(name=f"{kind}.{word}", verb=word) for word in words}
    more = {action: Act(name=f"{kind}.{end}", verb=verb) for action, (end, verb) in others.items()}
    return {**plain, **more}


def _only(name: str, verb: str, doc: str, *actions: str) -> Mapping[str, Act]:
    act = Act(name=name, verb=verb, doc=doc)
    return dict.fromkeys(actions or ("*",), act)


def _listed(place: Payload, key: str) -> str:
    """Up to five names, and how many more there are."""
    names = [name for one in place if (name := one[key].text_or())]
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + rest


def _keys(place: Payload) -> str:
    keys = place.value if isinstance(place.value, dict) else {}
    return ", ".join(f"{key}".replace("_", " ") for key in list(keys)[:5])


def _version(kind: str) -> Callable[[Payload], tuple[str, str]]:
    def read(payload: Payload) -> tuple[str, str]:
        place = payload[kind]
        version = place["package_version"]
        number = version["version"].text_or()
        # Containers have digests for versions, which nobody reads.
        shown = "" if number.startswith("sha256:") else number
        url = version["html_url"].text_or() or place["html_url"].text_or()
        return f"{place['name'].text_or()} {shown}".rstrip(), url

    return read


def _board(payload: Payload) -> tuple[str, str]:
    place, login = payload["projects_v2"], payload["organization"]["login"].text_or()
    number = place["number"].id()
    url = f"https://github.com/orgs/{login}/projects/{number}" if login and number else ""
    return place["title"].text_or(), url


def _ruleset(payload: Payload) -> tuple[str, str]:
    place = payload["repository_ruleset"]
    return place["name"].text_or(), place["_links"]["html"]["href"].text_or()


_CONTENTS: Final = {"Issue": "issue", "PullRequest": "pull request", "DraftIssue": "draft"}


def _board_item(payload: Payload) -> str:
    kind = payload["projects_v2_item"]["content_type"].text_or()
    return _CONTENTS.get(kind, kind)


def _board_status(payload: Payload) -> tuple[str, str]:
    status = payload["projects_v2_status_update"]["status"].text_or()
    return status.lower().replace("_", " "), ""


def _card(payload: Payload) -> tuple[str, str]:
    card = payload["project_card"]
    # A card without words of its own stands for an issue.
    number = card["content_url"].text_or().rpartition("/")[2]
    return card["note"].text_or().strip() or (f"#{number}" if number else ""), ""


def _renamed(payload: Payload) -> str:
    before = payload["changes"]["login"]["from"] or payload["changes"]["slug"]["from"]
    return f"it was {before.text_or()}" if before.text_or() else ""


def _plan(payload: Payload) -> tuple[str, str]:
    place = payload["marketplace_purchase"]
    return place["plan"]["name"].text_or(), ""


def _buyer(payload: Payload) -> str:
    return payload["marketplace_purchase"]["account"]["login"].text_or()


def _ref(payload: Payload) -> str:
    ref = payload["ref"].text_or() or payload["branch"].text_or()
    return f"on {ref.removeprefix('refs/heads/').removeprefix('refs/tags/')}" if ref else ""


_BOARD: Final = ("created", "edited", "closed", "reopened", "deleted")
_BASIC: Final = ("created", "edited", "deleted")
_AGAIN: Final = "`package.published` or `package.updated` told again, by `registry_package`"

ROWS: Final[Mapping[str, Row]] = {
    "label": Row(
        glyph="🏷️",
        noun="label",
        acts=_acts("label", *_BASIC),
        what=_at("label", "name"),
    ),
    "branch_protection_rule": Row(
        glyph="🔒",
        noun="branch protection rule",
        acts=_acts("protection", *_BASIC),
        what=_at("rule", "name"),
        more=lambda payload: _keys(payload["changes"]),
    ),
    "branch_protection_configuration": Row(
        glyph="🔒",
        noun="all branch protection",
        article="",
        acts={
            action: Act(name=f"protection.{action}", verb=action, doc=f"all of it was {action}")
            for action in ("enabled", "disabled")
        },
        what=_nothing,
    ),
    "repository_ruleset": Row(
        glyph="🔒",
        noun="ruleset",
        acts=_acts("protection", *_BASIC),
        what=_ruleset,
        more=lambda payload: _keys(payload["changes"]),
    ),
    "package": Row(
        glyph="📦",
        noun="package",
        acts=_acts("package", "published", "updated"),
        what=_version("package"),
    ),
    "registry_package": Row(
        glyph="📦",
        noun="package",
        acts={
            verb: Act(name="package.echoed", verb=verb, doc=_AGAIN)
            for verb in ("published", "updated")
        },
        what=_version("registry_package"),
    ),
    "projects_v2": Row(glyph="📋", noun="board", acts=_acts("board", *_BOARD), what=_board),
    "projects_v2_item": Row(
        glyph="📋",
        noun="board item",
        acts=_acts(
            "board_item",
            *_BASIC,
            *("archived", "restored", "reordered"),
            converted=("converted", "made an issue of"),
        ),
        # Neither the item's title nor the board's is told.
        what=_nothing,
        more=_board_item,
    ),
    "projects_v2_status_update": Row(
        glyph="📋",
        noun="board status",
        acts=_acts("board_status", *_BASIC),
        what=_board_status,
    ),
    "project": Row(
        glyph="📋", noun="board", acts=_acts("board", *_BOARD), what=_at("project", "name")
    ),
    "project_column": Row(
        glyph="📋",
        noun="column",
        acts=_acts("board_column", *_BASIC, "moved"),
        what=_at("project_column", "name"),
    ),
    "project_card": Row(
        glyph="📋",
        noun="board item",
        acts=_acts("board_item", *_BASIC, "moved", converted=("converted", "made an issue of")),
        what=_card,
    ),
    "installation": Row(
        glyph="🧩",
        noun="app",
        article="an",
        acts=_acts(
            "app",
            created=("installed", "installed"),
            deleted=("removed", "removed"),
            suspend=("suspended", "suspended"),
            unsuspend=("unsuspended", "resumed"),
            new_permissions_accepted=("permissions_accepted", "accepted new permissions of"),
        ),
        what=_at("installation", "app_slug"),
        more=lambda payload: _listed(payload["repositories"], "full_name"),
    ),
    "installation_repositories": Row(
        glyph="🧩",
        noun="app",
        article="an",
        acts=_acts(
            "app",
            added=("projects_added", "opened more projects to"),
            removed=("projects_removed", "took projects away from"),
        ),
        what=_at("installation", "app_slug"),
        more=lambda payload: (
            _listed(payload["repositories_added"], "full_name")
            or _listed(payload["repositories_removed"], "full_name")
        ),
    ),
    "installation_target": Row(
        glyph="🧩",
        noun="account",
        acts=_only("account.renamed", "renamed", "an account with an app was renamed"),
        what=_at("account", "login"),
        more=_renamed,
    ),
    "github_app_authorization": Row(
        glyph="🧩",
        noun="what the app may do",
        article="",
        acts=_only("app.unauthorized", "took back", "somebody took back what an app may do"),
        what=_nothing,
    ),
    "marketplace_purchase": Row(
        glyph="🛒",
        noun="plan",
        acts=_acts(
            "purchase",
            purchased=("made", "bought"),
            changed=("changed", "changed to"),
            cancelled=("canceled", "canceled"),
            pending_change=("change_pending", "will change"),
            pending_change_cancelled=("change_canceled", "will not change"),
        ),
        what=_plan,
        more=_buyer,
    ),
    "meta": Row(
        glyph="🪝",
        noun="the hook",
        article="",
        acts=_only("hook.deleted", "deleted", "the hook that told of it was deleted", "deleted"),
        what=_nothing,
        before_project=" of ",
        more=lambda _payload: "nothing more will be told",
    ),
    "repository_dispatch": Row(
        glyph="🛎️",
        noun="event",
        acts=_only("dispatch.project", "sent", "somebody sent an event of their own"),
        what=lambda payload: (payload["action"].text_or(), ""),
        before_project=" to ",
        more=_ref,
    ),
    "workflow_dispatch": Row(
        glyph="🛎️",
        noun="workflow",
        acts=_only("dispatch.workflow", "started", "somebody started a workflow by hand"),
        what=lambda payload: (payload["workflow"].text_or().rpartition("/")[2], ""),
        more=_ref,
    ),
    "custom_property": Row(
        glyph="🗂️",
        noun="property",
        acts=_acts(
            "property",
            *("created", "updated", "deleted"),
            promote_to_enterprise=("promoted", "promoted to the enterprise"),
        ),
        what=_at("definition", "property_name"),
    ),
    "custom_property_values": Row(
        glyph="🗂️",
        noun="properties",
        article="",
        acts=_only("property.assigned", "set", "a project's properties got other values"),
        what=lambda payload: (_listed(payload["new_property_values"], "property_name"), ""),
        before_project=" of ",
    ),
    "security_and_analysis": Row(
        glyph="🔒",
        noun="settings for security",
        article="",
        acts=_only("security.changed", "changed", "what is scanned for in a project was changed"),
        what=_nothing,
        before_project=" of ",
        more=lambda payload: _keys(payload["changes"]["from"]["security_and_analysis"]),
    ),
}
