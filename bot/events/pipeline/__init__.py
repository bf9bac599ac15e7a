"""Pipelines, workflow runs, check suites and statuses."""

from __future__ import annotations
