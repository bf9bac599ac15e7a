"""What the project is built of: the pins, and what can be said of them without asking anybody."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
CONSTRAINTS: Final = ROOT / "constraints.txt"


@dataclass(frozen=True, slots=True)
class Pin:
    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str | None:
        """None when it is no single one."""
        [*exact] = self.requirement.specifier
        return exact[0].version if len(exact) == 1 and exact[0].operator == "==" else None


def pins(text: str) -> list[Pin]:
    """Of a file as uv and pip write it: a requirement, and its hashes on the lines below."""
    found = []
    for entry in text.replace("\\\n", " ").splitlines():
        line = entry.partition("#")[0].strip()
        if line:
            words = re.split(r"\s+--hash=", line)
            found.append(Pin(Requirement(words[0]), tuple(word.strip() for word in words[1:])))
    return found


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, of people who run it and of those who work on it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    return [Requirement(each) for each in (*project["dependencies"], *extras)]


def faults(held: list[Pin], asked: list[Requirement]) -> list[str]:
    """What a person must look at; nothing when all is well."""
    by_name = {pin.name: pin for pin in held}
    found = [f"{pin.requirement}: not pinned to one version" for pin in held if not pin.version]
    found += [f"{pin.requirement}: no hash, so anything may come" for pin in held if not pin.hashes]
    found += [
        f"{pin.requirement}: {one} is no strong hash"
        for pin in held
        for one in pin.hashes
        if not one.startswith("sha256:")
    ]
    for requirement in asked:
        pin = by_name.get(canonicalize_name(requirement.name))
        if pin is None:
            found.append(f"{requirement}: not in constraints.txt; `make lock`")
        elif not requirement.specifier.contains(pin.version or "0", prereleases=True):
            found.append(f"{requirement}: constraints.txt has {pin.version}; `make lock`")
    return found
