"""The shape of the project: sizes, names, lists, layers, and what is shipped beside the code."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
import typer
import yaml
from typer.core import TyperGroup

from bot import actions, commands, events, forges
from bot.cli.app import app
from bot.rules.verbs import VERBS
from tests.readme_blocks import ROOT

LIMIT: Final = 400
BIN: Final = Path(sys.executable).parent
CODE: Final = sorted(
    path for folder in ("bot", "tests", "docs") for path in (ROOT / folder).rglob("*.py")
)
MODULES: Final = sorted((ROOT / "bot").rglob("*.py"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE, ids=short)
def test_a_file_fits_in_a_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LIMIT, "split it by noun"


@pytest.mark.parametrize("path", [p for p in MODULES if p.read_text("utf-8").strip()], ids=short)
def test_a_module_says_what_it_owns(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text("utf-8")), clean=False)
    assert said, "begin with one line that says what the file owns"
    first = said.splitlines()[0]
    assert len(first) > 8
    assert first[0] not in " \t"


@pytest.mark.parametrize("path", CODE, ids=short)
def test_a_module_is_named_for_what_it_owns(path: Path) -> None:
    vague = r"utils?|helpers?|common|base|manager|misc|stuff"
    named = path.relative_to(ROOT).with_suffix("").parts
    assert [part for part in named if re.fullmatch(vague, part)] == []


# -- explicit lists ------------------------------------------------------------------------------


def modules_of(package: ModuleType) -> dict[str, ModuleType]:
    """By their names below the package: `push.family`."""
    folder = Path(package.__path__[0])
    files = (path for path in folder.rglob("*.py") if path.stem != "__init__")
    names = sorted(".".join(path.relative_to(folder).with_suffix("").parts) for path in files)
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


def listed(package: ModuleType) -> dict[str, ModuleType]:
    """The modules of which `ALL` holds something."""
    members = set(map(id, package.ALL))
    return {
        name: module
        for name, module in modules_of(package).items()
        if any(id(value) in members for value in vars(module).values())
    }


@pytest.mark.parametrize("package", [events, commands], ids=lambda p: p.__name__)
def test_every_spec_is_in_all(package: ModuleType) -> None:
    with_spec = {name for name, module in modules_of(package).items() if hasattr(module, "SPEC")}
    assert {name for name in listed(package) if name in with_spec} == with_spec
    assert len(with_spec) == len(package.ALL)


def test_every_forge_is_in_all() -> None:
    made = {n for n, module in modules_of(forges).items() if hasattr(module, n.upper())}
    assert made == {forge.name for forge in forges.ALL}


def test_every_verb_is_in_all() -> None:
    made = {name for name in modules_of(actions) if name in VERBS}
    assert made == {verb.name for verb in actions.ALL}


@pytest.mark.parametrize("package", [events, commands, actions, forges], ids=lambda p: p.__name__)
def test_a_module_that_is_not_in_all_serves_another(package: ModuleType) -> None:
    imported = {name for path in MODULES for name in imports(path)}
    idle = [m for m in modules_of(package).values() if m.__name__ not in imported]
    assert [module.__name__ for module in idle] == []


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


# -- layers --------------------------------------------------------------------------------------


def test_imports_point_down() -> None:
    done = subprocess.run(
        [BIN / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr


# -- what is shipped beside the code -------------------------------------------------------------


def verbs() -> set[str]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return set(root.commands)


def test_the_procfile_starts_what_there_is() -> None:
    lines = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines()
    )
    assert set(lines) == {"release", "web", "worker"}
    for command in lines.values():
        program, verb = command.split()
        assert program == "bot"
        assert verb in verbs()


def test_the_dockerfile_copies_and_starts_what_there_is() -> None:
    source = (ROOT / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.+)$", source, re.MULTILINE):
        *froms, _to = line.split()
        assert [one for one in froms if not (ROOT / one).exists()] == []
    (command,) = re.findall(r'^CMD \["bot", "(\w+)"\]$', source, re.MULTILINE)
    assert command in verbs()


def test_the_compose_file_starts_what_there_is() -> None:
    made = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
    commands_ = [one["command"] for one in made["services"].values() if "command" in one]
    assert [command[0] for command in commands_] == ["bot"] * len(commands_)
    assert {command[1] for command in commands_} == {"migrate", "web", "worker"} & verbs()


def test_the_systemd_unit_starts_what_there_is() -> None:
    unit = (ROOT / "deploy/bot.service").read_text("utf-8")
    (start,) = re.findall(r"^ExecStart=\S+/bot (\w+)$", unit, re.MULTILINE)
    assert start in verbs()


def test_every_dependency_is_pinned_by_hash_and_no_index_is_named() -> None:
    source = (ROOT / "constraints.txt").read_text("utf-8")
    assert not re.search(r"https?:|--(extra-)?index|--find-links|file:", source)
    pins = re.split(r"\n(?=[a-z0-9])", source.strip())
    assert len(pins) > 30
    assert [pin.splitlines()[0] for pin in pins if not re.match(PIN, pin)] == []


PIN: Final = r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.!+]+ (; [^\n]+ )?\\\n    --hash=sha256:[0-9a-f]{64}"


def test_every_dependency_of_the_project_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = set(
        re.findall(r"^([a-z0-9-]+)", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    )
    names = [re.split(r"[^A-Za-z0-9-]", one)[0].lower() for one in wanted]
    assert [name for name in names if name not in pinned] == []
