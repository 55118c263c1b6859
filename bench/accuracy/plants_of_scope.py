"""Plants whose pollution lives elsewhere than in a test: in fixtures of wider scope, at import, in a file that outlives the process.

Owns kinds 15 to 18 of the list in kinds.py. Must not know where they will stand.
"""

from bench.accuracy.carriers_of_process import file
from bench.accuracy.maker import Maker, fixture, truth
from bench.accuracy.pieces import Piece, Plant, indented
from bench.accuracy.plants import expect
from bench.accuracy.truth import EVERY, Check, Truth

PYTEST = ("import pytest",)


def module_fixture(m: Maker) -> Plant:
    """A fixture of module scope leaves state behind for good; tests of other files fail."""
    kind, c, name = "module fixture", m.carried(anywhere=True), m.words.noun()
    every = m.rng.random() < 0.4
    source = fixture(name, *c.put[0], "return 1", scope="module", autouse=every)
    arguments = () if every else (name,)
    first = m.piece("polluter", ("assert True",), c, imports=PYTEST, prelude=source, arguments=arguments, is_private=every)
    mates = [Piece(name=m.words.test(), lines=("assert 1 + 1 == 2",), is_private=True) for _ in range(2)] if every else []
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(first, *mates, m.victim(c)),
        truths=(truth(kind, c, (EVERY + "polluter" if every else "polluter",), all_named=not every),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        places=("files",),
    )


def class_setup(m: Maker) -> Plant:
    """`setUpClass` leaves state behind, and nothing tears it down: each test of the class brings it about."""
    kind, c, base = "class setup", m.carried(anywhere=True), f"With{m.words.noun().title().replace('_', '')}"
    source = (f"class {base}(unittest.TestCase):", "    @classmethod", "    def setUpClass(cls):", *indented(indented(c.put[0])))
    first = m.piece("polluter", ("assert True",), c, prelude=source, is_private=True, base=base)
    mates = [Piece(name=m.words.test(), lines=("self.assertEqual(1 + 1, 2)",), is_private=True) for _ in range(m.rng.randint(1, 2))]
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(first, *mates, m.victim(c)),
        truths=(truth(kind, c, (EVERY + "polluter",)),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        places=("files",),
    )


def living_module_fixture(m: Maker) -> Plant:
    """A fixture of module scope that cleans up at the end of its module: tests of the same file, run before that, fail."""
    kind, c, name = "module fixture, alive", m.carried(stays=True), m.words.noun()
    source = fixture(name, *c.put[0], "yield 1", *c.clear[0], scope="module")
    polluter = m.piece("polluter", (f"assert {name} == 1",), c, imports=PYTEST, prelude=source, arguments=(name,))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(polluter, m.victim(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        places=("file",),
    )


def session_fixture(m: Maker) -> Plant:
    """A fixture of session scope, used by one test, changes state until the end of the session."""
    kind, c, name = "session fixture", m.carried(anywhere=True), m.words.noun()
    ends = ("yield 1", *c.clear[0]) if m.rng.random() < 0.5 else ("return 1",)
    conftest = (*c.imports, "import pytest", "", "", *fixture(name, *c.put[0], *ends, scope="session"))
    polluter = m.piece("polluter", (f"assert {name} == 1",), c, arguments=(name,))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(polluter, m.victim(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        conftest=conftest,
    )


def at_import(m: Maker) -> Plant:
    """A test module changes state when it is imported: whoever collects its file fails, in whatever order."""
    kind, c = "at import", m.carried(stays=True, anywhere=True)
    source = tuple(line for line in c.put[0])
    polluter = m.piece("polluter", ("assert 2 * 2 == 4",), c, prelude=source, is_private=True)
    mates = [Piece(name=m.words.test(), lines=("assert 1 + 1 == 2",), is_private=True) for _ in range(m.rng.randint(1, 2))]
    private = [Check(order=("victim",), outcomes={"victim": "passed"}, private=True)]
    private += [Check(order=order, outcomes=dict.fromkeys(order, "passed") | {"victim": "failed"}, private=True)
                for order in (("polluter", "victim"), ("victim", "polluter"))]  # fmt: skip
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(polluter, *mates, m.victim(c)),
        truths=(truth(kind, c, (EVERY + "polluter",)),),
        checks=tuple(private),
        sequences=m.sequences("polluter"),
        places=("files",),
    )


def outlives(m: Maker) -> Plant:
    """A file in the tree, which outlives the process and breaks later runs too."""
    kind, c = "file that stays", m.named(file)
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.polluter("polluter", c), m.victim(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(
            expect("victim", victim="passed"),
            expect("polluter", "victim", victim="failed"),
            Check(order=("victim",), outcomes={"victim": "failed"}, elsewhere=("polluter",), private=True),
        ),
        sequences=m.sequences("polluter"),
    )


def latent(m: Maker) -> Plant:
    """State left behind from which nobody fails."""
    kind, c = "latent polluter", m.carried(stays=True, anywhere=True)
    piece = m.piece("polluter", c.put[0], c)
    told = Truth(plant=kind, test="polluter", kinds=(), state=c.state[:1], carrier=c.carrier, latent=True)
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(piece,),
        truths=(told,),
        checks=(Check(order=("polluter",), outcomes={"polluter": "passed"}),),
        sequences=(("polluter",),),
    )
