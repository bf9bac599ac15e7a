"""What `--help` shows of each command besides its options: how it is used, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: By command, as it is typed: examples, one a line, and what to know or do next.
ALL: Final[Mapping[str, tuple[str, str]]] = {
    "run": (
        "bot run\nPORT=9000 bot run",
        "Settings come from the environment or from `.env`; `bot doctor` looks at them first.",
    ),
    "web": (
        "bot web",
        "It needs PostgreSQL, `SECRET_KEY`, and one `bot worker` at least beside it.",
    ),
    "worker": (
        "bot worker\nWORKER_PORT=8081 bot worker",
        "With `WORKER_PORT` it serves `/healthz`, `/readyz` and `/metrics`.",
    ),
    "migrate": (
        "bot migrate\nbot migrate --which\nbot migrate --to 0008",
        "Before going back: stop every process and take a backup (docs/operations.md, Upgrading).",
    ),
    "check": (
        "bot check\nbot check rules.yaml --format json\nbot check --online --history 30d",
        "Next: `bot test` runs the inline tests, `bot backtest` asks the past.",
    ),
    "fields": (
        "bot fields\nbot fields mr.opened\nbot fields mr --json",
        "docs/events.md has every event with its fields and default text.",
    ),
    "schema": (
        "bot schema > rules.schema.json",
        "Then `# yaml-language-server: $schema=rules.schema.json` at the top of rules.yaml.",
    ),
    "test": ("bot test", "`bot explain FILE` shows why a test went as it did."),
    "simulate": (
        'bot simulate push.json --header "X-Gitlab-Event: Push Hook"\n'
        "bot simulate --manifest manifest.jsonl --json",
        "Nothing is sent, and no token is needed.",
    ),
    "explain": (
        "bot explain 01K9EXAMPLE\n"
        "bot explain https://team.slack.com/archives/C0DEV0001/p1763844501000100",
        "`bot deliveries list` names deliveries.",
    ),
    "backtest": (
        "bot backtest --rules new-rules.yaml\nbot backtest --since 36h --project shop/api",
        "`bot try` asks the same of what comes from now on.",
    ),
    "try": ("bot try new-rules.yaml", "`bot backtest` asks the same of the past."),
    "send": (
        "bot send push\nbot send mr.opened --forge github\nbot send --list",
        "Then `bot deliveries list` shows it, and `bot explain ID` what the rules thought of it.",
    ),
    "deliveries list": (
        "bot deliveries list\n"
        "bot deliveries list --status failed\n"
        "bot deliveries list --event mr.merged --project shop/api --json",
        "`bot explain ID` says why something was, or was not, posted.",
    ),
    "deliveries show": (
        "bot deliveries show 01K9EXAMPLE\nbot deliveries show 01K9EXAMPLE --body",
        "`bot explain ID` says the same in words, condition by condition.",
    ),
    "deliveries replay": (
        "bot deliveries replay 01K9EXAMPLE\n"
        "bot deliveries replay --status failed --since 2026-11-01\n"
        "bot deliveries replay --project shop/api --since 2026-11-01 --yes",
        "What was sent before stays where it is.",
    ),
    "outbox list": (
        "bot outbox list\nbot outbox list --state dead",
        "Next: put the cause right, then `bot outbox retry`, or `drop`.",
    ),
    "outbox retry": (
        "bot outbox retry 01K9EXAMPLE.0\nbot outbox retry --all",
        "They go back to their places in line; `bot outbox list` shows them wait.",
    ),
    "outbox drop": (
        "bot outbox drop 01K9EXAMPLE.0",
        "`bot outbox list --state dead` names what was given up.",
    ),
    "hook": (
        "bot hook add shop/api\nbot hook list\nbot hook test shop/api\nbot hook help",
        "A bot must be running: it does what is asked, and goes on with it after a restart.",
    ),
    "people list": (
        "bot people list\nbot people list --json",
        "In Slack people do it for themselves: `/hook link`.",
    ),
    "people link": (
        "bot people link U0ALICE01 alice --on gitlab",
        "`bot doctor` names whom rules wanted to mention and nobody knows.",
    ),
    "people unlink": (
        "bot people unlink U0ALICE01 --on gitlab",
        "They are mentioned no more, and lose what `/hook` let them do.",
    ),
    "audit": (
        "bot audit\nbot audit shop/api --limit 20",
        "Deliveries are forgotten after a while; what was done by commands and rules stays.",
    ),
    "doctor": (
        "bot doctor\nbot doctor --json",
        "✓ is well, · may be meant so, ✗ needs a hand; with a ✗ the exit code is 1.",
    ),
    "backup": (
        "bot backup /var/backups/bot.db",
        "To restore: stop the bot, put the copy and its key in place, start (docs/operations.md,"
        " Backup).",
    ),
    "prune": (
        "bot prune\nbot prune --days 60",
        "The running bot does it by itself every hour, by `RETENTION_DAYS`.",
    ),
    "erase": (
        'bot erase alice "Alice Example" alice@example.com\nbot erase alice --yes',
        "Without `--yes` rows are only counted. Older backups still hold the names.",
    ),
    "secrets rotate": (
        "bot secrets rotate\nSECRET_KEY=new,old bot secrets rotate",
        "Which key when: docs/operations.md, Backup.",
    ),
    "demo": (
        "bot demo\nbot demo --once",
        "Edit rules.yaml while it runs; a mistake is shown on the page, with its line.",
    ),
}


def epilog(command: str) -> str | None:
    """For `--help`, as Markdown; None when there is nothing to show."""
    if command not in ALL:
        return None
    examples, last = ALL[command]
    shown = "\n".join(f"    {example}" for example in examples.splitlines())
    return f"Examples:\n\n{shown}\n\n{last}"
