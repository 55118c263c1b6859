"""Whether something on GitHub was written by us.

Owns who we are: the owner of the token, asked once and only when it matters. A marker alone proves nothing, since anybody can copy it.
"""

from github import Github, GithubException
from github.NamedUser import NamedUser
from github.Organization import Organization

from flaky_detector.adapters.github.connection import is_limit


class Authorship:
    """Answers for one token."""

    def __init__(self, client: Github) -> None:
        self._client = client
        self._login: str | None = None

    def is_ours(self, author: NamedUser | Organization | None) -> bool:
        """Whether the token's owner is the author; for an app's token, which may not ask who it is, whether an app is.

        None is somebody whose account is gone.
        """
        if author is None:
            return False
        if self._login is None:
            self._login = self._who_am_i()
        return author.login == self._login if self._login else author.type == "Bot"

    def _who_am_i(self) -> str:
        """The login; "" for an app's token, the workflow's own among them."""
        try:
            return self._client.get_user().login
        except GithubException as error:
            if error.status in {403, 404} and not is_limit(error):
                return ""
            raise
