"""`python -m bot` and the `bot` command."""

from __future__ import annotations

import sys


def main() -> None:
    from bot.cli.process import ROLES, serve

    if len(sys.argv) == 2 and sys.argv[1] in ROLES:
        serve(sys.argv[1])
        return
    from bot.cli.app import app

    app()


if __name__ == "__main__":
    main()
