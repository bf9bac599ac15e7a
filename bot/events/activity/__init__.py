"""What GitHub tells in one sentence."""

from __future__ import annotations
