"""`make audit`: are the pinned packages what they were? Ends with 1 when one is not.

Asks the index that pip is set up for whether each pinned file is still there, with its hash, and
not withdrawn. When the index does not answer it says so, and that is no fault.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

from tests.audit import CONSTRAINTS, faults, pins, wanted

#: For all of it: pip may have to fetch each package.
_WHOLE_S: Final = 300.0
_LOOK: Final = (
    *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"),
    *("--disable-pip-version-check", "--ignore-installed", "--require-hashes"),
    *("--retries", "1", "--timeout", "10", "-r", str(CONSTRAINTS)),
)
_WITHDRAWN: Final = re.compile(r"yanked version: '?(\S+?)'? candidate \(version (\S+)")
_GONE: Final = re.compile(r"No matching distribution found for (\S+)")
_SILENT: Final = re.compile(r"Retrying \(|ConnectionError|NewConnectionError|timed out|Max retries")


def look() -> tuple[str, int]:
    """What pip says, and its exit code; a code of -1 when it took too long."""
    try:
        done = subprocess.run(_LOOK, capture_output=True, text=True, check=False, timeout=_WHOLE_S)
    except subprocess.TimeoutExpired:
        return "timed out", -1
    return done.stderr, done.returncode


def told(said: str, code: int) -> tuple[list[str], str | None]:
    """Faults, and why nothing could be learnt if so."""
    found = [
        f"{name} {version}: withdrawn by its makers" for name, version in _WITHDRAWN.findall(said)
    ]
    if code == 0:
        return found, None
    if _SILENT.search(said):
        return found, "the package index does not answer"
    if "DO NOT MATCH THE HASHES" in said:
        return [*found, "a package is not what was pinned: its hash is another one"], None
    gone = [f"{name}: not in the index any more" for name in _GONE.findall(said)]
    return [*found, *(gone or [f"pip ended with {code}: {said.strip()[-300:]}"])], None


def main() -> None:
    held = pins(CONSTRAINTS.read_text("utf-8"))
    found = faults(held, wanted())
    seen, unknown = told(*look())
    found += seen
    for fault in found:
        print(f"✗ {fault}")  # noqa: T201 - its user reads it
    if unknown:
        print(f"· {unknown}: only the pins themselves were looked at")  # noqa: T201
    if not found:
        more = "" if unknown else ", there, and not withdrawn"
        print(f"✓ {len(held)} packages are pinned by hash{more}")  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
