"""What an action outside of chat says, to be shown before it is carried out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.actions.late import plain
from bot.actions.webhook import TEXT
from bot.message import load_text

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Action, Json

_Write: TypeAlias = "Callable[[Text], str]"
#: Where the verbs keep it: a comment its text, a pipeline its variables, a webhook its body.
_SAYING: Final = ("text", "variables", "body")


def said(action: Action, *, write: _Write = plain) -> str:
    """Empty for what stays in chat. Texts that wait for another action's result are shown as
    they are written in the rules."""
    if action.call is None:
        return ""
    data = action.call.data
    shown = _filled(next((data[key] for key in _SAYING if key in data), ""), write)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def _filled(value: Json, write: _Write) -> Json:
    if isinstance(value, list | tuple):
        return [_filled(item, write) for item in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {TEXT}:
        return _filled(value[TEXT], write)
    if set(value) == {"spans"}:
        return write(load_text(value["spans"]))
    if set(value) == {"template", "scope"}:
        return value["template"]
    return {key: _filled(item, write) for key, item in value.items()}
