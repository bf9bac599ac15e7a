"""What is documented of Slack's calls, held against every request that a test sends.

Slack's stand-in answers as Slack does, and Slack forgives: it cuts texts, ignores what it does not
know and links what looks like a name. Here all of that is a fault of whoever sent it.
Sources: slack-ruby/slack-api-ref (arguments); Slack's Block Kit reference, "Formatting text for
app surfaces" and "Message metadata" (limits); slackapi/bolt-js issue 2509 (the total).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.fakes.slack_arguments import METHODS

BLOCKS: Final = 50
SECTION: Final = 3_000
FIELDS: Final = 10
FIELD: Final = 2_000
HEADER: Final = 150
CONTEXT: Final = 10
ACTIONS: Final = 25
BUTTON: Final = 75
VALUE: Final = 2_000
URL: Final = 3_000
ID: Final = 255
ATTACHMENTS: Final = 100
#: Undocumented: Slack answers msg_blocks_too_long somewhat above.
TOTAL: Final = 12_000
#: What chat.update takes; what is posted may be edited.
TEXT: Final = 4_000
METADATA: Final = 16_000

_CHANNEL: Final = re.compile(r"[CDG][A-Z0-9]{2,}")
_TS: Final = re.compile(r"\d{1,10}\.\d{6}")
_EMOJI: Final = re.compile(r"[\w+'-]+(::skin-tone-[2-6])?")
_COLOR: Final = re.compile(r"good|warning|danger|#[0-9a-fA-F]{6}")
#: All that may stand in angle brackets.
_ENTITY: Final = re.compile(
    r"<(?:(?:https?://|mailto:)[^<>|\s]+(?:\|[^<>|\n]*)?|@[UW][A-Z0-9]+|#C[A-Z0-9]+"
    r"|!subteam\^S[A-Z0-9]+|!(?:here|channel|everyone)|!date\^\d+\^[^<>|]+\|[^<>]*)>"
)
_ESCAPE: Final = re.compile(r"&(?:amp|lt|gt);")

Given = Mapping[str, Any]


def complaints(method: str, given: Given) -> list[str]:
    """Everything about a call that Slack's documents do not allow."""
    known = METHODS.get(method)
    if known is None:
        return [f"{method}: no such method"]
    found = [
        f"unknown argument {name}"
        for name in given.keys() - known.required - known.optional - {"token"}
    ]
    found += [f"no {name}" for name in known.required if _absent(given, name)]
    for name, check in _ARGUMENTS.items():
        if not _absent(given, name) and not _exempt(method, name):
            found += check(given[name])
    if "text" in known.optional:
        found += _message(given)
        found += _unparsed(given)
    return [f"{method}: {one}" for one in found]


def answer_complaints(body: Given) -> list[str]:
    """The same for what is posted to a response_url."""
    allowed = {"response_type", "replace_original", "delete_original", "text", "blocks"}
    allowed |= {"attachments", "thread_ts", "unfurl_links", "unfurl_media", "mrkdwn"}
    found = [f"unknown member {name}" for name in body.keys() - allowed]
    if body.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        found.append("response_type is neither ephemeral nor in_channel")
    if not body.get("delete_original"):
        found += _message(body)
    return [f"response_url: {one}" for one in found]


# -- arguments -----------------------------------------------------------------------------------


def _absent(given: Given, name: str) -> bool:
    return given.get(name) is None or given[name] == ""


def _exempt(method: str, name: str) -> bool:
    # Messages may be posted to a channel's name; everything else needs its id.
    return name == "channel" and method in {"chat.postMessage", "chat.postEphemeral"}


def _matches(pattern: re.Pattern[str], what: str) -> Callable[[Any], list[str]]:
    return lambda value: [] if pattern.fullmatch(str(value)) else [f"{value!r} is not {what}"]


def _limit(value: Any) -> list[str]:
    return [] if 0 < int(value) <= 999 else [f"limit {value} is not between 1 and 999"]


def _metadata(value: Any) -> list[str]:
    found = _parsed(value)
    if not isinstance(found, dict) or found.keys() != {"event_type", "event_payload"}:
        return ["metadata is not {event_type, event_payload}"]
    size = len(json.dumps(found))
    return [] if size <= METADATA else [f"metadata of {size} characters"]


_ARGUMENTS: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "channel": _matches(_CHANNEL, "the id of a channel"),
    "ts": _matches(_TS, "a timestamp"),
    "thread_ts": _matches(_TS, "a timestamp"),
    "timestamp": _matches(_TS, "a timestamp"),
    "message_ts": _matches(_TS, "a timestamp"),
    "name": _matches(_EMOJI, "the name of an emoji"),
    "limit": _limit,
    "metadata": _metadata,
}


# -- messages ------------------------------------------------------------------------------------


def _unparsed(given: Given) -> list[str]:
    """Slack must not look for names and addresses in what people wrote."""
    found = [] if given.get("parse") == "none" else ["parse is not none"]
    if given.get("link_names") not in {False, "0", "false"}:
        found.append("link_names is not false")
    return found


def _message(given: Given) -> list[str]:
    text = given.get("text") or ""
    found = [] if text.strip() else ["no text: nothing to notify with"]
    if len(text) > TEXT:
        found.append(f"text of {len(text)} characters")
    found += _markup(text)
    attachments = _parsed(given.get("attachments")) or []
    blocks = [*(_parsed(given.get("blocks")) or [])]
    if len(attachments) > ATTACHMENTS:
        found.append(f"{len(attachments)} attachments")
    for attachment in attachments:
        found += _attachment(attachment)
        blocks += attachment.get("blocks") or []
    return found + _blocks(blocks)


def _attachment(attachment: Given) -> list[str]:
    found = [f"attachment: member {name}" for name in attachment.keys() - {"color", "blocks"}]
    if not _COLOR.fullmatch(str(attachment.get("color", "good"))):
        found.append(f"attachment: colour {attachment['color']!r}")
    return found if attachment.get("blocks") else [*found, "attachment: no blocks"]


def _blocks(blocks: Sequence[Given]) -> list[str]:
    found = [] if len(blocks) <= BLOCKS else [f"{len(blocks)} blocks"]
    for number, block in enumerate(blocks):
        check = _KINDS.get(str(block.get("type")))
        wrong = check(block) if check else ["a kind of block that nobody described here"]
        found += [f"block {number} ({block.get('type')}): {one}" for one in wrong]
    found += _twice("block_id", [block.get("block_id") for block in blocks])
    actions = [one.get("action_id") for block in blocks for one in block.get("elements", ())]
    found += _twice("action_id", actions)
    total = sum(len(one["text"]) for block in blocks for one in _objects(block))
    return found if total <= TOTAL else [*found, f"{total} characters in all blocks"]


def _twice(what: str, ids: Sequence[Any]) -> list[str]:
    named = [one for one in ids if one is not None]
    found = [f"{what} {one!r} twice" for one in {i for i in named if named.count(i) > 1}]
    return found + [f"{what} of {len(one)} characters" for one in named if len(one) > ID]


def _section(block: Given) -> list[str]:
    fields = block.get("fields", [])
    found = [] if "text" in block or fields else ["neither text nor fields"]
    if "text" in block:
        found += _text(block["text"], SECTION)
    if len(fields) > FIELDS:
        found.append(f"{len(fields)} fields")
    return found + [one for field in fields for one in _text(field, FIELD)]


def _header(block: Given) -> list[str]:
    return _text(block.get("text", {}), HEADER, only="plain_text")


def _context(block: Given) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 0 < len(elements) <= CONTEXT else [f"{len(elements)} elements"]
    texts = [element for element in elements if element.get("type") != "image"]
    images = [element for element in elements if element.get("type") == "image"]
    found += ["an image without alt_text" for image in images if not image.get("alt_text")]
    return found + [one for text in texts for one in _text(text, SECTION)]


def _actions(block: Given) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 0 < len(elements) <= ACTIONS else [f"{len(elements)} elements"]
    return found + [one for element in elements for one in _button(element)]


def _button(element: Given) -> list[str]:
    if element.get("type") != "button":
        return [f"an element of type {element.get('type')}"]
    found = _text(element.get("text", {}), BUTTON, only="plain_text")
    found += [
        f"button: {n} too long" for n, most in _OF_A_BUTTON.items() if _long(element, n, most)
    ]
    if element.get("style", "primary") not in {"primary", "danger"}:
        found.append(f"button: style {element['style']!r}")
    return found if element.get("action_id") else [*found, "button: no action_id"]


_OF_A_BUTTON: Final = {"value": VALUE, "url": URL, "action_id": ID}


def _long(element: Given, name: str, most: int) -> bool:
    return len(str(element.get(name) or "")) > most


_KINDS: Final[Mapping[str, Callable[[Given], list[str]]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": lambda _block: [],
}


def _text(value: Given, most: int, *, only: str = "") -> list[str]:
    kind, words = value.get("type"), str(value.get("text") or "")
    found = [] if kind in ({only} if only else {"mrkdwn", "plain_text"}) else [f"text is {kind}"]
    if not 0 < len(words.strip()) <= len(words) <= most:
        found.append(f"a text of {len(words)} characters, {most} allowed")
    if kind == "mrkdwn":
        found += [] if value.get("verbatim") is True else ["mrkdwn without verbatim"]
        found += _markup(words)
    return found


def _markup(words: str) -> list[str]:
    """Every sign that Slack reads is part of something it knows."""
    rest = _ENTITY.sub("", words)
    if "<" in rest or ">" in rest or "&" in _ESCAPE.sub("", rest):
        return [f"unescaped: {rest[:80]!r}"]
    return []


def _objects(node: Any) -> Iterator[Given]:
    if isinstance(node, dict):
        if node.get("type") in {"mrkdwn", "plain_text"}:
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def _parsed(value: Any) -> Any:
    """A member that a form carries as JSON text."""
    return json.loads(value) if isinstance(value, str) else value
