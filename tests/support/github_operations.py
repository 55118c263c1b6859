"""The operations of the GitHub on loopback: each takes the state, a request and the names in its path, and answers.

Owns the table of what this GitHub can do. A new operation is a function here, a line in `OPERATIONS`, and a line in
scripts/cut_github_description.py. Must not know the server.
"""

from collections.abc import Callable
from typing import Any

from tests.support.description import description
from tests.support.github_state import State, now, page
from tests.support.github_wire import Call, Reply, error

REPOSITORY = "/repos/{owner}/{repo}"
COMMENTS = REPOSITORY + "/issues/{issue_number}/comments"
COMMENT = REPOSITORY + "/issues/comments/{comment_id}"
REACTIONS = COMMENT + "/reactions"
ISSUES = REPOSITORY + "/issues"
ISSUE = REPOSITORY + "/issues/{issue_number}"
ISSUE_LABELS = ISSUE + "/labels"
ISSUE_LABEL = ISSUE_LABELS + "/{name}"
LABELS = REPOSITORY + "/labels"
LABEL = LABELS + "/{name}"
PULLS = REPOSITORY + "/pulls"
PULL = REPOSITORY + "/pulls/{pull_number}"
COMPARE = REPOSITORY + "/compare/{basehead}"
PERMISSION = REPOSITORY + "/collaborators/{username}/permission"
RUN = REPOSITORY + "/actions/runs/{run_id}"
JOBS = RUN + "/jobs"
ATTEMPT_JOBS = RUN + "/attempts/{attempt_number}/jobs"
JOB_LOG = REPOSITORY + "/actions/jobs/{job_id}/logs"
ARTIFACTS = REPOSITORY + "/actions/runs/{run_id}/artifacts"
ARCHIVE = REPOSITORY + "/actions/artifacts/{artifact_id}/{archive_format}"

NO_PERMISSION = "Resource not accessible by integration"
LONGEST_BODY = 65_536
LEGACY = {"maintain": "write", "triage": "read"}
"""GitHub tells the role, and a permission of the four that there were before there were roles."""

Names = dict[str, str]
Operation = Callable[[State, Call, Names], Reply]


def not_found() -> Reply:
    """GitHub's answer for what is not there, or may not be seen."""
    return Reply(404, error("Not Found"))


def _refused_body(resource: str) -> Reply:
    told = {"resource": resource, "code": "unprocessable", "field": "data", "message": "Body is too long (maximum is 65536 characters)"}
    return Reply(422, error("Validation Failed", errors=[told]))


def user(state: State, _call: Call, _names: Names) -> Reply:
    """Who the token's owner is; an app's token may not ask."""
    if not state.login:
        return Reply(403, error(NO_PERMISSION))
    document = description().example("private-user-response-with-public-and-private-profile-information")
    return Reply(200, document | {"login": state.login, "user_view_type": "private"})  # the example lacks the discriminator


def pull(state: State, _call: Call, names: Names) -> Reply:
    if int(names["pull_number"]) != state.pull_request:
        return not_found()
    return Reply(200, state.pull(description().example("pull-request")))


def compare(state: State, _call: Call, names: Names) -> Reply:
    """What the head has that the base has not; both are commits."""
    document = description().example("commit-comparison")
    document["merge_base_commit"]["sha"] = state.merge_base
    return Reply(200, document | {"ahead_by": state.ahead_by, "total_commits": state.ahead_by})


def list_pulls(state: State, call: Call, _names: Names) -> Reply:
    """The open pull requests of one head, `owner:branch`."""
    found = call.query.get("head") == [state.head] and state.pull_state == "open"
    return page(state, call, [state.pull(description().example("pull-request-simple-items")[0])] if found else [])


def permission(state: State, _call: Call, names: Names) -> Reply:
    """What a person may do here; those that no test names may read, as in any public repository."""
    document = description().example("repository-collaborator-permission-response-if-user-has-admin-permissions")
    role = state.permissions.get(names["username"], "read")
    document["user"] |= {"login": names["username"], "role_name": role}  # the example lacks a member that the schema asks for
    return Reply(200, document | {"permission": LEGACY.get(role, role), "role_name": role})


def list_comments(state: State, call: Call, names: Names) -> Reply:
    number = int(names["issue_number"])
    return page(state, call, state.comments_on(number)) if state.has_conversation(number) else not_found()


def create_comment(state: State, call: Call, names: Names) -> Reply:
    number = int(names["issue_number"])
    if not state.has_conversation(number):
        return not_found()
    if len(call.body["body"]) > LONGEST_BODY:
        return _refused_body("IssueComment")
    comment = state.make_comment(number, state.me, call.body["body"])
    return Reply(201, comment, {"Location": comment["url"]})


def read_comment(state: State, _call: Call, names: Names) -> Reply:
    comment = state.comments.get(int(names["comment_id"]))
    return Reply(200, comment) if comment else not_found()


def edit_comment(state: State, call: Call, names: Names) -> Reply:
    """Only the author may, where the token is an app's; its permission to write covers nobody else's words."""
    comment = state.comments.get(int(names["comment_id"]))
    if comment is None:
        return not_found()
    if not _is_mine(state, comment):
        return Reply(403, error(NO_PERMISSION))
    if len(call.body["body"]) > LONGEST_BODY:
        return _refused_body("IssueComment")
    comment |= {"body": call.body["body"], "updated_at": now()}
    return Reply(200, comment)


def delete_comment(state: State, _call: Call, names: Names) -> Reply:
    comment = state.comments.get(int(names["comment_id"]))
    if comment is None:
        return not_found()
    if not _is_mine(state, comment):
        return Reply(403, error(NO_PERMISSION))
    del state.comments[comment["id"]]
    return Reply(204, None)


def _is_mine(state: State, comment: dict[str, Any]) -> bool:
    return bool(comment["user"]) and comment["user"]["login"] == state.me


def react(state: State, call: Call, names: Names) -> Reply:
    """200 where the same reaction is there already, as GitHub does."""
    number, content = int(names["comment_id"]), call.body["content"]
    if number not in state.comments:
        return not_found()
    code = 200 if (number, state.me, content) in state.reactions else 201
    if code == 201:
        state.reactions.append((number, state.me, content))
    document = description().example("reaction")
    document["user"] |= {"login": state.me}
    return Reply(code, document | {"content": content})


def list_reactions(state: State, call: Call, names: Names) -> Reply:
    found = [content for number, _, content in state.reactions if number == int(names["comment_id"])]
    return page(state, call, [description().example("reaction") | {"content": content} for content in found])


def list_issues(state: State, call: Call, _names: Names) -> Reply:
    wanted, labels = call.query.get("state", ["open"])[0], {name for names in call.query.get("labels", []) for name in names.split(",")}
    found = [issue for issue in state.issues.values() if labels <= {label["name"] for label in issue["labels"]}]
    return page(state, call, [issue for issue in found if wanted in {"all", issue["state"]}])


def create_issue(state: State, call: Call, _names: Names) -> Reply:
    if len(call.body.get("body") or "") > LONGEST_BODY:
        return _refused_body("Issue")
    return Reply(201, state.make_issue(state.me, call.body["title"], call.body.get("body"), call.body.get("labels", [])))


def read_issue(state: State, _call: Call, names: Names) -> Reply:
    issue = state.issues.get(int(names["issue_number"]))
    return Reply(200, issue) if issue else not_found()


def edit_issue(state: State, call: Call, names: Names) -> Reply:
    issue = state.issues.get(int(names["issue_number"]))
    if issue is None:
        return not_found()
    if len(call.body.get("body") or "") > LONGEST_BODY:
        return _refused_body("Issue")
    issue |= {key: value for key, value in call.body.items() if key in {"title", "body", "state", "state_reason"}}
    if "labels" in call.body:
        issue["labels"] = [state.label(name) for name in call.body["labels"]]
    issue |= {"updated_at": now(), "closed_at": now() if issue["state"] == "closed" else None}
    if "state" in call.body:
        issue["closed_by"] = state.author(state.me) if issue["state"] == "closed" else None
    return Reply(200, issue)


def label_issue(state: State, call: Call, names: Names) -> Reply:
    issue = state.issues.get(int(names["issue_number"]))
    if issue is None:
        return not_found()
    wanted = call.body["labels"] if isinstance(call.body, dict) else call.body
    there = {label["name"] for label in issue["labels"]}
    issue["labels"] += [state.label(name) for name in wanted if name not in there]
    return Reply(200, issue["labels"])


def unlabel_issue(state: State, _call: Call, names: Names) -> Reply:
    issue = state.issues.get(int(names["issue_number"]))
    if issue is None or names["name"] not in {label["name"] for label in issue["labels"]}:
        return not_found()
    issue["labels"] = [label for label in issue["labels"] if label["name"] != names["name"]]
    return Reply(200, issue["labels"])


def list_labels(state: State, call: Call, _names: Names) -> Reply:
    return page(state, call, list(state.labels.values()))


def create_label(state: State, call: Call, _names: Names) -> Reply:
    if call.body["name"] in state.labels:
        return Reply(422, error("Validation Failed", errors=[{"resource": "Label", "code": "already_exists", "field": "name"}]))
    return Reply(201, state.label(call.body["name"], call.body.get("color", "ededed"), call.body.get("description", "")))


def read_label(state: State, _call: Call, names: Names) -> Reply:
    label = state.labels.get(names["name"])
    return Reply(200, label) if label else not_found()


def run(state: State, _call: Call, names: Names) -> Reply:
    here = f"{state.url}/repos/acme/shop/actions/runs/{names['run_id']}"
    document = description().example("workflow-run")
    return Reply(200, document | {"id": int(names["run_id"]), "url": here, "artifacts_url": f"{here}/artifacts"})


def list_artifacts(state: State, call: Call, names: Names) -> Reply:
    items = [each for each in state.artifacts.values() if each["workflow_run"]["id"] == int(names["run_id"])]
    wanted = call.query.get("name")
    items = [each for each in items if not wanted or each["name"] == wanted[0]]
    reply = page(state, call, items)
    return Reply(200, {"total_count": len(items), "artifacts": reply.document}, reply.headers)


def archive(state: State, _call: Call, names: Names) -> Reply:
    return _in_store(state, names["artifact_id"])


def list_jobs(state: State, call: Call, names: Names) -> Reply:
    """Those of the newest attempt, unless all are asked for."""
    items = [job for job in state.jobs.values() if job["run_id"] == int(names["run_id"])]
    newest = max((job["run_attempt"] for job in items), default=1)
    is_all = call.query.get("filter") == ["all"]
    return _page_of_jobs(state, call, [job for job in items if is_all or job["run_attempt"] == newest])


def list_jobs_of_attempt(state: State, call: Call, names: Names) -> Reply:
    run_id, attempt = int(names["run_id"]), int(names["attempt_number"])
    return _page_of_jobs(state, call, [job for job in state.jobs.values() if (job["run_id"], job["run_attempt"]) == (run_id, attempt)])


def _page_of_jobs(state: State, call: Call, items: list[dict[str, Any]]) -> Reply:
    reply = page(state, call, items)
    return Reply(200, {"total_count": len(items), "jobs": reply.document}, reply.headers)


def job_log(state: State, _call: Call, names: Names) -> Reply:
    """GitHub has none of a job that was skipped or is not over, and none any more after some time."""
    if int(names["job_id"]) in state.expired:
        return Reply(410, error("Gone"))
    return _in_store(state, names["job_id"]) if f"/store/{names['job_id']}" in state.stored else not_found()


def _in_store(state: State, number: str) -> Reply:
    port = state.url.split(":")[2].split("/")[0]
    return Reply(302, None, {"Location": f"http://localhost:{port}/store/{number}"})


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/user"): user,
    ("GET", PULL): pull,
    ("GET", PULLS): list_pulls,
    ("GET", PERMISSION): permission,
    ("GET", COMPARE): compare,
    ("GET", COMMENTS): list_comments,
    ("POST", COMMENTS): create_comment,
    ("GET", COMMENT): read_comment,
    ("PATCH", COMMENT): edit_comment,
    ("DELETE", COMMENT): delete_comment,
    ("GET", REACTIONS): list_reactions,
    ("POST", REACTIONS): react,
    ("GET", ISSUES): list_issues,
    ("POST", ISSUES): create_issue,
    ("GET", ISSUE): read_issue,
    ("PATCH", ISSUE): edit_issue,
    ("POST", ISSUE_LABELS): label_issue,
    ("DELETE", ISSUE_LABEL): unlabel_issue,
    ("GET", LABELS): list_labels,
    ("POST", LABELS): create_label,
    ("GET", LABEL): read_label,
    ("GET", RUN): run,
    ("GET", JOBS): list_jobs,
    ("GET", ATTEMPT_JOBS): list_jobs_of_attempt,
    ("GET", JOB_LOG): job_log,
    ("GET", ARTIFACTS): list_artifacts,
    ("GET", ARCHIVE): archive,
}
