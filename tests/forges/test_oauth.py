"""Signing in at a forge: the code flow with PKCE, one question, and nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession

from bot.errors import CallError, NotSent, Refused
from bot.forges.oauth import Application, way_in, who_came
from tests.fakes.oauth_server import CLIENT, SECRET, OAuth, signing_in

BACK = "https://bot.example.com/oauth/gitlab"
ME = {"gitlab": "/api/v4/user", "github": "/user"}


@dataclass
class Place:
    application: Application
    oauth: OAuth

    async def granted(self, verifier: str = "v" * 43) -> str:
        """Somebody signs in: the code that comes back."""
        way = way_in(self.application, state="s1", verifier=verifier)
        async with ClientSession() as session, session.get(way, allow_redirects=False) as answer:
            assert answer.status == 302
            query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["state"] == ["s1"]
        return query["code"][0]

    async def fails(self, code: str, verifier: str = "v" * 43) -> CallError:
        with pytest.raises(CallError) as caught:
            await who_came(self.application, code=code, verifier=verifier)
        return caught.value


@pytest.fixture(params=["gitlab", "github"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with signing_in(ME[request.param]) as (url, oauth):
        application = Application(
            forge=request.param,
            url=url,
            pages=url,
            client_id=CLIENT,
            client_secret=SECRET,
            back=BACK,
        )
        yield Place(application, oauth)


async def test_whoever_signed_in_is_known_and_the_token_is_given_back(place: Place) -> None:
    person = await who_came(place.application, code=await place.granted(), verifier="v" * 43)
    assert (person.username, person.id, person.name, person.bot) == ("alice", "31", "Alice", False)
    assert place.oauth.tokens == {}
    assert len(place.oauth.revoked) == 1


async def test_no_more_is_asked_for_than_who_somebody_is(place: Place) -> None:
    await place.granted()
    wanted = "read_user" if place.application.forge == "gitlab" else ""
    assert place.oauth.scopes == [wanted]


async def test_a_code_without_its_proof_is_worth_nothing(place: Place) -> None:
    error = await place.fails(await place.granted(), verifier="w" * 43)
    assert isinstance(error, Refused)
    assert place.oauth.tokens == {}


async def test_a_code_works_once(place: Place) -> None:
    code = await place.granted()
    await who_came(place.application, code=code, verifier="v" * 43)
    assert isinstance(await place.fails(code), Refused)


async def test_wrong_settings_of_the_bot_are_told(place: Place) -> None:
    place.application = replace(place.application, client_secret="wrong")
    said = str(await place.fails(await place.granted()))
    assert "the bot's OAuth id and secret do not fit" in said
    assert "wrong" not in said


async def test_a_machine_is_told_from_people(place: Place) -> None:
    place.oauth.user |= {"bot": True, "type": "Bot"}
    person = await who_came(place.application, code=await place.granted(), verifier="v" * 43)
    assert person.bot


async def test_a_forge_that_is_away_is_told(place: Place, unused_tcp_port: int) -> None:
    away = f"http://127.0.0.1:{unused_tcp_port}"
    place.application = replace(place.application, url=away, pages=away)
    assert isinstance(await place.fails("code-1"), NotSent)
