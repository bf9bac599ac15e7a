"""What slack_sdk may say in the log."""

from __future__ import annotations

import pytest

from bot.slack.sdk import quiet


def test_the_address_of_socket_mode_is_told_without_its_ticket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = "wss://wss-primary.slack.com/link/?ticket=s3cret-ticket&app_id=s3cret-app"
    error = ConnectionError(url)
    quiet.error("Failed to connect (%s, url='%s')", error, url, exc_info=error)
    (record,) = caplog.records
    assert "s3cret" not in record.getMessage()
    assert record.exc_info is None
    assert "link/?ticket=***&app_id=***" in record.getMessage()
