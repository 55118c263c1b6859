"""Plants for which more than one process is needed: what crosses over through a file, and what conflicts while both run.

Owns kinds 19 and 20 of the list in kinds.py. Must not know where they will stand.
"""

from itertools import pairwise

from bench.accuracy.carriers import Carried, Names
from bench.accuracy.maker import Maker, truth
from bench.accuracy.pieces import Lines, Plant
from bench.accuracy.truth import Check, State, Truth

CROSSES = ("victim", "cross-worker")  # what is left in a file breaks a worker, but not its own
HELD_SECONDS = 0.4
PORTS = (24000, 31000)


def _owned_file(n: Names) -> Carried:
    """A file that says which process wrote it: that process is immune."""
    at = f'{n.word}.FOLDER.joinpath("{n.word}.json")'
    return Carried(
        carrier="file in the tree, writer immune",
        imports=("import os", *n.imports),
        modules=n.module("from pathlib import Path", "", 'FOLDER = Path(__file__).parent / "data"', f"{n.shout} = []")
        | {f"{n.package}/data/README": "What the project keeps.\n"},
        put=((f"{at}.write_text(str(os.getpid()))",),),
        has=(f"({at}.exists() and {at}.read_text() != str(os.getpid()))",),
        clear=((f"{at}.unlink(missing_ok=True)",),),
        state=(State(kinds=("file",), key=n.word),),
    )


def across(m: Maker) -> Plant:
    """A file written by a test on one worker breaks a test on another; on the writer's own worker it does not."""
    kind, c = "across workers by a file", m.named(_owned_file)
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.piece("polluter", c.put[0], c), m.victim(c)),
        truths=(truth(kind, c, ("polluter",), kinds=CROSSES, all_named=True),),
        checks=(
            Check(order=("victim",), outcomes={"victim": "passed"}, private=True),
            Check(order=("polluter", "victim"), outcomes={"victim": "passed"}, private=True),
            Check(order=("victim",), outcomes={"victim": "failed"}, elsewhere=("polluter",), private=True),
        ),
        sequences=(("polluter", "victim"), ("victim", "polluter")),
    )


def chain_across(m: Maker) -> Plant:
    """A writes nothing, but makes B, of the same worker, write a file that breaks C on another."""
    kind, c = "chain across workers", m.named(_owned_file)
    flag = f"{c.imports[-1].split()[-1]}.{c.imports[-1].split()[-1].upper()}"
    writes = (f"if {flag}:", f"    {c.put[0][0]}", "assert True")
    pieces = (m.piece("first", (f"{flag}.append(1)",), c), m.piece("second", writes, c), m.victim(c))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=pieces,
        truths=(truth(kind, c, ("first", "second"), ordered=True, kinds=CROSSES, all_named=True),),
        checks=(
            Check(order=("victim",), outcomes={"victim": "passed"}, private=True),
            Check(order=("first", "second", "victim"), outcomes={"victim": "passed"}, private=True),
            Check(order=("victim",), outcomes={"victim": "passed"}, elsewhere=("second",), private=True),
            Check(order=("victim",), outcomes={"victim": "failed"}, elsewhere=("first", "second"), private=True),
        ),
        sequences=(("first", "second", "victim"), ("victim", "first", "second"), ("first", "victim", "second")),
    )


def port(m: Maker) -> Plant:
    """Several tests open the same port."""
    number = m.rng.randint(*PORTS)
    lines = (
        "with socket.socket() as door:",
        "    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
        f'    door.bind(("127.0.0.1", {number}))',
        "    door.listen()",
        f"    time.sleep({HELD_SECONDS})",
    )
    return _conflict(m, "conflict over a port", lines, ("import socket", "import time"))


def lock(m: Maker) -> Plant:
    """Several tests lock the same file, in the tree or in the temporary folder, and do not wait."""
    name = f"{m.package}-{m.words.noun()}.lock"
    folder = m.rng.choice(("tempfile.gettempdir()", f"{m.package}.__path__[0]"))
    path = f'os.path.join(os.path.abspath({folder}), "{name}")'
    lines = (f'with open({path}, "w") as file:', "    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)", f"    time.sleep({HELD_SECONDS})")
    return _conflict(
        m, "conflict over a lock", lines, ("import fcntl", "import os", "import tempfile", "import time", f"import {m.package}")
    )


def _conflict(m: Maker, kind: str, lines: Lines, imports: Lines) -> Plant:
    """Three tests, any two of which cannot run at the same time."""
    c = Carried(carrier="", imports=imports, put=(lines,), has=(), clear=(), state=())
    roles = ("first", "second", "third")
    group = m.words.noun()
    told = tuple(
        Truth(plant=kind, test=role, kinds=("cross-worker",), counterparts=tuple(other for other in roles if other != role), group=group)
        for role in roles
    )
    return Plant(
        kind=kind,
        pieces=tuple(m.piece(role, lines, c) for role in roles),
        truths=told,
        checks=(
            Check(order=roles, outcomes=dict.fromkeys(roles, "passed"), private=True),
            *(Check(order=(b,), outcomes={b: "conflicts"}, elsewhere=(a,), together=True, private=True) for a, b in pairwise(roles)),
        ),
        sequences=(roles,),
        places=("files", "files", "file"),
    )
