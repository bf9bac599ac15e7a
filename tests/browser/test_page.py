"""The page in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.message import Button, Code, Emoji, Link, Message, Text, bold, text
from bot.model import Fault, Level
from bot.people import Account
from tests.web.console_fakes import TRACE, ConsoleSite, dead, summary
from tests.web.fakes import ManualClock, served
from tests.web.once_site import ALICE, once_site

# One browser for all of them: it takes longer to start than a test.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[ConsoleSite]:
    site = ConsoleSite(clock=ManualClock(datetime.now(UTC)))
    async with served(site.site):
        yield site


def said(*parts: str | Text, color: str | None = None) -> Message:
    return Message(text=text(*parts), color=color)


async def test_an_empty_page_says_how_to_begin(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    await expect(page.get_by_text("bot send push")).to_be_visible()
    await expect(page.get_by_text("rules.yaml")).to_be_visible()


async def test_a_message_appears_without_reloading(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    await expect(page.locator("#live")).to_have_text("live")
    lead = text(bold("alice"), " pushed to ", Link("main", "https://gitlab.com/g/p"))
    message = Message(text=lead, body=(text(Code("a1b2c3d"), " Fix"),), color="good")
    await site.post("#dev", message)
    shown = page.locator(".message")
    await expect(shown).to_have_count(1)
    await expect(shown.locator("b", has_text="alice")).to_be_visible()
    await expect(shown.locator("a", has_text="main")).to_have_attribute(
        "href", "https://gitlab.com/g/p"
    )
    await expect(shown.locator(".attachment code")).to_have_text("a1b2c3d")
    await expect(shown.locator(".attachment")).to_have_css("border-left-color", "rgb(46, 182, 125)")
    await expect(page.locator("#channels")).to_contain_text("#dev")


async def test_replies_hang_below_their_message(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    root = await site.post("#dev", said("the merge request"))
    for number in range(5):
        await site.post("#dev", said(f"comment {number}"), thread=root.ts)
    thread = page.locator(".message .thread")
    await expect(thread.locator(".reply")).to_have_count(3)
    await expect(thread).to_contain_text("5 replies")
    await thread.get_by_role("button", name="Show 2 earlier replies").click()
    await expect(thread.locator(".reply").first).to_contain_text("comment 0")
    await expect(page.locator(".message")).to_have_count(1)


async def test_a_broadcast_reply_is_in_the_channel_too(site: ConsoleSite, page: Page) -> None:
    root = await site.post("#ci", said("broken"))
    await site.post("#ci", said("fixed"), thread=root.ts, broadcast=True)
    await page.goto(site.site.url)
    await expect(page.locator(".message")).to_have_count(2)
    await expect(page.locator(".message").nth(1)).to_contain_text("replied to a thread")
    await expect(page.locator(".reply")).to_contain_text("fixed")


async def test_reactions_and_edits_show_on_their_message(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    place = await site.post("#dev", said("!7 Open"))
    await site.chat.react(place, "tada", remove=False)
    await site.chat.react(place, "our_own", remove=False)
    reactions = page.locator(".message .reaction")
    await expect(reactions).to_have_text(["🎉1", ":our_own:1"])
    await site.chat.react(place, "tada", remove=True)
    await expect(reactions).to_have_text([":our_own:1"])
    await expect(page.locator(".edited")).to_have_count(0)
    await site.chat.edit(place, said("!7 Merged"))
    await expect(page.locator(".message")).to_contain_text("!7 Merged")
    await expect(page.locator(".edited")).to_have_text("(edited)")


HOSTILE = (
    '<img src=x onerror="document.title=1"> <script>document.title=2</script> '
    "<https://evil.example|https://gitlab.com> <!channel> <@U0ALICE01> &lt;b&gt; &amp; "
    "[x](javascript:alert(1)) {{ 7*7 }} ${7*7}"
)


async def test_hostile_text_is_shown_and_does_nothing(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    await site.post("#dev", said(HOSTILE), rule=HOSTILE)
    await site.post("#dev", Message(text=text(Link(HOSTILE, "https://gitlab.com/1"))))
    await site.chat.post(
        "<b>channel</b>",
        said("raw"),
        key="k",
        thread=None,
        broadcast=False,
    )
    messages = page.locator(".message")
    await expect(messages).to_have_count(3)
    await expect(messages.first.locator(".section")).to_have_text(HOSTILE)
    await expect(messages.first.locator(".rule")).to_have_text(HOSTILE)
    await expect(
        messages.first.locator(".body img, .body script, .body a, .mention")
    ).to_have_count(0)
    await expect(page.locator("#channels")).to_contain_text("<b>channel</b>")
    await expect(page).to_have_title("chatops-bot")


async def test_an_address_that_is_no_web_address_is_no_link(site: ConsoleSite, page: Page) -> None:
    rendered = {"text": "<javascript:document.title=3|press me> <//evil.example|or me> <x>"}
    await site.reads.preview_post(
        "#dev", key="k", thread=None, broadcast=False, rendered=rendered, now=site.clock.now()
    )
    await page.goto(site.site.url)
    await expect(page.locator(".message .section")).to_have_text("press me or me x")
    await expect(page.locator(".message .body a")).to_have_count(0)


async def test_slack_markup_looks_as_in_slack(site: ConsoleSite, page: Page) -> None:
    markup = (
        "*bold* _it_ ~gone~ `code *x*` snake_case_name 2*3*4 :tada: :nope:\n"
        "&gt; quoted &amp; *strong*\nafter <@U0ALICE01> <!here> <!subteam^S0PAYLEAD>\n"
        "```fence *x*\n&lt;y&gt;```"
    )
    await site.reads.preview_post(
        "#dev",
        key="k",
        thread=None,
        broadcast=False,
        rendered={"text": markup},
        now=site.clock.now(),
    )
    await page.goto(site.site.url)
    section = page.locator(".message .section")
    await expect(section.locator("b")).to_have_text(["bold", "strong"])
    await expect(section.locator("i")).to_have_text(["it"])
    await expect(section.locator("s")).to_have_text(["gone"])
    await expect(section.locator("code")).to_have_text(["code *x*"])
    await expect(section.locator("blockquote")).to_have_text(["quoted & strong"])
    await expect(section.locator("pre")).to_have_text(["fence *x*\n<y>"])
    await expect(section.locator(".mention")).to_have_text(["@U0ALICE01", "@here", "@S0PAYLEAD"])
    await expect(section.locator(".emoji")).to_have_text(["🎉"])
    await expect(section).to_contain_text("snake_case_name 2*3*4")
    await expect(section).to_contain_text(":nope:")


async def test_a_channel_shows_its_own_messages_and_counts_the_others(
    site: ConsoleSite, page: Page
) -> None:
    await site.post("#dev", said("in dev"))
    await site.post("#ci", said("in ci"))
    await page.goto(site.site.url)
    await page.locator("#channels a", has_text="#dev").click()
    await expect(page.locator(".message")).to_have_count(1)
    await expect(page.locator("#title")).to_have_text("#dev")
    await site.post("#ci", said("more in ci"))
    await expect(page.locator("#channels a", has_text="#ci").locator(".badge")).to_have_text("1")
    await page.locator("#channels a", has_text="#ci").click()
    await expect(page.locator(".message")).to_have_count(2)
    await expect(page.locator("#channels .badge")).to_have_count(0)


async def test_a_message_says_which_rule_made_it_and_why(site: ConsoleSite, page: Page) -> None:
    site.reads.traces["01DELIVERY"] = TRACE
    await site.post("#dev", said("hello"))
    await page.goto(site.site.url)
    await page.get_by_role("button", name="pushes").click()
    why = page.get_by_role("complementary", name="Why")
    await expect(why.locator(".verdict.sent")).to_contain_text("rules.yaml:12")
    await expect(why.locator(".verdict.no-match .check")).to_have_text(
        "branch should be release/*, but is main"
    )
    await expect(why).to_contain_text("01DELIVERY")
    await expect(why).to_contain_text("4 other rules")
    await page.keyboard.press("Escape")
    await expect(why).to_be_hidden()


async def test_a_delivery_that_could_not_be_decided_says_why(site: ConsoleSite, page: Page) -> None:
    site.reads.deliveries = [
        summary(site.clock, id="01FAILED", status="failed", error="$.user.name: expected str")
    ]
    site.reads.kept["01FAILED"] = site.kept("01FAILED")
    await page.goto(f"{site.site.url}/#/deliveries")
    row = page.locator("tr[data-delivery]")
    await expect(row).to_contain_text("Push Hook")
    await expect(row).to_contain_text("$.user.name: expected str")
    await row.click()
    await expect(page.locator(".one")).to_contain_text("Push Hook")
    await expect(page.get_by_role("button", name="Decide again")).to_be_visible()


async def test_the_history_is_narrowed_and_read_by_keyboard(site: ConsoleSite, page: Page) -> None:
    site.reads.deliveries = [
        summary(site.clock, id="02IDLE", project="group/other"),
        summary(site.clock),
    ]
    site.reads.traces["01DELIVERY"] = TRACE
    await page.goto(f"{site.site.url}/#/deliveries")
    await expect(page.locator("tr[data-delivery]")).to_have_count(2)
    await page.get_by_label("Event").fill("push")
    await page.keyboard.press("Enter")
    row = page.locator("tr[data-delivery]")
    await expect(row).to_have_count(1)
    for told in ("push", "group/app", "alice", "✓ 1", "✗ 1", "post → #dev"):
        await expect(row).to_contain_text(told)
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    one = page.locator(".one")
    await expect(one).to_contain_text("release/*")
    await expect(one).to_contain_text("4 other rules")
    await page.get_by_text("Every condition").click()
    await expect(page.locator(".explained")).to_contain_text("delivery 01DELIVERY")


async def test_what_was_given_up_is_tried_again_or_dropped(site: ConsoleSite, page: Page) -> None:
    site.reads.dead = [dead("01A.1"), dead("01B.1")]
    await page.goto(f"{site.site.url}/#/dead")
    await expect(page.get_by_role("button", name="Try all 2 again")).to_be_visible()
    await page.get_by_role("button", name="Try again").first.click()
    await expect(page.locator(".row.dead")).to_have_count(1)
    await expect(page.get_by_role("button", name="Try all")).to_have_count(0)
    await page.get_by_role("button", name="Drop").click()
    await page.get_by_role("button", name="Drop for good?").click()
    await expect(page.locator("#list")).to_contain_text("Nothing was given up")
    assert site.reads.dead == []


async def test_broken_rules_are_shown_with_line_and_caret_until_they_are_mended(
    site: ConsoleSite, page: Page
) -> None:
    await page.goto(site.site.url)
    good = site.rules
    fault = Fault(
        file="rules.yaml",
        line=14,
        column=5,
        level=Level.ERROR,
        text="unknown key `pots`",
        excerpt="    pots: dev",
        length=4,
        hint="did you mean `post`?",
    )
    loaded = site.clock.now() - timedelta(hours=2)
    site.rules = replace(good, status="stale", faults=(fault,), loaded_at=loaded)
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("rules.yaml:14:5")
    await expect(banner.locator("pre")).to_have_text("14 │     pots: dev\n   │     ^^^^")
    await expect(banner).to_contain_text("did you mean `post`?")
    site.rules = good
    await expect(banner).to_have_count(0)


async def test_a_command_is_answered_on_the_page(site: ConsoleSite, page: Page) -> None:
    site.jobs.answer_with = said("Made: seen in 1.2 s ", text(Emoji("tada")))
    await page.goto(site.site.url)
    await page.get_by_label("Command").fill("/hook add group/app #dev")
    await page.keyboard.press("Enter")
    answer = page.locator(".answer")
    await expect(answer).to_contain_text("/hook add group/app #dev")
    await expect(answer.locator(".result")).to_have_text("Made: seen in 1.2 s 🎉")
    assert [job.args for job in site.jobs.jobs.values()] == [("add", "group/app", "#dev")]
    await answer.get_by_label("Dismiss").click()
    await expect(answer).to_have_count(0)


async def test_an_answer_longer_than_its_place_shows_its_beginning(
    site: ConsoleSite, page: Page
) -> None:
    site.jobs.answer_with = said("first\n" + "more\n" * 60 + "last")
    await page.goto(site.site.url)
    await page.get_by_label("Command").fill("/hook help")
    await page.keyboard.press("Enter")
    answer = page.locator(".answer")
    await expect(answer.locator(".result")).to_contain_text("last")
    await expect(answer.locator(".asked")).to_be_in_viewport()


async def test_a_button_under_an_answer_gives_its_command(site: ConsoleSite, page: Page) -> None:
    buttons = (Button("Remove it", "remove group/app --on gitlab --yes", "danger"),)
    site.jobs.answer_with = replace(said("This would be removed:"), buttons=buttons)
    await page.goto(site.site.url)
    await page.get_by_label("Command").fill("/hook remove group/app")
    await page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Remove it")
    await expect(button).to_be_visible()
    site.jobs.answer_with = said("It is gone.")
    await button.click()
    answer = page.locator(".answer").nth(1)
    await expect(answer).to_contain_text("/hook remove group/app --on gitlab --yes")
    await expect(answer.locator(".result")).to_have_text("It is gone.")
    asked = [" ".join(job.args) for job in site.jobs.jobs.values()]
    assert asked == ["remove group/app", "remove group/app --on gitlab --yes"]


async def test_what_is_no_command_says_so(site: ConsoleSite, page: Page) -> None:
    await page.goto(site.site.url)
    await page.get_by_label("Command").fill("hello")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer.failed")).to_contain_text("/hook help")


async def test_a_page_comes_back_by_itself_when_the_bot_was_restarted(
    page: Page,
) -> None:
    before = ConsoleSite(clock=ManualClock(datetime.now(UTC)))
    await before.post("#dev", said("from before"))
    async with served(before.site):
        await page.goto(before.site.url)
        await expect(page.locator(".message")).to_contain_text("from before")
        await before.console.stop(before.site.app())
    after = ConsoleSite(clock=ManualClock(datetime.now(UTC)))
    await after.post("#dev", said("from after"))
    async with served(after.site, port=before.site.port):
        await expect(page.locator(".message")).to_have_count(1)
        await expect(page.locator(".message .section")).to_have_text("from after")


async def test_colours_can_be_chosen_and_are_kept(site: ConsoleSite, page: Page) -> None:
    await page.emulate_media(color_scheme="light")
    await page.goto(site.site.url)
    await expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    for _ in range(2):
        await page.locator("#theme").click()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(22, 24, 29)")
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(22, 24, 29)")


async def test_a_person_logs_in_with_the_token(page: Page) -> None:
    site = ConsoleSite(token="a token of the console", clock=ManualClock(datetime.now(UTC)))
    await site.post("#dev", said("inside"))
    async with served(site.site):
        await page.goto(site.site.url)
        await page.get_by_label("Console token").fill("wrong")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        await page.get_by_label("Console token").fill("a token of the console")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.locator(".message")).to_contain_text("inside")
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Console token")).to_be_visible()


async def test_a_secret_is_shown_once(page: Page, tmp_path: Path) -> None:
    async with once_site(tmp_path) as site:
        path = await site.page()
        await page.goto(site.url + path)
        await page.get_by_role("button", name="Send me a code in Slack").click()
        await expect(page.get_by_label("Code")).to_be_focused()
        await page.get_by_label("Code").fill(site.written[0][1].split("`")[1])
        await page.get_by_role("button", name="Show it now").click()
        await expect(page.locator(".secret")).to_have_text("s3<cr>et")
        await page.goto(site.url + path)
        await expect(page.locator("h1")).to_have_text("Nothing here")


async def test_a_secret_is_shown_to_whoever_signs_in_at_the_forge(
    page: Page, tmp_path: Path
) -> None:
    async with once_site(tmp_path) as site:
        account = Account(slack=ALICE, instance="gitlab", username="alice", user_id="31")
        await site.store.save_account(account)
        await page.goto(site.url + await site.page())
        await page.get_by_role("link", name="Sign in at gitlab").click()
        await expect(page.locator("main")).to_contain_text("signed in as alice")
        await page.get_by_role("button", name="Show it now").click()
        await expect(page.locator(".secret")).to_have_text("s3<cr>et")


async def test_it_fits_a_narrow_window(site: ConsoleSite, page: Page) -> None:
    await page.set_viewport_size({"width": 380, "height": 700})
    await site.post("#dev", said("a" * 300))
    await page.goto(site.site.url)
    await expect(page.locator(".message")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 380
    assert await page.evaluate("document.getElementById('scroll').scrollWidth") <= 380
    await expect(page.get_by_label("Command")).to_be_in_viewport()
