"""Issues, incidents, epics and tasks."""

from __future__ import annotations
