"""What each method of Slack's Web API takes, and what Slack refuses in a message's content.

Sources: slack-ruby/slack-api-ref, Slack's Block Kit reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block


class SlackFault(Exception):
    """Slack's `{"ok": false, "error": code}`."""

    def __init__(self, code: str, **extra: Any) -> None:  # extra members of the answer are JSON
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Method:
    required: frozenset[str]
    optional: frozenset[str]
    scopes: tuple[str, ...]
    #: It reads JSON bodies; the others read forms only.
    json: bool


def _method(required: str, optional: str, scopes: str = "", *, json: bool = True) -> Method:
    return Method(
        frozenset(required.split()), frozenset(optional.split()), tuple(scopes.split()), json
    )


_CONTENT: Final = "text blocks attachments as_user link_names parse markdown_text"
_LOOK: Final = "icon_emoji icon_url username mrkdwn unfurl_links unfurl_media"

METHODS: Final[Mapping[str, Method]] = {
    "auth.test": _method("", ""),
    "chat.postMessage": _method(
        "channel", f"{_CONTENT} {_LOOK} metadata reply_broadcast thread_ts", "chat:write"
    ),
    "chat.update": _method(
        "channel ts", f"{_CONTENT} file_ids metadata reply_broadcast", "chat:write"
    ),
    "chat.delete": _method("channel ts", "as_user", "chat:write"),
    "chat.postEphemeral": _method(
        "channel user", f"{_CONTENT} icon_emoji icon_url username thread_ts", "chat:write"
    ),
    "chat.getPermalink": _method("channel message_ts", "", json=False),
    "reactions.add": _method("channel timestamp name", "", "reactions:write"),
    "reactions.remove": _method("name", "channel timestamp file file_comment", "reactions:write"),
    "reactions.get": _method("", "channel timestamp full", "reactions:read", json=False),
    "conversations.list": _method(
        "", "cursor exclude_archived limit team_id types", "channels:read", json=False
    ),
    "conversations.info": _method(
        "channel", "include_locale include_num_members", "channels:read", json=False
    ),
    "conversations.history": _method(
        "channel",
        "cursor include_all_metadata inclusive latest limit oldest",
        "channels:history",
        json=False,
    ),
    "conversations.replies": _method(
        "channel ts",
        "cursor include_all_metadata inclusive latest limit oldest",
        "channels:history",
        json=False,
    ),
    "conversations.join": _method("channel", "", "channels:join"),
    "conversations.open": _method("users", "return_im prevent_creation", "im:write"),
    "users.info": _method("user", "include_locale", "users:read", json=False),
    "users.lookupByEmail": _method("email", "", "users:read.email", json=False),
    "usergroups.list": _method(
        "", "include_count include_disabled include_users team_id", "usergroups:read", json=False
    ),
    "apps.connections.open": _method("", ""),
}

SECTION_LIMIT: Final = 3000
BLOCKS_LIMIT: Final = 50
#: Undocumented: measured by others at about this much.
ALL_BLOCKS_LIMIT: Final = 13_200
TEXT_LIMIT: Final = 40_000
UPDATE_LIMIT: Final = 4_000
ATTACHMENTS_LIMIT: Final = 100
METADATA_LIMIT: Final = 16_000

_ATTACHMENT_MEMBERS: Final = (
    "color blocks fallback text pretext title title_link author_name author_link author_icon"
    " fields footer footer_icon image_url thumb_url ts mrkdwn_in id"
)
_ATTACHMENT: Final = frozenset(_ATTACHMENT_MEMBERS.split())
_COLOR: Final = re.compile(r"good|warning|danger|#?[0-9a-fA-F]{6}")


def check_arguments(name: str, given: Mapping[str, Any]) -> Method:
    """Refuses what the real one refuses, and what it would silently ignore."""
    method = METHODS.get(name)
    if method is None:
        raise SlackFault("unknown_method", req_method=name)
    complaints = [
        f"[ERROR] unknown field: {field}"
        for field in sorted(given.keys() - method.required - method.optional)
    ]
    complaints += [
        f"[ERROR] missing required field: {field}"
        for field in sorted(method.required)
        if not given.get(field)
    ]
    if complaints:
        raise SlackFault("invalid_arguments", response_metadata={"messages": complaints})
    return method


def flag(value: object) -> bool:
    """A boolean as JSON or as a form has it."""
    if isinstance(value, bool):
        return value
    if value is None or value == "0" or value == "":
        return False
    if value == "1" or value == 1:
        return True
    raise SlackFault("invalid_arguments")


def structured(value: object) -> Any:
    """A member that a form carries as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackFault("invalid_arguments") from None


def check_content(given: Mapping[str, Any], *, update: bool) -> dict[str, Any]:
    """Text, blocks, attachments and metadata as they will be stored."""
    text = given.get("text") or ""
    if not isinstance(text, str):
        raise SlackFault("invalid_arguments")
    if update and len(text) > UPDATE_LIMIT:
        raise SlackFault("msg_too_long")
    if given.get("parse") not in {None, "none", "full", "client"}:
        raise SlackFault("invalid_arguments")
    blocks = _list(given.get("blocks"), "invalid_blocks_format")
    attachments = _list(given.get("attachments"), "invalid_attachments")
    if not (text.strip() or blocks or attachments):
        raise SlackFault("no_text")
    inner = _check_attachments(attachments)
    _check_blocks([*blocks, *inner])
    return {"text": text[:TEXT_LIMIT], "blocks": blocks, "attachments": attachments}


def check_metadata(value: object) -> dict[str, Any] | None:
    metadata = structured(value)
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackFault("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or len(metadata) > len(("type", "payload")):
        raise SlackFault("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise SlackFault("metadata_too_large")
    return metadata


def _list(value: object, code: str) -> list[Any]:
    try:
        found = structured(value)
    except SlackFault:
        raise SlackFault(code) from None
    if found is None:
        return []
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise SlackFault(code)
    return list(found)


def _check_attachments(attachments: Sequence[Any]) -> list[Any]:
    """Their blocks."""
    if len(attachments) > ATTACHMENTS_LIMIT:
        raise SlackFault("too_many_attachments")
    inner: list[Any] = []
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.keys() - _ATTACHMENT:
            raise SlackFault("invalid_attachments")
        if "color" in attachment and not _COLOR.fullmatch(str(attachment["color"])):
            raise SlackFault("invalid_attachments")
        inner += attachment.get("blocks") or []
    return inner


def _check_blocks(blocks: Sequence[Any]) -> None:
    if len(blocks) > BLOCKS_LIMIT:
        raise SlackFault("invalid_blocks")
    ids: set[str] = set()
    for block in blocks:
        _check_block(block)
        block_id = block.get("block_id")
        if block_id in ids:
            raise SlackFault("invalid_blocks")
        if block_id:
            ids.add(block_id)
    if sum(len(text) for block in blocks for text in _texts(block)) > ALL_BLOCKS_LIMIT:
        raise SlackFault("msg_blocks_too_long")


def _check_block(block: object) -> None:
    try:
        parsed = Block.parse(block) if isinstance(block, dict) else None
        known = parsed is not None and parsed.to_dict() == block
    except (SlackObjectFormationError, TypeError, AttributeError):
        known = False
    if not known:
        raise SlackFault("invalid_blocks")
    if any(not 0 < len(text.strip()) <= SECTION_LIMIT for text in _texts(block)):
        raise SlackFault("invalid_blocks")


def _texts(node: object) -> list[str]:
    """The texts of a block's text objects, wherever they are."""
    if isinstance(node, dict):
        own = [node["text"]] if node.get("type") in {"mrkdwn", "plain_text"} else []
        return own + [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return []
