"""What `init` reads and what it hands on: frozen, no I/O.

A repository comes in as a `Checkout`, leaves as a `Draft`. In between stand workflows as their files say it (`Workflow`, `Job`, `Step`) and
suites as a hunt needs them (`Suite`). What could not be known is text in `unknown` of what it concerns, never a value made up.
"""

from collections.abc import Callable

import msgspec

Pairs = tuple[tuple[str, str], ...]


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """A repository: the paths of its files relative to its top (no contents of ignored folders), and how to read one.

    `read` gives None for what is not there or not text. `folder` is the one that the user asked about, "" for the whole repository.
    """

    paths: tuple[str, ...]
    read: Callable[[str], str | None]
    folder: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a job: an action or a script."""

    uses: str = ""
    inputs: Pairs = ()
    run: str = ""
    env: Pairs = ()
    folder: str = ""
    condition: str = ""
    shell: str = ""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service container. `ports` are pairs of host port ("" for any) and container port."""

    name: str
    image: str
    env: Pairs = ()
    options: str = ""
    ports: Pairs = ()
    volumes: tuple[str, ...] = ()
    credentials: Pairs = ()

    def host_ports(self) -> dict[str, str]:
        """Container port by the host's port."""
        return {host or inner: inner for host, inner in self.ports}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `combinations` are those of its matrix, one empty one where it has none; names in them are as in `matrix.NAME`.

    `inputs` are what the caller of a reusable workflow gives, by `inputs.NAME`; `path` is the file that the job's steps stand in.
    `container` is the image that the job itself runs in, "" for none: services have their names there already.
    """

    id: str
    path: str
    runs_on: tuple[str, ...] = ()
    combinations: tuple[Pairs, ...] = ((),)
    matrix_is_known: bool = True
    env: Pairs = ()
    inputs: Pairs = ()
    folder: str = ""
    services: tuple[Service, ...] = ()
    container: str = ""
    steps: tuple[Step, ...] = ()
    condition: str = ""


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow file. `filters` are those of its pull_request trigger, as (key, values)."""

    path: str
    triggers: tuple[str, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    jobs: tuple[Job, ...] = ()


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One command in the end, after make, tox, nox and the like have been looked through.

    `text` is the command as a shell takes it, `words` the same unquoted up to the first pipe or redirection; `folder` is relative to the
    repository; `implied` marks what a tool does by itself, such as `uv run` syncing first; `via` names the tool that was looked through.
    """

    text: str
    words: tuple[str, ...]
    env: Pairs = ()
    folder: str = ""
    implied: bool = False
    via: str = ""
    pythons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """One pytest run of the project, as the action needs it.

    `install` are lines of a shell script that is run in `folder`; `install_from` says where they come from. `left_out` are parts of the
    pytest line that a hunt sets itself. `renamed` tells of each variable that was rewritten what it was. `unknown` is what a person must
    fill in: (input of the action or "", what to fill in).
    """

    key: str = ""
    source: str = ""
    job: str = ""
    pytest_line: str = ""
    runs_on: tuple[str, ...] = ("ubuntu-latest",)
    folder: str = ""
    install: tuple[str, ...] = ()
    install_from: str = ""
    pythons: tuple[str, ...] = ()
    pytest_args: str = ""
    left_out: tuple[str, ...] = ()
    workers: str = ""
    dist: str = ""
    env: Pairs = ()
    renamed: Pairs = ()
    services: tuple[Service, ...] = ()
    checkout: Pairs = ()
    not_carried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unknown: Pairs = ()
    via: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be: its path relative to the repository's top, what stands there now (None: nothing), what should, and its questions."""

    path: str
    before: str | None
    after: str
    asks: tuple[str, ...] = ()

    @property
    def is_new_or_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` proposes.

    `workflows` are the files that were read and `broken` says of others why not; `read` tells what was found, `gaps` what was not read,
    `left_out` what was and is not in the pages, `unknown` what a person must fill in.
    """

    pages: tuple[Page, ...]
    workflows: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
