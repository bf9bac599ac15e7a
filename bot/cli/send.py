"""`bot send`: posts a signed sample or a file to a running bot, as the forge would."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot.cli.environment import FAULTS, fail, settings
from bot.events.samples import GITHUB_NAMES, NAMES, sample
from bot.forges.github import signature

_TIMEOUT_S = 15


def register(app: typer.Typer) -> None:
    app.command("send")(send)


def send(
    what: Annotated[
        str, typer.Argument(help="A sample's name (`push`, `mr.opened`, …) or a JSON file.")
    ] = "push",
    to: Annotated[
        str | None, typer.Option(help="The hook's address; by default this machine's bot.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help="For a file: its headers, `Name: value`."),
    ] = None,
    secret: Annotated[
        str | None, typer.Option(help="The hook's secret; by default WEBHOOK_SECRET.")
    ] = None,
    forge: Annotated[str, typer.Option(help="Whose sample: `gitlab` or `github`.")] = "gitlab",
    all_names: Annotated[bool, typer.Option("--list", help="Show the samples' names.")] = False,
) -> None:
    """Send a running bot one delivery, signed as the forge signs it."""
    if all_names:
        for name in GITHUB_NAMES if forge == "github" else NAMES:
            typer.echo(name)
        return
    current = settings()
    token = secret or (current.webhook_secret.reveal() if current.webhook_secret else None)
    if token is None:
        fail("no secret to sign with: set WEBHOOK_SECRET (the running bot's too) or --secret")
    headers, body = _delivery(what, header or [], forge)
    path = "github" if _is_github(headers) else "gitlab"
    address = to or f"http://{_local(current.host)}:{current.port}/hooks/{path}"
    status, text = asyncio.run(post(address, headers, body, token))
    typer.echo(f"{status} {text.strip()}")
    if status != _ACCEPTED:
        raise typer.Exit(FAULTS)


async def post(url: str, headers: dict[str, str], body: bytes, token: str) -> tuple[int, str]:
    """Sends a delivery as its forge would; the status and text of the answer. Ends the command
    when nobody listens."""
    signed = {"Content-Type": "application/json", **_signed(headers, body, token)}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=signed) as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(
            f"{url} does not answer ({str(error) or 'timeout'}); is the bot running? try `bot run`"
        )


def _signed(headers: dict[str, str], body: bytes, token: str) -> dict[str, str]:
    key = secrets.token_hex(16)
    if _is_github(headers):
        return {
            "X-GitHub-Delivery": key,
            **headers,
            "X-Hub-Signature-256": signature(token, body),
        }
    return {"Idempotency-Key": key, **headers, "X-Gitlab-Token": token}


def _is_github(headers: dict[str, str]) -> bool:
    return any(name.lower() == "x-github-event" for name in headers)


def _delivery(what: str, given: list[str], forge: str) -> tuple[dict[str, str], bytes]:
    path = Path(what)
    if path.suffix == ".json" or path.is_file():
        try:
            body = path.read_bytes()
        except OSError as error:
            fail(f"{what}: {error.strerror}")
        pairs = (line.partition(":") for line in given)
        return {name.strip(): value.strip() for name, _, value in pairs}, body
    try:
        return sample(what, forge=forge)
    except KeyError:
        fail(f"no sample `{what}`; `bot send --list` names them, or give a JSON file")


def _local(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound


_ACCEPTED = 202
