"""What is wrong at the start is told at once, together and clearly; exit code 2."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.e2e.disks import status_of
from tests.e2e.running import KEY, Place
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Somebody listens there."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        return int(gone.getsockname()[1])


@pytest.mark.parametrize("role", ["web", "worker"])
async def test_one_role_alone_needs_postgresql(bare: Place, role: str) -> None:
    ended = await bare.run(role)
    assert ended.code == 2
    assert "`bot run`" in ended.err
    assert "Traceback" not in ended.err


async def test_a_second_process_on_the_same_file_is_refused(bare: Place) -> None:
    async with bare.bot() as first:
        ended = await bare.run("run")
        assert first.running
    assert ended.code == 2
    assert f"in use by process {first.pid}" in ended.err


async def test_a_port_in_use_is_named(bare: Place, taken_port: int) -> None:
    ended = await bare.run("run", PORT=f"{taken_port}")
    assert ended.code == 2
    assert f"PORT: cannot listen on 127.0.0.1:{taken_port}" in ended.err
    assert "Traceback" not in ended.err


async def test_a_page_that_nobody_can_open_is_told_at_the_start(bare: Place) -> None:
    async with bare.bot(PUBLIC_URL="https://bot.example.com") as bot:
        assert await status_of(bot, "/") == 403
        await until(lambda: any("CONSOLE_TOKEN" in line for line in bot.log()), "it is told")


async def test_faults_of_settings_are_told_together(bare: Place) -> None:
    wrong = {
        "PORT": "http",
        "SLACK_BOT_TOKEN": "my-token",
        "GITLAB_URL": "gitlab.example.com",
        "LOG_LEVEL": "LOUD",
        "BOT_ADMINS": "alice",
        "DATABASE_URL": "mysql://localhost/bot",
        "CHANNEL_GAP_S": "soon",
    }
    ended = await bare.command("run", **wrong)
    assert ended.code == 2
    for name in wrong:
        assert f"  {name}: " in ended.err
    assert "my-token" not in ended.err


async def test_half_of_slacks_settings_name_the_other_half(bare: Place) -> None:
    ended = await bare.command("run", SLACK_BOT_TOKEN="xoxb-1")
    assert ended.code == 2
    assert "SLACK_SIGNING_SECRET: needed with SLACK_BOT_TOKEN" in ended.err


async def test_rules_that_never_loaded_are_shown_with_a_caret(bare: Place) -> None:
    bare.rules.write_text("version: 1\nrules:\n  - name: pushes\n    onn: push\n    post: '#dev'\n")
    ended = await bare.run("run")
    assert ended.code == 2
    assert "rules.yaml:4:5  error  unknown key `onn`" in ended.err
    assert "    onn: push\n" in ended.err
    assert "^^^" in ended.err
    assert "did you mean `on`" in ended.err
    assert "Traceback" not in ended.err


async def test_missing_rules_are_named(bare: Place) -> None:
    bare.rules.unlink()
    ended = await bare.run("run")
    assert ended.code == 2
    assert "rules.yaml" in ended.err
    assert "No such file" in ended.err


async def test_broken_rules_after_good_ones_do_not_stop_a_start(bare: Place) -> None:
    async with bare.bot() as bot:
        assert await bot.terminate() == 0
    bare.rules.write_text("rules: [")
    async with bare.bot() as bot:
        assert bot.events("rules do not load; the last good ones stay")


async def test_a_postgresql_that_does_not_answer_is_named(bare: Place, closed_port: int) -> None:
    address = f"postgresql://bot:hidden-word@127.0.0.1:{closed_port}/bot"
    ended = await bare.run("run", DATABASE_URL=address, SECRET_KEY=KEY)
    assert ended.code == 2
    assert "does not answer" in ended.err
    assert "DATABASE_URL" in ended.err
    assert "hidden-word" not in ended.err
    assert "Traceback" not in ended.err


async def test_tables_that_are_not_there_name_the_command_that_makes_them(
    bare: Place, empty_postgres_url: str
) -> None:
    bare.settings |= {"DATABASE_URL": empty_postgres_url, "SECRET_KEY": KEY}
    ended = await bare.run("web")
    assert ended.code == 2
    assert "`bot migrate`" in ended.err
    migrated = await bare.run("migrate")
    assert migrated.code == 0, migrated.err
    async with bare.bot("run") as bot:
        assert await bot.terminate() == 0
