"""Every set of rules that was in force, and which one is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, true, update

from bot.model import Fault, Level
from bot.ports import StoredRuleset
from bot.store import history
from bot.store.engine import insert
from bot.store.schema import rulesets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from bot.store.engine import AnyRow

#: In `meta`.
_FAULTS: Final = "rules:faults"


def activate(conn: Connection, ruleset: StoredRuleset) -> None:
    conn.execute(update(rulesets).where(rulesets.c.active == true()).values(active=False))
    added = insert(conn.dialect, rulesets).values(
        hash=ruleset.hash,
        files=dict(ruleset.files),
        entry=ruleset.entry,
        loaded_at=ruleset.loaded_at,
        active=True,
    )
    fresh = {name: added.excluded[name] for name in ("entry", "loaded_at", "active")}
    conn.execute(added.on_conflict_do_update(index_elements=[rulesets.c.hash], set_=fresh))


def active(conn: Connection) -> StoredRuleset | None:
    query = select(rulesets).where(rulesets.c.active == true())
    row = conn.execute(query.order_by(rulesets.c.loaded_at.desc()).limit(1)).one_or_none()
    return None if row is None else _unpack(row)


def find(conn: Connection, ruleset: str) -> StoredRuleset | None:
    query = select(rulesets).where(rulesets.c.hash == ruleset)
    row = conn.execute(query).one_or_none()
    return None if row is None else _unpack(row)


def keep_faults(conn: Connection, faults: Sequence[Fault]) -> None:
    value = [{**asdict(fault), "level": fault.level.value} for fault in faults]
    history.set_meta(conn, _FAULTS, value)


def faults(conn: Connection) -> tuple[Fault, ...]:
    kept = history.get_meta(conn, _FAULTS) or []
    return tuple(Fault(**{**one, "level": Level(one["level"])}) for one in kept)


def _unpack(row: AnyRow) -> StoredRuleset:
    return StoredRuleset(hash=row.hash, files=row.files, entry=row.entry, loaded_at=row.loaded_at)
