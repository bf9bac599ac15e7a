"""A workspace's memory: channels, messages, threads, reactions, edits; and the methods on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.slack_arguments import (
    SlackFault,
    check_arguments,
    check_content,
    check_metadata,
    flag,
)
from tests.fakes.slack_messages import BOT_USER, Channel, Posted, type_of

BOT_ID: Final = "B0BOT"
TEAM: Final = "T0TEAM"
_SCOPES: Final = (
    "chat:write chat:write.public commands reactions:write reactions:read channels:read groups:read"
    " channels:history groups:history im:write im:history channels:join users:read users:read.email"
    " usergroups:read"
)
ALL_SCOPES: Final = frozenset(_SCOPES.split())


@dataclass(frozen=True, slots=True)
class Ephemeral:
    channel: str
    user: str
    text: str


Arguments = Mapping[str, Any]
Result = dict[str, Any]


@dataclass
class Workspace:
    channels: dict[str, Channel]
    #: User id -> e-mail address.
    users: dict[str, str] = field(default_factory=lambda: {"U0ALICE": "alice@example.com"})
    #: As `usergroups.list` shows them.
    groups: list[Result] = field(default_factory=list)
    scopes: frozenset[str] = ALL_SCOPES
    #: Names Slack does not know although they are well-formed.
    unknown_emoji: set[str] = field(default_factory=lambda: {"no_such_emoji"})
    ephemerals: list[Ephemeral] = field(default_factory=list)
    history: dict[str, list[Posted]] = field(default_factory=dict)
    #: Smallest page Slack may cut a listing into, whatever `limit` says.
    page_limit: int = 1000
    _last: int = 0

    def call(self, name: str, given: Arguments) -> Result:
        """Carries it out or raises SlackFault."""
        method = check_arguments(name, given)
        for scope in method.scopes:
            self._need(scope)
        return _VERBS[name](self, given)

    def channel(self, name_or_id: str) -> Channel:
        """For assertions: by id, name or `#name`."""
        found = self._by_name(name_or_id) or self.channels.get(name_or_id)
        if found is None:
            raise KeyError(name_or_id)
        return found

    def say(self, channel: str, text: str, *, user: str = "U0ALICE") -> Posted:
        """A person writes."""
        posted = Posted(self._ts(), text, [], [], user=user)
        self.history.setdefault(self.channel(channel).id, []).append(posted)
        return posted

    # -- methods -----------------------------------------------------------------------------

    def auth_test(self, _given: Arguments) -> Result:
        return {"user_id": BOT_USER, "bot_id": BOT_ID, "team_id": TEAM, "user": "bot"}

    def post(self, given: Arguments) -> Result:
        channel = self._target(str(given["channel"]))
        content = check_content(given, update=False)
        metadata = check_metadata(given.get("metadata"))
        root = self._root(channel, given.get("thread_ts"))
        broadcast = flag(given.get("reply_broadcast"))
        if broadcast and root is None:
            raise SlackFault("invalid_arguments")
        posted = Posted(
            self._ts(),
            **content,
            thread_ts=root.ts if root else None,
            broadcast=broadcast,
            metadata=metadata,
            unfurl=flag(given.get("unfurl_links")),
        )
        self._messages(channel).append(posted)
        return {"channel": channel.id, "ts": posted.ts, "message": _shown(posted, bare=True)}

    def update(self, given: Arguments) -> Result:
        channel = self._readable(given["channel"])
        posted = self._find(channel, given["ts"])
        if posted.user != BOT_USER:
            raise SlackFault("cant_update_message")
        content = check_content(given, update=True)
        posted.edits.append(posted.text)
        posted.text = content["text"]
        posted.blocks, posted.attachments = content["blocks"], content["attachments"]
        if "metadata" in given:
            posted.metadata = check_metadata(given["metadata"])
        return {"channel": channel.id, "ts": posted.ts, "text": posted.text}

    def delete(self, given: Arguments) -> Result:
        channel = self._readable(given["channel"])
        posted = self._find(channel, given["ts"])
        if posted.user != BOT_USER:
            raise SlackFault("cant_delete_message")
        self._messages(channel).remove(posted)
        return {"channel": channel.id, "ts": posted.ts}

    def post_ephemeral(self, given: Arguments) -> Result:
        channel = self._target(str(given["channel"]))
        content = check_content(given, update=False)
        if given["user"] not in self.users:
            raise SlackFault("user_not_in_channel")
        self.ephemerals.append(Ephemeral(channel.id, given["user"], content["text"]))
        return {"message_ts": self._ts()}

    def permalink(self, given: Arguments) -> Result:
        channel = self._readable(given["channel"])
        ts = self._find(channel, given["message_ts"]).ts
        link = f"https://example.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    def react(self, given: Arguments) -> Result:
        posted, name = self._reacted(given)
        if BOT_USER in posted.reactions.get(name, ()):
            raise SlackFault("already_reacted")
        posted.reactions.setdefault(name, []).append(BOT_USER)
        return {}

    def unreact(self, given: Arguments) -> Result:
        posted, name = self._reacted(given)
        if BOT_USER not in posted.reactions.get(name, ()):
            raise SlackFault("no_reaction")
        posted.reactions[name].remove(BOT_USER)
        if not posted.reactions[name]:
            del posted.reactions[name]
        return {}

    def reactions(self, given: Arguments) -> Result:
        channel = self._readable(given.get("channel"))
        posted = self._find(channel, given.get("timestamp"))
        return {"type": "message", "channel": channel.id, "message": _shown(posted, bare=True)}

    def list_channels(self, given: Arguments) -> Result:
        types = str(given.get("types") or "public_channel").split(",")
        if "private_channel" in types:
            self._need("groups:read")
        without_archived = flag(given.get("exclude_archived"))
        found = [
            _channel(channel)
            for channel in self.channels.values()
            if type_of(channel) in types
            and (channel.member or not channel.private)
            and not (channel.archived and without_archived)
        ]
        page, cursor = self._page(found, given)
        return {"channels": page, "response_metadata": {"next_cursor": cursor}}

    def info(self, given: Arguments) -> Result:
        return {"channel": _channel(self._readable(given["channel"], archived=True))}

    def read_history(self, given: Arguments) -> Result:
        channel = self._joined(given["channel"])
        found = [posted for posted in self._messages(channel) if posted.root or posted.broadcast]
        return self._listed(found[::-1], given)

    def replies(self, given: Arguments) -> Result:
        channel = self._joined(given["channel"])
        ts = given["ts"]
        thread = [each for each in self._messages(channel) if ts in {each.ts, each.thread_ts}]
        if not thread:
            raise SlackFault("thread_not_found")
        return self._listed(thread, given)

    def join(self, given: Arguments) -> Result:
        channel = self._readable(given["channel"])
        channel.member = True
        return {"channel": _channel(channel)}

    def user(self, given: Arguments) -> Result:
        if given["user"] not in self.users:
            raise SlackFault("user_not_found")
        return {"user": self._user(given["user"])}

    def by_email(self, given: Arguments) -> Result:
        for user, email in self.users.items():
            if email == given["email"]:
                return {"user": self._user(user)}
        raise SlackFault("users_not_found")

    # -- what the methods share --------------------------------------------------------------

    def _need(self, scope: str) -> None:
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise SlackFault("missing_scope", needed=scope, provided=provided)

    def _by_name(self, name: str) -> Channel | None:
        name = name.removeprefix("#")
        return next((found for found in self.channels.values() if found.name == name), None)

    def _target(self, name_or_id: str) -> Channel:
        """Where a message may go: by id or name, also into public channels without the bot."""
        channel = self.channels.get(name_or_id) or self._by_name(name_or_id)
        if channel is None or (channel.private and not channel.member):
            raise SlackFault("channel_not_found")
        if channel.archived:
            raise SlackFault("is_archived")
        if not channel.member and "chat:write.public" not in self.scopes:
            raise SlackFault("not_in_channel")
        return channel

    def _readable(self, channel_id: object, *, archived: bool = False) -> Channel:
        """By id only."""
        channel = self.channels.get(str(channel_id))
        if channel is None or (channel.private and not channel.member):
            raise SlackFault("channel_not_found")
        if channel.archived and not archived:
            raise SlackFault("is_archived")
        return channel

    def _joined(self, channel_id: object) -> Channel:
        channel = self._readable(channel_id, archived=True)
        if not channel.member:
            raise SlackFault("not_in_channel")
        if type_of(channel) != "public_channel":
            self._need("groups:history" if channel.private else "im:history")
        return channel

    def _messages(self, channel: Channel) -> list[Posted]:
        return self.history.setdefault(channel.id, [])

    def _find(self, channel: Channel, ts: object) -> Posted:
        for posted in self._messages(channel):
            if posted.ts == ts:
                return posted
        raise SlackFault("message_not_found")

    def _root(self, channel: Channel, ts: object) -> Posted | None:
        if not ts:
            return None
        if not isinstance(ts, str) or not re.fullmatch(r"\d+\.\d{6}", ts):
            raise SlackFault("invalid_thread_ts")
        root = self._find(channel, ts)
        if not root.root:
            raise SlackFault("cannot_reply_to_message")
        return root

    def _reacted(self, given: Arguments) -> tuple[Posted, str]:
        name = str(given["name"])
        if not re.fullmatch(r"[\w+'-]+(::skin-tone-[2-6])?", name) or name in self.unknown_emoji:
            raise SlackFault("invalid_name")
        channel = self._readable(given.get("channel"))
        return self._find(channel, given.get("timestamp")), name

    def _listed(self, found: list[Posted], given: Arguments) -> Result:
        inclusive = flag(given.get("inclusive"))
        oldest, latest = _moment(given, "oldest"), _moment(given, "latest")
        found = [
            posted
            for posted in found
            if (oldest is None or _after(float(posted.ts), oldest, inclusive=inclusive))
            and (latest is None or _after(latest, float(posted.ts), inclusive=inclusive))
        ]
        page, cursor = self._page(found, given)
        bare = not flag(given.get("include_all_metadata"))
        return {
            "messages": [_shown(posted, bare=bare) for posted in page],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }

    def _page(self, found: list[Any], given: Arguments) -> tuple[list[Any], str]:
        limit, cursor = str(given.get("limit") or 100), str(given.get("cursor") or "at-0")
        if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
            raise SlackFault("invalid_limit")
        if not re.fullmatch(r"at-\d+", cursor):
            raise SlackFault("invalid_cursor")
        start = int(cursor.removeprefix("at-"))
        end = start + min(int(limit), self.page_limit)
        return found[start:end], f"at-{end}" if end < len(found) else ""

    def _user(self, user: str) -> Result:
        return {"id": user, "team_id": TEAM, "profile": {"email": self.users[user]}}

    def _ts(self) -> str:
        """Unique and ascending."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"


def open_conversation(workspace: Workspace, given: Arguments) -> Result:
    """With one person: with several it would be another kind of conversation."""
    user = str(given["users"])
    if user not in workspace.users:
        raise SlackFault("user_not_found")
    channel = Channel(f"D{user[1:]}", name=user)
    workspace.channels.setdefault(channel.id, channel)
    return {"channel": {"id": channel.id}}


def _moment(given: Arguments, name: str) -> float | None:
    value = given.get(name)
    if not value:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", str(value)):
        raise SlackFault(f"invalid_ts_{name}")
    return float(value)


def _after(one: float, other: float, *, inclusive: bool) -> bool:
    return one >= other if inclusive else one > other


def _channel(channel: Channel) -> Result:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.member,
        "is_shared": channel.foreign,
        "is_ext_shared": channel.foreign,
    }


def _shown(posted: Posted, *, bare: bool) -> Result:
    """As the API returns it; `bare` leaves the metadata out."""
    shown: Result = {
        "type": "message",
        "ts": posted.ts,
        "user": posted.user,
        "text": posted.text,
        "blocks": posted.blocks,
        "attachments": posted.attachments,
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in posted.reactions.items()
        ],
    }
    if posted.thread_ts:
        shown["thread_ts"] = posted.thread_ts
    if posted.edits:
        shown["edited"] = {"user": posted.user, "ts": posted.ts}
    if posted.metadata and not bare:
        shown["metadata"] = posted.metadata
    return shown


_VERBS: Final[Mapping[str, Callable[[Workspace, Arguments], Result]]] = {
    "auth.test": Workspace.auth_test,
    "chat.postMessage": Workspace.post,
    "chat.update": Workspace.update,
    "chat.delete": Workspace.delete,
    "chat.postEphemeral": Workspace.post_ephemeral,
    "chat.getPermalink": Workspace.permalink,
    "reactions.add": Workspace.react,
    "reactions.remove": Workspace.unreact,
    "reactions.get": Workspace.reactions,
    "conversations.list": Workspace.list_channels,
    "conversations.info": Workspace.info,
    "conversations.history": Workspace.read_history,
    "conversations.replies": Workspace.replies,
    "conversations.join": Workspace.join,
    "conversations.open": open_conversation,
    "usergroups.list": lambda workspace, _given: {"usergroups": workspace.groups},
    "users.info": Workspace.user,
    "users.lookupByEmail": Workspace.by_email,
}
