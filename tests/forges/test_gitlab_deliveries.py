"""GitLab's deliveries: which are authentic, and what they are about."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forges.gitlab import GITLAB, OPEN_TRIGGERS, TRIGGERS
from bot.outside import Received

# The key's bytes are 0 to 31; the signature was computed with another program.
KEY = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SIGNATURE = "v1,noSwkX+MATxctgw3vGx7cBrk21F9NVKrE4KltTz49uM="
BODY = b'{"object_kind":"push"}'
NOW = datetime.fromtimestamp(1782000000, UTC)
SIGNED = {
    "webhook-id": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
    "webhook-timestamp": "1782000000",
    "webhook-signature": SIGNATURE,
}


def verify(headers: dict[str, str], *secrets: str, body: bytes = BODY, now: datetime = NOW) -> bool:
    return GITLAB.verify(Received(headers=headers, body=body), secrets, now=now)


def key_of(headers: dict[str, str], body: bytes = BODY) -> str:
    return GITLAB.identify(Received(headers=headers, body=body), {}).key


def project_of(body: Any) -> str | None:
    return GITLAB.identify(Received(headers={}, body=b""), body).project_id


def test_the_published_vector_is_accepted() -> None:
    assert verify(SIGNED, KEY)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_a_signature_without_its_id_or_time_is_refused(name: str) -> None:
    assert not verify({k: v for k, v in SIGNED.items() if k != name}, KEY)


@pytest.mark.parametrize(
    ("late", "accepted"),
    [(0, True), (300, True), (-300, True), (301, False), (-301, False), (86_400, False)],
)
def test_a_signature_is_good_for_five_minutes_either_way(late: int, accepted: bool) -> None:
    assert verify(SIGNED, KEY, now=NOW + timedelta(seconds=late)) is accepted


@pytest.mark.parametrize("stamp", ["", "x", "-1782000000", "1782000000.0", "١٧٨٢", "9" * 5000])
def test_an_unreadable_time_is_refused(stamp: str) -> None:
    assert not verify({**SIGNED, "webhook-timestamp": stamp}, KEY)


def test_any_of_several_signatures_will_do() -> None:
    assert verify({**SIGNED, "webhook-signature": f"v1,AAAA v2,x  {SIGNATURE}"}, KEY)


def test_another_version_with_the_right_bytes_is_refused() -> None:
    assert not verify({**SIGNED, "webhook-signature": SIGNATURE.replace("v1", "v1a")}, KEY)


def test_any_of_several_secrets_will_do_during_a_rotation() -> None:
    assert verify(SIGNED, "whsec_AAAA", KEY)
    assert verify({"x-gitlab-token": "old"}, "new", "old")


@pytest.mark.parametrize("signature", ["", "v1,AAAA", "nonsense", "v1," + "A" * 9000])
def test_a_bad_signature_never_falls_back_to_the_token(signature: str) -> None:
    headers = {**SIGNED, "webhook-signature": signature, "x-gitlab-token": "right"}
    assert not verify(headers, "right", KEY)


def test_the_text_of_a_signing_token_is_not_its_key() -> None:
    wrong = hmac.digest(KEY.encode(), b"f.1782000000." + BODY, "sha256")
    headers = {**SIGNED, "webhook-id": "f"}
    headers["webhook-signature"] = "v1," + base64.b64encode(wrong).decode()
    assert not verify(headers, KEY)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!", "whsec_é", "plain", ""])
def test_a_secret_that_is_no_signing_token_signs_nothing(secret: str) -> None:
    empty = base64.b64encode(hmac.digest(b"", b"f.1782000000." + BODY, "sha256")).decode()
    headers = {**SIGNED, "webhook-id": "f", "webhook-signature": f"v1,{empty}"}
    assert not verify(headers, secret)


def test_the_right_token_is_accepted_when_nothing_is_signed() -> None:
    assert verify({"x-gitlab-token": "sesame"}, "sesame")


@pytest.mark.parametrize("token", ["", "Sesame", "sesame2", "sesam", "\udcff"])
def test_a_wrong_token_is_refused(token: str) -> None:
    assert not verify({"x-gitlab-token": token}, "sesame")


def test_nothing_is_accepted_without_a_secret() -> None:
    assert not verify({})
    assert not verify({}, "")
    assert not verify({"x-gitlab-token": ""}, "")
    assert not verify({}, "sesame")


@given(st.binary(), st.binary(min_size=1, max_size=64), st.binary(min_size=1, max_size=64))
def test_a_body_is_accepted_exactly_when_signed_with_the_secret(
    body: bytes, key: bytes, other: bytes
) -> None:
    mine = base64.b64encode(hmac.digest(key, b"f.1782000000." + body, "sha256")).decode()
    headers = {**SIGNED, "webhook-id": "f", "webhook-signature": f"v1,{mine}"}
    assert verify(headers, "whsec_" + base64.b64encode(key).decode(), body=body)
    assert not verify(headers, "whsec_" + base64.b64encode(key).decode(), body=body + b" ")
    # HMAC pads short keys with zero bytes: two keys that differ only there are one.
    if other.rstrip(b"\0") != key.rstrip(b"\0"):
        assert not verify(headers, "whsec_" + base64.b64encode(other).decode(), body=body)


def test_the_idempotency_key_tells_duplicates() -> None:
    assert key_of({"idempotency-key": " abc ", "x-gitlab-event": "Push Hook"}) == "abc"


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_without_a_usable_key_event_and_raw_body_tell_them(key: str) -> None:
    digest = hashlib.sha256(b"Push Hook\n" + BODY).hexdigest()
    headers = {"idempotency-key": key, "x-gitlab-event": "Push Hook"}
    assert key_of(headers) == f"sha256:{digest}"
    assert key_of({"x-gitlab-event": "Tag Push Hook"}) != key_of({"x-gitlab-event": "Push Hook"})
    assert key_of({}, BODY) != key_of({}, BODY + b" ")


def test_the_uuids_that_change_or_are_shared_tell_nothing() -> None:
    one = {"x-gitlab-webhook-uuid": "1", "x-gitlab-event-uuid": "1"}
    two = {"x-gitlab-webhook-uuid": "2", "x-gitlab-event-uuid": "2"}
    assert key_of(one) == key_of(two)


def test_the_event_is_what_the_header_says() -> None:
    received = Received(headers={"x-gitlab-event": "Push Hook"}, body=BODY)
    assert GITLAB.identify(received, {}).event == "Push Hook"
    assert GITLAB.identify(Received(headers={}, body=BODY), {}).event == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"project": {"id": 7}, "project_id": 8}, "7"),
        ({"project_id": 8}, "8"),
        ({"project": None, "object_attributes": {"project_id": 9}}, "9"),
        ({"object_attributes": {"target_project_id": 10}}, "10"),
        ({"project": {"id": "11"}}, "11"),
        ({"event_name": "user_add_to_group", "group_id": 3}, None),
        ({"project": None, "object_attributes": {"project_id": None}}, None),
        ({"project": {"id": True}}, None),
        ({"project": {"id": -1}}, None),
        ({"project": {"id": "7/../../8"}}, None),
        ({"project": {"id": "9" * 21}}, None),
        ({"project": [1], "object_attributes": "x"}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_project_is_found_where_bodies_hold_it(body: Any, expected: str | None) -> None:
    assert project_of(body) == expected


def test_open_triggers_hold_nothing_confidential() -> None:
    assert not {name for name in OPEN_TRIGGERS if "confidential" in name}
    assert OPEN_TRIGGERS < TRIGGERS
