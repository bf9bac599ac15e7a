"""The tables: one schema for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.columns import Free, JsonText, Key, Moment, Serial

if TYPE_CHECKING:
    from sqlalchemy import TextClause

metadata: Final = MetaData(
    naming_convention={"ix": "%(table_name)s_%(column_0_N_name)s", "pk": "%(table_name)s_pk"}
)


#: Deliveries whose numbers differ in these bits alone are one stretch.
STRETCH_BITS: Final = 10


def _some(name: str, *columns: str | TextClause, where: str) -> Index:
    """An index of the rows that are asked for, which are few.

    The revisions make it so on PostgreSQL too. Said here, that would load its dialect, which is
    2 MB, wherever the tables are known.
    """
    return Index(name, *columns, sqlite_where=text(where))


deliveries: Final = Table(
    "deliveries",
    metadata,
    # The order of insertion, which in a lane is the order of commits: its row is locked first.
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", Key, nullable=False),
    Column("forge", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("hook", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("event", Free, nullable=False),
    Column("lane", Key, nullable=False),
    # Known when it is decided; empty before, and for events without a project.
    Column("project", Key, nullable=False),
    Column("headers", JsonText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Free),
    # The delivery it was copied from, to be decided again.
    Column("replay_of", Key),
    UniqueConstraint("hook", "key", name="deliveries_hook_key"),
    UniqueConstraint("id", name="deliveries_id"),
    # On PostgreSQL without its first member. SQLite writes whole pages: with the lane in front,
    # each delivery changed another one.
    _some(
        "deliveries_waiting", text(f"seq >> {STRETCH_BITS}"), "lane", "seq", where="status = 'new'"
    ),
    _some("deliveries_failed", "seq", where="status = 'failed'"),
    _some("deliveries_project", "project", "seq", where="project <> ''"),
)

#: Decisions about what fell due by itself.
OWN_DECISIONS: Final = "substr(delivery, 1, 5) = 'held-' OR substr(delivery, 1, 6) = 'every-'"

decisions: Final = Table(
    "decisions",
    metadata,
    Column("delivery", Key, primary_key=True),
    Column("ruleset", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("trace", JsonText, nullable=False),
    _some("decisions_own", "decided_at", where=OWN_DECISIONS),
)

lanes: Final = Table(
    "lanes",
    metadata,
    Column("key", Key, primary_key=True),
    # `decide` or `send`: which of the two loops claims it.
    Column("kind", Text, nullable=False),
    # Items waiting or under way: a counter, because an EXISTS over the items is not protected by
    # the row's lock.
    Column("pending", BigInteger, nullable=False),
    Column("ready_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("token", Text),
    _some("lanes_ready", "kind", "ready_at", where="pending > 0"),
)

holds: Final = Table(
    "holds",
    metadata,
    Column("prefix", Key, primary_key=True),
    Column("until", Moment, nullable=False),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    # The action's id: an action gets into the outbox once.
    Column("id", Key, nullable=False),
    Column("lane", Key, nullable=False),
    Column("delivery", Key, nullable=False),
    Column("rule", Free, nullable=False),
    Column("verb", Text, nullable=False),
    Column("channel", Key, nullable=False),
    Column("slot", Key),
    Column("root", Key),
    # The waiting item that took this one in; then `state` is `merged` or `folded`.
    Column("merged_into", Key),
    Column("payload", JsonText, nullable=False),
    # todo, sending, done, dead, dropped, merged, folded
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("maybe_sent", Boolean, nullable=False),
    Column("error", Free),
    Column("code", Free),
    Column("place_channel", Key),
    Column("place_ts", Text),
    # What was made outside of chat: {id, url, status}.
    Column("receipt", JsonText),
    Column("created_at", Moment, nullable=False),
    # When the tries began that count for giving up; later than created_at after a retry by hand.
    Column("tried_since", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("id", name="outbox_id"),
    Index("outbox_delivery", "delivery"),
    _some("outbox_place", "place_ts", where="place_ts IS NOT NULL"),
    _some("outbox_merged", "merged_into", where="merged_into IS NOT NULL"),
    _some("outbox_waiting", "lane", "seq", where="state IN ('todo', 'sending')"),
    _some("outbox_dead", "seq", where="state = 'dead'"),
)

threads: Final = Table(
    "threads",
    metadata,
    Column("channel", Key, primary_key=True),
    Column("subject", Key, primary_key=True),
    # A subject has at most one card and one other root in a channel.
    Column("card", Boolean, primary_key=True),
    Column("root", Key, nullable=False),
    Column("rule", Free, nullable=False),
    Column("ts", Text),
    Column("at", Moment, nullable=False),
    Column("dead", Boolean, nullable=False),
    Index("threads_subject", "subject"),
    Index("threads_root", "root"),
)

#: What rules did outside of chat and people by commands, and who caused it. Kept when all else is
#: forgotten.
audit: Final = Table(
    "audit",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    # Their name at the forge; of a command their Slack id, or `local`.
    Column("who", Free, nullable=False),
    Column("instance", Text, nullable=False),
    Column("verb", Text, nullable=False),
    # As in the rules: `group/repo!7`, `group/repo@ref`, a host or the name of a secret.
    Column("target", Free, nullable=False),
    Column("rule", Free, nullable=False),
    Column("action", Key, nullable=False),
    # done, dead, dropped
    Column("outcome", Text, nullable=False),
    # What was made, or why not.
    Column("detail", Free, nullable=False),
    # Of a command that somebody gave: as typed. Then `who` is their Slack id, `action` the job's.
    Column("words", Free),
    UniqueConstraint("action", "outcome", name="audit_action"),
)

#: Whose account at which forge is whose in Slack.
people: Final = Table(
    "people",
    metadata,
    Column("slack", Key, primary_key=True),
    Column("instance", Key, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("username", Free, nullable=False),
    # The user name without case.
    Column("folded", Key, nullable=False),
    Column("name", Free, nullable=False),
    # code, oauth, admin
    Column("proved", Text, nullable=False),
    Column("linked_at", Moment),
    UniqueConstraint("instance", "folded", name="people_account"),
)

#: Who wants no direct messages.
quiet_people: Final = Table(
    "quiet_people",
    metadata,
    Column("slack", Key, primary_key=True),
    Column("since", Moment, nullable=False),
)

#: Whom rules wanted to mention, and nobody knows who it is in Slack.
unknown_people: Final = Table(
    "unknown_people",
    metadata,
    Column("instance", Key, primary_key=True),
    Column("folded", Key, primary_key=True),
    Column("username", Free, nullable=False),
    Column("name", Free, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("last_at", Moment, nullable=False),
)

#: What receipts and listings taught: `#name` as rules write it -> the channel's id.
channels: Final = Table(
    "channels",
    metadata,
    Column("name", Key, primary_key=True),
    Column("id", Text, nullable=False),
)

memory: Final = Table(
    "memory",
    metadata,
    Column("key", Key, primary_key=True),
    Column("value", JsonText, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

#: Actions that wait for their batch, their hours or the end of a throttle's window.
held: Final = Table(
    "held",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    # Of its row in `schedules`.
    Column("key", Key, nullable=False),
    Column("delivery", Key, nullable=False),
    Column("value", JsonText, nullable=False),
    # When the key falls due if nothing else comes, and at the latest if it is the first.
    Column("due", Moment, nullable=False),
    Column("latest", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    # The id under which it was decided what became of it; NULL while it waits.
    Column("released_in", Key),
    Index("held_delivery", "delivery"),
    _some("held_waiting", "key", "seq", where="released_in IS NULL"),
)

#: What falls due by itself: keys of `held`, and time rules.
schedules: Final = Table(
    "schedules",
    metadata,
    Column("key", Key, primary_key=True),
    # `held` or `every`.
    Column("kind", Text, nullable=False),
    # Of a time rule: its schedule as text, to tell an edited one.
    Column("spec", Free, nullable=False),
    Column("due", Moment, nullable=False),
    Column("latest", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("token", Text),
    Index("schedules_due", "due"),
)

#: What is open, as far as events told; its facts are in `memory` under `facts:<subject>`.
open_subjects: Final = Table(
    "open_subjects",
    metadata,
    Column("subject", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("project", Key, nullable=False),
    Column("active_at", Moment, nullable=False),
    Column("asked_at", Moment),
    # When its first event came; not known of what was open before this was kept.
    Column("opened_at", Moment),
    # What is closed stays for a while: back-tests ask what was open then.
    Column("closed_at", Moment),
    _some("open_subjects_listed", "kind", "project", "subject", where="closed_at IS NULL"),
)

hooks: Final = Table(
    "hooks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("forge", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("project", Free, nullable=False),
    # The path without case, to be found by what a person types.
    Column("folded", Key, nullable=False),
    Column("remote_id", Text, nullable=False),
    # JSON list, encrypted.
    Column("secrets", Text, nullable=False),
    Column("events", JsonText, nullable=False),
    Column("channel", Free),
    Column("status", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment),
    Column("proved_at", Moment),
    Column("last_seen_at", Moment),
    Column("retire_at", Moment),
    Index("hooks_folded", "folded"),
)

jobs: Final = Table(
    "jobs",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", Key, nullable=False),
    Column("command", Free, nullable=False),
    Column("args", JsonText, nullable=False),
    Column("who", Free, nullable=False),
    Column("channel", Free, nullable=False),
    # Encrypted.
    Column("reply_to", Text, nullable=False),
    # todo, running, done, failed
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("progress", JsonText, nullable=False),
    Column("answer", JsonText),
    Column("lease_until", Moment),
    Column("token", Text),
    Column("created_at", Moment),
    Column("finished_at", Moment),
    UniqueConstraint("id", name="jobs_id"),
    _some("jobs_waiting", "seq", where="state IN ('todo', 'running')"),
)

rulesets: Final = Table(
    "rulesets",
    metadata,
    Column("hash", Key, primary_key=True),
    Column("files", JsonText, nullable=False),
    Column("entry", Free, nullable=False),
    Column("loaded_at", Moment, nullable=False),
    Column("active", Boolean, nullable=False),
)

meta: Final = Table(
    "meta",
    metadata,
    Column("key", Key, primary_key=True),
    Column("value", JsonText, nullable=False),
)

preview_messages: Final = Table(
    "preview_messages",
    metadata,
    Column("channel", Key, primary_key=True),
    Column("ts", Text, primary_key=True),
    # Of its last change.
    Column("seq", BigInteger, nullable=False),
    Column("thread", Text),
    Column("broadcast", Boolean, nullable=False),
    Column("key", Key, nullable=False),
    Column("rendered", JsonText, nullable=False),
    Column("reactions", JsonText, nullable=False),
    Column("note", JsonText, nullable=False),
    Column("posted_at", Moment, nullable=False),
    Column("edited_at", Moment),
    Index("preview_messages_seq", "seq"),
    Index("preview_messages_key", "channel", "key"),
)

#: One row, counted up by every change of the preview; its lock puts the changes in order.
preview_clock: Final = Table(
    "preview_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
