"""The other side of `running`: becomes the `bot` command in a process that was forked ready.

Its imports take longer than most tests; the process they are forked from has made them once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot import app
from bot.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["become"]

#: Imported before the fork; `cli` imports it late.
_READY = (app,)


def become(
    words: Sequence[str], environ: Mapping[str, str], folder: str, out: str, err: str
) -> None:
    """`bot WORDS` in that folder, with that environment and nothing else."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with Path(path).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["bot", *words]
    main()
