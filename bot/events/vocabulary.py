"""The fields every family draws from, and the making of an Event out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from bot.model import Event, Person, Project, Value, subject_key
from bot.registry import Field, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.payload import Payload
    from bot.registry import Source

_TEXT: Final = FieldType.TEXT

#: One meaning and one type for each word, whatever the family.
_VOCABULARY: Final[tuple[Field, ...]] = (
    Field("project", _TEXT, "path of the project: `group/sub/repo`", path=True, fold=True),
    Field("group", _TEXT, "path of the group the project is in", path=True, fold=True),
    Field("default_branch", _TEXT, "the project's default branch", path=True),
    Field("visibility", _TEXT, "`public`, `internal` or `private`"),
    Field("forge", _TEXT, "`gitlab` or `github`"),
    Field("instance", _TEXT, "name of the forge in the settings"),
    Field("actor", FieldType.PERSON, "who caused the event", fold=True),
    Field("bot", FieldType.BOOL, "the actor is a machine"),
    Field("confidential", FieldType.BOOL, "about something confidential, or an internal note"),
    Field("late", FieldType.BOOL, "it was missed while the bot was away, and fetched later"),
    Field("url", _TEXT, "address of what the event is about"),
    Field("branch", _TEXT, "the branch; of a merge request its target", path=True),
    Field("source", _TEXT, "branch that a merge request comes from", path=True),
    Field("target", _TEXT, "branch that a merge request goes to", path=True),
    Field("tag", _TEXT, "name of the tag", path=True),
    Field("title", _TEXT, "title of the subject"),
    Field("description", _TEXT, "description of the subject, as written"),
    Field("iid", FieldType.NUMBER, "number of the subject within its project"),
    Field("id", FieldType.NUMBER, "number of the subject within the forge"),
    Field("author", FieldType.PERSON, "who wrote the subject", fold=True),
    Field("labels", FieldType.TEXTS, "labels after the event", fold=True),
    Field("added_labels", FieldType.TEXTS, "labels that the event added", fold=True),
    Field("removed_labels", FieldType.TEXTS, "labels that the event removed", fold=True),
    Field("reviewers", FieldType.PEOPLE, "reviewers after the event", fold=True),
    Field("added_reviewers", FieldType.PEOPLE, "who was asked for a review", fold=True),
    Field("assignees", FieldType.PEOPLE, "assignees after the event", fold=True),
    Field("added_assignees", FieldType.PEOPLE, "who was assigned", fold=True),
    Field("approvals", FieldType.NUMBER, "approvals so far", fetched=True),
    Field("approvals_required", FieldType.NUMBER, "approvals that are wanted", fetched=True),
    Field("approved", FieldType.BOOL, "every approval that is required is there"),
    Field("draft", FieldType.BOOL, "it is a draft"),
    Field("state", _TEXT, "`opened`, `closed`, `merged`, …"),
    Field("milestone", _TEXT, "title of the milestone"),
    Field("conflicts", FieldType.BOOL, "it cannot be merged because of conflicts"),
    Field("additions", FieldType.NUMBER, "lines added", fetched=True),
    Field("deletions", FieldType.NUMBER, "lines deleted", fetched=True),
    Field("changed_files", FieldType.NUMBER, "files that a merge request changes", fetched=True),
    Field(
        "open_threads",
        FieldType.NUMBER,
        "threads that are not resolved, internal ones left out (GitLab)",
        fetched=True,
    ),
    Field("author_association", _TEXT, "what the author is to the project: `member`, … (GitHub)"),
    Field("paths", FieldType.TEXTS, "files added, changed or removed", path=True),
    Field("commits", FieldType.REFS, "the newest commits, at most 20, oldest first"),
    Field("commit_count", FieldType.NUMBER, "how many commits were pushed, or a merge request has"),
    Field("forced", FieldType.BOOL, "the branch was rewritten, as far as the forge tells"),
    Field("sha", _TEXT, "full id of the commit"),
    Field("commit", FieldType.REF, "the commit: short id and address"),
    Field(
        "compare", FieldType.REF, "what changed since the tag or deployment before, if one is known"
    ),
    Field("mr", FieldType.REF, "the merge request: number, title and address"),
    Field("issue", FieldType.REF, "the issue or work item: number, title and address"),
    Field("pipeline", FieldType.REF, "the pipeline: number and address"),
    Field("job", FieldType.REF, "the job: name and address"),
    Field("discussion", FieldType.REF, "the discussion: number, title and address"),
    Field("category", _TEXT, "category of the discussion", fold=True),
    Field("fork", FieldType.REF, "the new project: path and address"),
    Field("stars", FieldType.NUMBER, "how many stars the project has by now"),
    Field("advisory", _TEXT, "id of the advisory: `GHSA-…` or `CVE-…`", fold=True),
    Field("package", _TEXT, "name of the package that is vulnerable", path=True),
    Field("page", FieldType.REF, "the wiki page: title and address"),
    Field("pages", FieldType.REFS, "every wiki page that changed: title and address"),
    Field("prerelease", FieldType.BOOL, "it is published as a pre-release (GitHub)"),
    Field("release", FieldType.REF, "the release: name and address"),
    Field("status", _TEXT, "`running`, `success`, `failed`, `canceled`, …"),
    Field("previous_status", _TEXT, "status of the branch before this pipeline"),
    Field("broken_for", FieldType.DURATION, "since when the branch has been failing"),
    Field("failures", FieldType.NUMBER, "failures of the branch in a row, this one included"),
    Field("duration", FieldType.DURATION, "how long it ran"),
    Field("failed_jobs", FieldType.REFS, "jobs that failed and were not retried with success"),
    Field("failed_stages", FieldType.TEXTS, "stages of those jobs"),
    Field("warnings", FieldType.BOOL, "it passed, but a job that may fail did"),
    Field("trigger", _TEXT, "where a pipeline comes from: push, schedule, merge_request, parent…"),
    Field("stage", _TEXT, "stage of the job"),
    Field("reason", _TEXT, "why it failed, in the forge's word"),
    Field("environment", _TEXT, "name of the environment", path=True),
    Field(
        "tier", _TEXT, "tier: of the environment (`production`), of a sponsorship (`$5 a month`)"
    ),
    Field("type", _TEXT, "`issue`, `incident`, `task`, `epic`, …", fold=True),
    Field("severity", _TEXT, "severity of an incident or a vulnerability"),
    Field("on_type", _TEXT, "what is commented or reacted on: `mr`, `issue`, `commit`, …"),
    Field("comment.text", _TEXT, "the comment, as written"),
    Field("comment.file", _TEXT, "file that a comment on a diff is about", path=True),
    Field("actor_role", _TEXT, "role of the actor in the project", fetched=True),
    Field("message", _TEXT, "message of the tag or of the change"),
    Field("name", _TEXT, "name of the subject"),
    Field("emoji", _TEXT, "name of the emoji"),
    Field("member", FieldType.PERSON, "whose membership it is", fold=True),
    Field("user", FieldType.PERSON, "the account it is about", fold=True),
    Field("role", _TEXT, "role of the member: `developer`, `maintainer`, …", fold=True),
    Field("old_path", _TEXT, "path before a renaming or transfer", path=True, fold=True),
    Field("expires", FieldType.TIME, "when it expires"),
    Field("active", FieldType.BOOL, "it is switched on"),
    Field("refs", FieldType.TEXTS, "branches and tags that changed", path=True),
    Field("event", _TEXT, "the forge's own word for the event"),
)
_BY_NAME: Final[Mapping[str, Field]] = {field.name: field for field in _VOCABULARY}
_COMMON: Final = (
    *("project", "group", "default_branch", "visibility", "forge", "instance"),
    *("actor", "bot", "confidential", "late", "url"),
)


def declare(*names: str, only: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Field, ...]:
    """The common fields and those named; `only` tells which events have a field."""
    limits = only or {}
    return tuple(replace(_BY_NAME[name], only=limits.get(name, ())) for name in (*_COMMON, *names))


def fetched(
    fields: Sequence[Field], *names: str, sometimes: Sequence[str] = ()
) -> tuple[Field, ...]:
    """The fields, those named marked as known to the forge's API only, or `sometimes`: when the
    body does not tell."""
    return tuple(
        replace(f, fetched=f.fetched or f.name in names, completed=f.name in sometimes)
        for f in fields
    )


def head_key(instance: str, project_id: str, sha: str) -> str:
    """The state key that holds the merge request a commit is the head of."""
    return f"head:{instance}:{project_id}:{sha}"


def make_event(
    source: Source,
    payload: Payload,
    *,
    kind: str,
    names: Sequence[str],
    project: Project | None,
    actor: Person | None,
    subject: Any,  # the family's own class, as in Event
    about: Sequence[tuple[str, str]],
    fields: Mapping[str, Value | None],
    url: str = "",
    confidential: bool = False,
    sha: str = "",
    group: str = "",
    private: bool = False,
    late: Mapping[str, Callable[[], Value]] | None = None,
) -> Event:
    """An Event with the common fields filled in and those that are None left out.

    `about`: (kind, ident) of each subject, what the event is about first; one without an ident is
    left out, and when none is left the family itself is the subject. `sha`: a commit whose merge
    request is one more subject, if one is known by then.
    `group`: for what belongs to a group and to no project. `private`: what a public project shows
    to its members only; it is treated as a private project's. `late`: fields that few rules ask
    for and that are long in the making.
    """
    if private and project:
        project = replace(project, visibility="private")
    scope = project.id if project else f"groups/{group}" if group else "-"
    common: dict[str, Value | None] = {
        "forge": source.forge,
        "instance": source.instance,
        "project": (project.path or None) if project else None,
        "group": (project.group if project else group) or None,
        "default_branch": (project.default_branch or None) if project else None,
        "visibility": (project.visibility or None) if project else "private" if private else None,
        "actor": actor,
        "bot": actor.bot if actor else None,
        "confidential": confidential,
        # Whoever knows better says so: `Surroundings`.
        "late": False,
        "url": url or None,
    }
    known = {k: v for k, v in {**common, **fields}.items() if v is not None}
    return Event(
        forge=source.forge,
        instance=source.instance,
        kind=kind,
        names=tuple(names),
        project=project,
        actor=actor,
        subject=subject,
        subjects=tuple(
            subject_key(source.instance, scope, *item)
            for item in dict.fromkeys(item for item in about if item[1]) or ((kind, "-"),)
        ),
        fields=_Fields(known, late) if late else known,
        url=url,
        confidential=confidential,
        links=(head_key(source.instance, scope, sha),) if sha and project else (),
        payload=payload.value,
    )


class _Fields(Mapping[str, Value]):
    """Fields of which some are made when somebody asks for them."""

    __slots__ = ("_known", "_late")

    def __init__(self, known: dict[str, Value], late: Mapping[str, Callable[[], Value]]) -> None:
        self._known = known
        self._late = dict(late)

    @override
    def __getitem__(self, name: str) -> Value:
        if name in self._late:
            self._known[name] = self._late.pop(name)()
        return self._known[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter((*self._known, *self._late))

    @override
    def __len__(self) -> int:
        return len(self._known) + len(self._late)

    @override
    def __repr__(self) -> str:
        return repr(dict(self))
