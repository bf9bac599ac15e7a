"""A proxy that answers with what it was sent: no secret is in what the bot says of it."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from gidgethub import BadRequest, BadRequestUnknownError
from gitlab.exceptions import GitlabError

from bot.forges import github_errors, gitlab_errors

SECRETS = ("glpat-of-the-bot", "whsec_of-the-hook")
ECHO = f"{'x' * 280} Authorization: {SECRETS[0]} {SECRETS[1]}"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
@pytest.mark.parametrize("echo", [ECHO, {"base": [ECHO]}, {"url": ECHO}, [ECHO]])
def test_gitlabs(status: int, echo: object) -> None:
    attempt = gitlab_errors.Attempt(
        what="a hook", forge="https://gitlab.example", setting="X", writes=True, secrets=SECRETS
    )
    error = GitlabError(echo, response_code=status)  # type: ignore[arg-type]  # it sends all of them
    told = str(gitlab_errors.from_gitlab(error, attempt, None))
    assert "glpat" not in told
    assert "whsec" not in told
    assert "whsec" not in repr(attempt)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_githubs(status: int) -> None:
    attempt = github_errors.Attempt(
        what="a hook", forge="https://api.github.com", setting="X", writes=True, secrets=SECRETS
    )
    for error in (BadRequestUnknownError(ECHO), BadRequest(HTTPStatus(status), ECHO)):
        told = str(github_errors.from_github(error, attempt))
        assert "glpat" not in told
        assert "whsec" not in told
    assert "whsec" not in repr(attempt)
