"""Expected trouble: what happened, and what to do next.

Owns every exception that the program raises on purpose. A `FlakyDetectorError` is shown to the user as one line with a
hint and no traceback; anything else that reaches the command line is a bug of ours.
"""

import errno

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where there is no room, or no more of it for this user."""


class FlakyDetectorError(Exception):
    """Something that a user can mend.

    Args:
        message: what happened and where, one line.
        hint: what to do next, one line; may be empty.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SettingsError(FlakyDetectorError):
    """A bad option, key, value or path. Exit code 2."""


class SuiteError(FlakyDetectorError):
    """The suite could not be run: it does not collect, has no tests, or its dependencies did not install. Exit code 3."""

    exit_code = 3


class GitHubError(FlakyDetectorError):
    """GitHub refused or could not be reached. Never fatal for the analysis itself.

    `status` is the code of its refusal, 0 where there was none.
    """

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class NothingLeft(GitHubError):  # noqa: N818 -- often it is no error at all
    """A run has left nothing of ours. Who reads after every run must expect that: most runs of a green suite leave nothing."""


class HistoryError(FlakyDetectorError):
    """The history could not be written. Never fatal for the hunt itself."""


class Interrupted(FlakyDetectorError):  # noqa: N818 -- the word is xdist's and the shell's
    """Ctrl-C or SIGTERM; what was found so far has been written. Exit code 130.

    `so_far` is what the interrupted part had found out, None where there is nothing.
    """

    exit_code = 130
    so_far: object = None


class OutageError(Interrupted):
    """Something outside gave way: nothing more can be run, and what was found so far is kept. Exit code 3 where that is nothing."""

    exit_code = 3


class NoSpaceError(OutageError):
    """A disk is full."""


class NoServerError(OutageError):
    """The database server does not answer any more."""
