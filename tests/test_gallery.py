"""The page with every default message."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs import gallery
from tests.events.reading import NAMES


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gallery.write(tmp_path_factory.mktemp("gallery"))


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'type="application/json">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_fixture_is_on_the_page_in_three_sizes(page: Path) -> None:
    samples = [sample for section in data_of(page)["sections"] for sample in section["samples"]]
    assert len(samples) == len(NAMES) + 1
    for sample in samples:
        assert "states" in sample or {"line", "compact", "card"} <= sample["sizes"].keys()


def test_the_card_of_a_merge_request_changes_with_its_life(page: Path) -> None:
    (mr,) = [one for one in data_of(page)["sections"] if one["kind"] == "mr"]
    leads = [shown["text"].partition(" · ")[0] for shown in mr["samples"][0]["sizes"].values()]
    assert list(dict.fromkeys(leads)) == ["👀 Open", "✅ Approved", "🔀 Merged", "🚫 Closed"]


def test_the_page_is_one_file_and_an_icon(page: Path) -> None:
    assert {path.name for path in page.parent.iterdir()} == {"index.html", "icon.svg"}
    source = page.read_text("utf-8")
    assert not re.search(r"/\*(CSS|CODE|DATA)\*/", source)
    assert not re.search(r"(?m)^(import|export) ", source)
