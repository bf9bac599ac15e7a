"""In a past where a rule is unknown, what depends on it is unknown too (1.4.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import Verdict
    from bot.rules.ruleset import Rule


class Doubts:
    """Rules that may have ended the evaluation before those below them were tried."""

    def __init__(self, *, past: bool, verdicts: Sequence[Verdict]) -> None:
        #: Live, a rule that cannot be known is skipped, and the others go on.
        self._past = past
        self._verdicts = verdicts
        self._ended: str | None = None
        self._of_file: dict[str, str] = {}

    def of_all(self) -> Doubts:
        """For rules that come last: they depend on whether any other one wanted the event."""
        unknown = (one.rule for one in self._verdicts if one.outcome is Outcome.UNKNOWN)
        self._ended = next(unknown, None) if self._past else None
        return self

    def look(self, rule: Rule) -> None:
        """At a rule that was not found to match just now."""
        stops = rule.stop or any(child.stop for child in rule.first)
        if not (self._past and stops and self._verdicts):
            return
        if self._verdicts[-1].outcome is not Outcome.UNKNOWN:
            return
        if rule.included:
            self._of_file[rule.file] = rule.name
        else:
            self._ended = self._ended or rule.name

    def about(self, rule: Rule) -> str | None:
        """Why nobody knows whether the rule was tried; None when it was."""
        before = self._ended or self._of_file.get(rule.file)
        return f"it is unknown whether `{before}` ended it before" if before else None
