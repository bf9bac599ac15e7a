"""The page with every default message, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from docs import gallery

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_sample_is_shown_in_both_themes(page: Page, tmp_path: Path) -> None:
    address = gallery.write(tmp_path).resolve().as_uri()
    await page.goto(address)
    await expect(page.locator(".sample")).to_have_count(gallery.content()["count"])
    assert await page.get_by_text("that cannot be shown here").count() == 0
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_role("button", name="light or dark").click()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light


async def test_the_picture_has_a_light_and_a_dark_side(page: Page, tmp_path: Path) -> None:
    await page.goto(f"{gallery.write(tmp_path).resolve().as_uri()}#picture")
    await expect(page.locator(".sheet")).to_have_count(2)
    await expect(page.locator("[data-theme=dark] .message").first).to_be_visible()
