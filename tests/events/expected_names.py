"""What each recorded delivery of the corpus is called, written by hand from the deliveries and from
the forges' documentation; never from what the program says."""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
branch_protection_rule__created-01  protection.created
branch_protection_rule__deleted-03  protection.deleted
branch_protection_rule__edited-04  protection.edited
check_run__completed-01  job.echoed
check_run__completed-03  job.success
check_run__created-04  job.pending
check_run__requested_action-06  job.started
check_run__rerequested-08  job.pending
check_suite__completed-00  pipeline.success
check_suite__completed-02  pipeline.success
check_suite__requested-04  pipeline.pending
check_suite__requested-06  pipeline.pending
check_suite__rerequested-08  pipeline.pending
code_scanning_alert__closed_by_user-01  vulnerability.dismissed
code_scanning_alert__fixed-03  vulnerability.resolved
code_scanning_alert__reopened-04  vulnerability.reopened
commit_comment__created-00  comment.commit comment
commit_comment__created-02  comment.commit comment
commit_comment__created-04  comment.commit comment
create__payload-00  ref.created
create__payload-02  ref.created
create__payload-04  ref.created
delete__payload-00  ref.deleted
delete__payload-02  ref.deleted
dependabot_alert__created-01  vulnerability.detected
dependabot_alert__fixed-02  vulnerability.resolved
deploy_key__created-00  deploy_key.created
deployment__created-00  deployment.created
deployment__created-02  deployment.created
deployment_review__requested-00  deployment.blocked
deployment_status__created-00  deployment.success
deployment_status__created-02  deployment.success
discussion__answered-01  discussion.answered
discussion__created-00  discussion.created
discussion__edited-04  discussion.updated
discussion__labeled-06  discussion.labeled
discussion__locked-08  discussion.updated
discussion__pinned-10  discussion.updated
discussion__unanswered-12  discussion.unanswered
discussion__unlocked-14  discussion.updated
discussion_comment__created-00  comment.discussion comment
discussion_comment__deleted-02  comment.deleted
fork__payload-00  fork
fork__payload-02  fork
github_app_authorization__revoked-00  app.unauthorized
gollum__payload-00  wiki.edited
gollum__payload-02  wiki.edited
installation__created-01  app.installed
installation__deleted-00  app.removed
installation__new_permissions_accepted-04  app.permissions_accepted
installation__unsuspend-06  app.unsuspended
installation_repositories__added-00  app.projects_added
installation_repositories__removed-02  app.projects_removed
issue_comment__created-00  comment.issue comment
issue_comment__created-02  comment.issue comment
issue_comment__created-04  comment.issue comment
issue_comment__deleted-06  comment.deleted
issue_comment__edited-08  comment.edited
issues__assigned-01  issue.assigned
issues__assigned-03  issue.assigned
issues__demilestoned-05  issue.updated
issues__edited-00  issue.updated
issues__edited-08  issue.updated
issues__labeled-10  issue.labeled
issues__locked-12  issue.updated
issues__milestoned-14  issue.updated
issues__opened-16  issue.opened
issues__opened-18  issue.opened
issues__reopened-20  issue.reopened
issues__unassigned-22  issue.updated
issues__unlabeled-24  issue.updated
issues__unlocked-26  issue.updated
issues__unpinned-28  issue.updated
label__created-01  label.created
label__created-03  label.created
label__deleted-04  label.deleted
marketplace_purchase__cancelled-01  purchase.canceled
marketplace_purchase__purchased-00  purchase.made
member__added-00  member.added
member__added-02  member.added
membership__added-01  member.added
membership__removed-02  member.removed
membership__removed-04  member.removed
merge_group__checks_requested-00  merge_group.checking
meta__deleted-00  hook.deleted
milestone__closed-01  milestone.closed
milestone__created-00  milestone.created
milestone__deleted-04  milestone.deleted
org_block__blocked-00  member.blocked
org_block__blocked-02  member.blocked
organization__member_added-00  member.added
organization__member_added-02  member.added
organization__renamed-04  group.renamed
package__published-00  package.published
package__published-02  package.published
page_build__payload-00  deployment.echoed
page_build__payload-02  deployment.echoed
ping__payload-00
ping__payload-02
project__created-00  board.created
project__created-02  board.created
project_card__created-00  board_item.created
project_card__created-02  board_item.created
project_card__created-04  board_item.created
project_card__deleted-06  board_item.deleted
project_card__moved-08  board_item.moved
project_column__created-00  board_column.created
project_column__created-02  board_column.created
projects_v2_item__archived-01  board_item.archived
projects_v2_item__created-00  board_item.created
projects_v2_item__edited-04  board_item.edited
projects_v2_item__restored-06  board_item.restored
public__payload-00  project.echoed
public__payload-02  project.echoed
pull_request__assigned-01  mr.assigned
pull_request__closed-03  mr.closed
pull_request__converted_to_draft-05  mr.drafted
pull_request__converted_to_draft-07  mr.drafted
pull_request__labeled-09  mr.labeled
pull_request__locked-11  mr.updated
pull_request__opened-12  mr.opened
pull_request__opened-14  mr.opened
pull_request__ready_for_review-16  mr.ready
pull_request__reopened-18  mr.reopened
pull_request__review_request_removed-20  mr.updated
pull_request__synchronize-22  mr.pushed
pull_request__unassigned-24  mr.updated
pull_request__unlabeled-26  mr.updated
pull_request__unlocked-28  mr.updated
pull_request_review__dismissed-01  mr.unapproved
pull_request_review__submitted-02  mr.reviewed
pull_request_review_comment__created-00  comment.mr comment
pull_request_review_comment__created-02  comment.mr comment
pull_request_review_comment__edited-04  comment.edited
pull_request_review_thread__resolved-00  mr.thread_resolved
pull_request_review_thread__unresolved-02  mr.thread_reopened
push__payload-00  tag
push__payload-02  tag.deleted
push__payload-04  branch.created push
push__payload-06  tag.deleted
release__created-01  release.created
release__created-03  release.created
release__deleted-05  release.deleted
release__edited-07  release.edited
release__prereleased-09  release.prereleased
release__published-10  release
release__released-12  release.released
repository__created-01  project.created
repository__edited-03  project.updated
repository__privatized-05  project.privatized
repository__publicized-00  project.publicized
repository__publicized-08  project.publicized
repository__transferred-10  project.transferred
repository__transferred-12  project.transferred
repository_dispatch__on-demand-test-00  dispatch.project
repository_import__payload-00  project.imported
repository_vulnerability_alert__create-00  vulnerability.detected
repository_vulnerability_alert__create-02  vulnerability.detected
security_advisory__published-00  advisory.published
security_advisory__updated-02  advisory.updated
sponsorship__created-00  sponsorship.created
sponsorship__pending_tier_change-01  sponsorship.tier_change_pending
star__created-00  star.added
star__deleted-02  star.removed
status__payload-00  pipeline.success
status__payload-02  pipeline.success
team__added_to_repository-00  team.added
team__created-02  team.created
team__edited-04  team.edited
team_add__payload-00  team.echoed
team_add__payload-02  team.echoed
watch__started-00  star.echoed
watch__started-02  star.echoed
workflow_dispatch__payload-00  dispatch.workflow
workflow_job__completed-01  job.failed
workflow_job__in_progress-00  job.started
workflow_job__in_progress-04  job.started
workflow_job__queued-06  job.manual
workflow_run__completed-00  pipeline.pending
workflow_run__completed-02  pipeline.success
workflow_run__requested-04  pipeline.manual
10.6__build__10-build-events  job.created
10.6__issue__02-issues-events-issues  issue.opened
10.6__merge_request__07-merge-request-events  mr.opened
10.6__note__03-comment-on-commit  comment.commit comment
10.6__note__04-comment-on-merge-request  comment.mr comment
10.6__note__05-comment-on-issue  comment.issue comment
10.6__note__06-comment-on-code-snippet  comment.snippet comment
10.6__pipeline__09-pipeline-events  pipeline.success
10.6__push__00-push-events  push
10.6__system-user_add_to_group__15-hooks-request-example  member.added
10.6__system-user_add_to_team__05-hooks-request-example  member.added
10.6__system-user_remove_from_group__16-hooks-request-example  member.removed
10.6__system-user_remove_from_team__06-hooks-request-example  member.removed
10.6__tag_push__01-tag-events  tag
10.6__wiki_page__08-wiki-page-events  wiki.created
17.9__emoji__emoji-award-note  emoji.awarded
17.9__member__access-request-denied  member.request_withdrawn
17.9__member__access-request  member.requested
17.9__member__add-member-to-group  member.added
17.9__member__remove-member  member.removed
17.9__member__update-member  member.updated
17.9__project__project-create  project.created
17.9__project__project-destroy  project.deleted
17.9__subgroup__subgroup-create  group.created
17.9__subgroup__subgroup-destroy  group.deleted
19__milestone__milestone-create  milestone.created
19__resource_access_token__expiring-access-token-group  access_token.expiring
19__resource_deploy_token__expiring-deploy-token-project  deploy_token.expiring
19__vulnerability__vulnerability-confirmed  vulnerability.confirmed
deployment__deployment  deployment.success
feature_flag__feature_flag  feature_flag.enabled
issue__issue  issue.opened
job__build  job.created
job__job  job.success
member__member  member.added
merge_request__group_merge_request  mr.merged
merge_request__merge_request  mr.opened mr.review_requested
merge_request__service_merge_request  mr.pushed
note__note_commit  comment.commit comment
note__note_issue  comment.issue comment
note__note_merge_request  comment.mr comment
note__note_snippet  comment.snippet comment
pipeline__pipeline  pipeline.success
push__push  push
release__release  release
resource_access_token__resource_access_token_group  access_token.expiring
resource_access_token__resource_access_token_project  access_token.expiring
subgroup__subgroup  group.created
system-group_create__group_create  group.created
system-group_destroy__group_destroy  group.deleted
system-group_rename__group_rename  group.renamed
system-key_create__key_create  key.created
system-key_destroy__key_destroy  key.deleted
system-merge_request__merge_request  mr.updated
system-project_create__project_create  project.created
system-project_destroy__project_destroy  project.deleted
system-project_rename__project_rename  project.renamed
system-project_transfer__project_transfer  project.transferred
system-project_update__project_update  project.updated
system-push__push  push
system-repository_update__repository_update  repository.updated
system-tag_push__tag_push  tag
system-user_add_to_group__user_add_to_group  member.added
system-user_add_to_team__user_add_to_team  member.added
system-user_create__user_create  user.created
system-user_destroy__user_destroy  user.deleted
system-user_failed_login__user_failed_login  user.login_failed
system-user_remove_from_group__user_remove_from_group  member.removed
system-user_remove_from_team__user_remove_from_team  member.removed
system-user_rename__user_rename  user.renamed
system-user_update_for_group__user_update_for_group  member.updated
system-user_update_for_team__user_update_for_team  member.updated
tag_push__tag_push  tag
wiki_page__wiki_page  wiki.created
"""


def _read() -> dict[str, tuple[str, ...]]:
    rows = [line.split() for line in _TABLE.strip().splitlines()]
    return {name: tuple(names) for name, *names in rows}


#: By file, without its folder, its collection (`octokit__`, `go-gitlab__`, `gitlab-docs-`) and
#: `.json`. Order does not count.
EXPECTED: Final = _read()
