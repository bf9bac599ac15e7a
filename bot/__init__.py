"""A chat-ops event bot: webhooks of GitLab and GitHub, routed by rules to Slack."""

from __future__ import annotations

__version__ = "0.1.0"
