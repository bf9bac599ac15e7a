"""The language's twelve worked examples behave as written; what is expected was worked out by hand.

The rules are in `examples/`; here are the tests that stand below them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bot.rules.load import load
from bot.rules.testing import coverage, run_tests
from bot.slack.mrkdwn import render

FOLDER: Final = Path(__file__).parent / "examples"
HEAD: Final = """
channels:
  dev: C0DEV0001
  ci: C0CI00001
  triage: C0TRIAGE1
  releases: C0REL0001
  security: {id: C0SEC0001, confidential: true}
people: {alice: U0ALICE01, bob: U0BOB0001}
groups: {payments-leads: S0PAYLEAD}
hours: {work: {days: mon-fri, from: "09:00", to: "18:00"}}
"""
TESTS: Final = {
    "01-simplest": """
- name: a push to main below group, and no other
  given:
  - {event: push, with: {project: group/a}}
  - {event: push, with: {project: group/b/c}}
  - {event: push, with: {project: group/a, branch: next}}
  - {event: push, with: {project: other/a}}
  expect: [{post: dev, text_contains: group/a}, {post: dev, text_contains: group/b/c}]
""",
    "02-own-text": """
- name: its author, when somebody else made it ready, its link and labels
  api: {author: alice}
  given: [{event: mr.ready, with: {project: payments/x, actor: bob, labels: [api, big], title: T}}]
  expect: [{post: dev, text: '/^<@U0ALICE01> opened <https:.*\\|!7 T> · api, big$/'}]
- name: without labels no dot, and nobody is pinged for their own
  given: [{event: mr.opened, with: {project: payments/x, title: T, labels: []}}]
  expect: [{post: dev, text: '/^Alice opened <https:.*\\|!7 T>$/'}]
- name: not the sandbox, drafts, machines, other targets, work in progress, other projects
  given:
  - {event: mr.opened, with: {project: payments/sandbox/x}}
  - {event: mr.opened, with: {project: payments/x, draft: true}}
  - {event: mr.opened, with: {project: payments/x, actor: project_3_bot_1}}
  - {event: mr.opened, with: {project: payments/x, target: release/1}}
  - {event: mr.opened, with: {project: payments/x, title: "WIP: T"}}
  - {event: mr.opened, with: {project: shop/x}}
  expect: []
""",
    "03-threads": """
- name: a card that follows comments, reviews and pipelines, and not the state
  given: [{event: mr.opened}, {event: comment.mr}, {event: mr.approved}, {event: mr.merged}]
  expect:
  - {card: dev}
  - {card: dev, edit: true}
  - {reply: dev, text_contains: accents, broadcast: false}
  - {card: dev, edit: true}
  - {reply: dev, text_contains: Bob}
  - {react: dev, emoji: white_check_mark}
  - {card: dev, edit: true}
- name: own words and own reactions
  given:
  - {event: mr.opened, with: {project: payments/x}}
  - {event: mr.pushed, with: {project: payments/x}}
  - {event: pipeline.mr, with: {project: payments/x, status: failed}}
  - {event: comment.mr, with: {project: payments/x, comment.text: "No\\nmore"}}
  - {event: mr.changes_requested, with: {project: payments/x, actor: bob}}
  - {event: mr.approved, with: {project: payments/x}}
  - {event: mr.unapproved, with: {project: payments/x}}
  - {event: mr.merged, with: {project: payments/x}}
  expect:
  - {card: dev, rule: MR card}
  - {card: dev, edit: true}
  - {card: dev, edit: true}
  - {react: dev, emoji: x}
  - {card: dev, edit: true}
  - {reply: dev, text: "Bob: No more", broadcast: false}
  - {card: dev, edit: true}
  - {reply: dev, text: {starts: "Bob:"}}
  - {card: dev, edit: true}
  - {react: dev, emoji: white_check_mark}
  - {card: dev, edit: true}
  - {react: dev, emoji: -white_check_mark}
  - {card: dev, edit: true}
  - {react: dev, emoji: tada}
""",
    "04-transitions": """
- name: main breaks, stays broken, heals - two messages
  at: "2026-03-02 10:00"
  given:
  - {event: pipeline.failed, with: {project: shop/api, author: bob, actor: bob, id: 1}}
  - {after: 5m, event: pipeline.failed, with: {project: shop/api, branch: main, id: 2}}
  - {after: 5m, event: pipeline.success, with: {project: shop/api, branch: main, id: 3}}
  - {after: 5m, event: pipeline.success, with: {project: shop/api, branch: main, id: 4}}
  expect:
  - {post: ci, text: '/^<@U0\\w+> 🔴 shop\\/api main: .*unit.* <https:.*\\|log>$/', thread: branch}
  - {reply: ci, text: 🟢 fixed after 10 min, thread: branch, broadcast: true}
- name: late ones are ignored, others' branches too
  given:
  - {event: pipeline.success, with: {id: 9}}
  - {after: 1m, event: pipeline.failed, with: {id: 8}}
  - {after: 1m, event: pipeline.failed, with: {id: 10, branch: wip}}
  - {after: 1m, event: pipeline.failed, with: {id: 11, branch: release/2}}
  expect: [{post: ci, text_contains: release/2}]
""",
    "05-paths": """
- name: the first time it touches the API, with no page of text among it
  given:
  - {event: mr.opened, with: {project: shop/mono}, api: {paths: [web/a.ts]}}
  - {event: mr.pushed, with: {project: shop/mono}, api: {paths: [proto/x.proto, proto/x.md]}}
  - {event: mr.pushed, with: {project: shop/mono}, api: {paths: [web/a.ts, proto/x.proto]}}
  - {event: mr.pushed, with: {project: shop/mono}, api: {paths: [services/api/b/c.py]}}
  - {event: mr.opened, with: {project: shop/api}}
  expect: [{post: "#team-api", thread: mr}]
""",
    "06-labels": """
- name: every label that maps, once for each channel, else the default
  given:
  - {event: mr.opened, with: {iid: 1, labels: ["area::api", urgent]}}
  - {event: mr.labeled, with: {iid: 1, labels: ["area::api", "area::web"]}}
  - {event: mr.opened, with: {iid: 2, labels: [urgent]}}
  - {event: mr.labeled, with: {iid: 2, labels: [urgent, section]}}
  expect:
  - {post: dev, text_contains: "!1"}
  - {post: ci, text_contains: "!1"}
  - {post: triage, text_contains: "!2"}
  - {post: security, text_contains: "!2"}
""",
    "07-folding": """
- name: pushes are folded, until it is quiet
  at: "2026-03-02 10:00"
  given:
  - {event: push, with: {project: docs/a, actor: alice}}
  - {after: 4m, event: push, with: {project: docs/a, actor: bob}}
  - {after: 4m, event: push, with: {project: docs/a, actor: alice}}
  - {event: push, with: {project: docs/a/deep}}
  - {after: 6m}
  expect: [{post: dev, text: "3 pushes to docs/a by Alice, Bob"}]
- name: machines are told of in the morning
  at: "2026-03-02 10:00"
  given:
  - {event: mr.opened, with: {iid: 1, actor: project_1_bot}}
  - {event: mr.opened, with: {iid: 2, actor: project_1_bot}}
  - {after: 23h}
  expect: [{post: triage, rule: machines}]
- name: the list names what lies for a day, and goes on working days
  at: "2026-03-06 08:00"
  given:
  - {event: mr.opened, with: {iid: 1, project: payments/x, title: Old, reviewers: [bob]}}
  - {event: mr.opened, with: {iid: 2, project: shop/x, title: Elsewhere}}
  - {event: mr.opened, with: {iid: 3, project: payments/x, title: Draft, draft: true}}
  - {event: mr.opened, with: {iid: 4, project: payments/x, title: Done}}
  - {after: 1h, event: mr.merged, with: {iid: 4, project: payments/x, title: Done}}
  - {after: 70h, event: mr.opened, with: {iid: 5, project: payments/x, title: New}}
  - {after: 3h}
  expect:
  - post: dev
    text: '/(?s)^\\*1 waiting for review\\*\\n• <[^>]*\\|!1 Old> 3 d(ays)? .*<@U0BOB0001>\\s*$/'
""",
    "08-hours": """
- name: production always, staging by day and not more often than every quarter of an hour
  at: "2026-03-02 07:00"
  given:
  - {event: deployment.success, with: {environment: production, id: 1}}
  - {event: deployment.failed, with: {environment: staging, id: 2}}
  - {after: 2h, event: deployment.failed, with: {environment: staging, id: 3}}
  - {after: 5m, event: deployment.failed, with: {environment: staging, id: 4}}
  - {after: 5m, event: deployment.failed, with: {environment: production, id: 5}}
  - {after: 10m}
  expect:
  - {post: releases}
  - {post: ci}
  - {post: releases}
  - {post: ci, text: {starts: +1 more}}
""",
    "09-people": """
- name: the one who is asked hears of it, with the size
  api: {additions: 12, deletions: 3, author: alice}
  given: [{event: mr.review_requested, with: {actor: alice, reviewers: [bob]}}]
  expect: [{dm: bob, text: '/^Alice asks you to review <.*> \\(\\+12 −3\\)$/'}]
- name: a reminder after two days, at ten
  at: "2026-03-02 09:00"
  api: {additions: 12, deletions: 3, author: alice}
  given:
  - {event: mr.review_requested, with: {actor: alice, reviewers: [bob]}}
  - {after: 50h}
  expect: [{dm: bob, rule: you were asked}, {dm: bob, rule: reminder}]
- name: a big change is told once, to its reviewers and the leads
  api: {additions: 400, deletions: 101}
  given:
  - {event: mr.opened, with: {draft: true}}
  - {event: mr.pushed, with: {reviewers: [bob]}}
  - {event: mr.pushed, with: {reviewers: [bob]}}
  expect: [{post: dev, text: '/<@U0BOB0001> <!subteam\\^S0PAYLEAD>/'}]
- name: a secret goes to the channel for secrets, and to alice, once
  given:
  - {event: issue.opened, with: {confidential: true, labels: [security], actor: bob}}
  - {event: issue.labeled, with: {confidential: true, labels: [security], actor: bob}}
  - {event: issue.opened, with: {iid: 9, labels: [security], actor: bob}}
  - {event: issue.opened, with: {iid: 10, confidential: true, actor: bob}}
  expect: [{post: security}, {dm: alice}]
""",
    "10-forge": """
- name: a developer's word starts it
  given:
  - event: comment.mr
    with: {project: shop/mono, comment.text: /e2e now}
    api: {actor_role: developer}
  expect:
  - {pipeline: search}
  - {comment: "shop/mono!7"}
  - {webhook: "${secret:E2E_HOOK}"}
- name: no guest's, no other word, no edit
  api: {actor_role: guest}
  given:
  - {event: comment.mr, with: {project: shop/mono, comment.text: /e2e}}
  - {event: comment.mr, with: {project: shop/mono, comment.text: see /e2e}}
  - {event: comment.edited, with: {project: shop/mono, comment.text: /e2e}}
  expect: []
""",
    "11-first": """
- name: the mirror is silent, each tag has one place, what nobody wanted is told within the hour
  given:
  - {event: tag, with: {project: mirror/x, tag: v1.0.0}}
  - {event: tag, with: {project: shop/x, tag: v1.0.0-rc1}}
  - {event: tag, with: {project: shop/x, tag: v1.0.0}}
  - {event: tag, with: {project: shop/x, tag: v1.0.1}}
  - {event: push, with: {project: shop/x}}
  - {after: 61m}
  expect:
  - {post: dev, text: {not: {contains: "<!here>"}}}
  - {post: releases, text_contains: "<!here>"}
  - {post: dev, text_contains: "<!here>"}
  - {post: ci}
  - {post: triage, rule: nobody wanted it}
""",
    "12-macros": """
- name: each use has its own projects, channel and labels; a parent hands down
  given:
  - {event: mr.opened, with: {project: payments/x, iid: 1, labels: []}}
  - {event: mr.opened, with: {project: shop/web, iid: 2, labels: []}}
  - {event: mr.opened, with: {project: shop/api, iid: 3, labels: [urgent]}}
  - {event: pipeline.failed, with: {project: payments/x}}
  - {event: pipeline.failed, with: {project: shop/web}}
  - {event: push, with: {project: infra/x, branch: main}}
  - {event: push, with: {project: infra/x, branch: next}}
  - {event: push, with: {project: infra/x, branch: main, actor: project_1_bot}}
  - {event: mr.merged, with: {project: infra/x}}
  expect:
  - {card: dev}
  - {card: triage}
  - {post: dev, text_contains: payments/x}
  - {post: triage, text_contains: shop/web}
  - {post: ci, text_contains: infra/x}
  - {post: ci}
""",
}


def test_every_example_has_tests() -> None:
    assert sorted(TESTS) == sorted(path.stem for path in FOLDER.glob("*.yaml"))
    assert len(TESTS) == 12


@pytest.mark.parametrize("name", TESTS)
def test_an_example_loads_without_a_warning(name: str) -> None:
    ruleset = load({"rules.yaml": whole(name)}, "rules.yaml")
    # The fifth has `once` and no name, which another spelling of it would lose.
    told = [fault.text for fault in ruleset.warnings if "is not used" not in fault.text]
    assert told == (["a rule with `once` needs a `name`"] if name == "05-paths" else [])


@pytest.mark.parametrize("name", TESTS)
def test_an_example_behaves_as_written(name: str) -> None:
    ruleset = load({"rules.yaml": whole(name)}, "rules.yaml")
    results = run_tests(ruleset, render=render)
    told = [
        "\n".join((result.test.name, problem.text, *problem.diff))
        for result in results
        for problem in result.problems
    ]
    assert told == []
    assert [rule.name for rule in coverage(ruleset, results).missed] == []


def whole(name: str) -> str:
    rules = (FOLDER / f"{name}.yaml").read_text("utf-8")
    return f"{HEAD}{rules}\ntests:{TESTS[name]}"
