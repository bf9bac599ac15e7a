"""The index of cookbook.md, made of its headings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PAGE: Final = Path(__file__).parent / "cookbook.md"


def index() -> str:
    """Each chapter and its recipes, numbered through."""
    lines: list[str] = []
    number = 0
    for marks, title in re.findall(r"^(##|###) (.+)$", _PAGE.read_text("utf-8"), re.MULTILINE):
        if marks == "##":
            lines += ["", f"**{title}**", ""]
            continue
        number += 1
        lines.append(f"{number}. [{title}](#{anchor(title)})")
    return "\n".join(lines[1:]) + "\n"


def anchor(title: str) -> str:
    """As GitHub and GitLab make it of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
