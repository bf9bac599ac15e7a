"""What a process reads before it takes its first delivery."""

from __future__ import annotations

import subprocess
import sys

#: What commands, other engines, instances with a token or Slack's first request need.
LATER = (
    *("typer", "rich", "alembic", "asyncpg", "watchfiles"),
    *("slack_bolt", "gitlab", "requests", "gidgethub", "nacl"),
)


def test_a_start_reads_no_library_that_it_can_do_without() -> None:
    script = (
        "import sys\nfrom bot.__main__ import main\nsys.argv = ['bot', 'run']\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 2\n"
        f"print('read:', [name for name in {LATER!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PORT": "no number"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "PORT: not a whole number" in done.stderr
    assert done.stdout.splitlines()[-1] == "read: []"
