"""Which pull request a commit belongs to, where the event does not say.

Owns the look-up for `workflow_run` events: GitHub leaves `pull_requests` empty for a fork's run. Branch and owner come from the event,
never from an artifact, whose content is anybody's.
"""

import time
from collections.abc import Callable

from github import Github

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected


def find_pull_request(target: Target, head: str, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep) -> int:
    """The number of the open pull request whose head is `head` (`owner:branch`) at the target's commit; 0 where there is none.

    Raises:
        GitHubError: GitHub refused or could not be reached.
    """
    patience = patience or Patience()
    with connected(target, patience) as client:
        return Waiting(target, patience, sleep).until_answered("find the pull request", lambda: _number(client, target, head))


def _number(client: Github, target: Target, head: str) -> int:
    pulls = client.get_repo(target.repository).get_pulls(state="open", head=head)
    return next((pull.number for pull in pulls if pull.head.sha == target.head_sha), 0)
