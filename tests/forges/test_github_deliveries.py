"""GitHub's deliveries: which are authentic, and what they are about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.forges import ALL, SECRET_HEADERS
from bot.forges.github import GITHUB
from bot.forges.gitlab import GITLAB
from bot.outside import Received
from bot.web.receive import KEPT_HEADERS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
# GitHub's own published example.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def verify(headers: dict[str, str], *secrets: str, body: bytes = BODY) -> bool:
    return GITHUB.verify(Received(headers=headers, body=body), secrets, now=NOW)


def test_the_published_example_is_accepted() -> None:
    assert verify({"x-hub-signature-256": SIGNATURE}, SECRET)


def test_any_of_several_secrets_will_do() -> None:
    assert verify({"x-hub-signature-256": SIGNATURE}, "other", SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": SIGNATURE.removeprefix("sha256=")},
        {"x-hub-signature-256": SIGNATURE[:-1] + "8"},
        {"x-hub-signature": "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"},
        {"x-gitlab-token": SECRET},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    assert not verify(headers, SECRET)


def test_the_raw_bytes_are_what_is_signed() -> None:
    assert not verify({"x-hub-signature-256": SIGNATURE}, SECRET, body=BODY + b"\n")


def test_an_empty_secret_signs_nothing() -> None:
    assert not verify({"x-hub-signature-256": SIGNATURE}, "")


def test_the_delivery_id_tells_duplicates() -> None:
    headers = {"x-github-delivery": "abc", "x-github-event": "push"}
    identity = GITHUB.identify(Received(headers=headers, body=BODY), {"repository": {"id": 5}})
    assert (identity.key, identity.event, identity.project_id) == ("abc", "push", "5")


def test_without_a_delivery_id_event_and_raw_body_tell_them() -> None:
    identity = GITHUB.identify(Received(headers={"x-github-event": "push"}, body=BODY), {})
    assert identity.key == "sha256:" + hashlib.sha256(b"push\n" + BODY).hexdigest()


@pytest.mark.parametrize("body", [{}, [], None, {"repository": {"id": True}}, {"repository": 3}])
def test_a_body_without_a_repository_has_no_project(body: Any) -> None:
    assert GITHUB.identify(Received(headers={}, body=BODY), body).project_id is None


def test_only_an_own_servers_deliveries_name_their_host_in_a_header() -> None:
    page = {"repository": {"html_url": "https://github.com/o/r"}}
    header = {"x-github-enterprise-host": "git.example.com"}
    for headers, body, place in (
        ({}, page, "github.com"),
        ({}, {"sender": {"html_url": "https://acme.ghe.com/alice"}}, "acme.ghe.com"),
        ({}, {"repository": {"html_url": "https://[broken"}}, "github.com"),
        (header, page, "git.example.com"),
    ):
        assert GITHUB.identify(Received(headers=headers, body=BODY), body).place == place


@pytest.mark.parametrize(
    ("header", "name"),
    [("x-gitea-event", "Gitea"), ("x-forgejo-event", "Forgejo"), ("x-gogs-event", "Gogs")],
)
def test_who_copies_its_headers_is_told_apart(header: str, name: str) -> None:
    headers = {"x-github-event": "push", "x-hub-signature-256": SIGNATURE, header: "push"}
    assert GITHUB.disowned(headers) == name
    assert GITLAB.disowned(headers) == ""


def test_its_own_deliveries_are_its_own() -> None:
    assert GITHUB.disowned({"x-github-event": "push"}) == ""


def test_every_forge_is_listed_once_by_its_name() -> None:
    assert [forge.name for forge in ALL] == ["gitlab", "github"]


def test_every_header_that_carries_a_secret_is_named() -> None:
    assert {
        "x-gitlab-token",
        "webhook-signature",
        "x-hub-signature-256",
        "x-hub-signature",
        "authorization",
        "proxy-authorization",
        "cookie",
    } <= SECRET_HEADERS


def test_no_header_that_is_kept_with_a_delivery_carries_a_secret() -> None:
    assert not KEPT_HEADERS & SECRET_HEADERS
