"""What carries pollution from one test to another: one record a kind of state.

Owns the code that leaves each state behind, sees it, and takes it back, and what a detector may call it. Must not know of plants.

A state has *flags*, so that a plant may need two of them together; `put`, `has` and `clear` have one entry a flag. Some states exist once
in a process (the decimal context, say): a suite has at most one plant of each such kind, so that no plant disturbs another.
"""

from collections.abc import Callable

import msgspec

from bench.accuracy.truth import State

Lines = tuple[str, ...]
FLAGS = "abc"


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A state of one name. `has` are expressions; `prelude` must stand in the file of each test that touches it.

    `sticks`: whether `put` does its work also after another test has looked at the state.
    """

    carrier: str
    imports: Lines
    put: tuple[Lines, ...]
    has: Lines
    clear: tuple[Lines, ...]
    state: tuple[State, ...]
    modules: dict[str, str] = {}
    prelude: Lines = ()
    sticks: bool = True


class Names(msgspec.Struct, frozen=True):
    """The words of one state: the project's package, and a word that nothing else in the suite is called by."""

    package: str
    word: str

    @property
    def title(self) -> str:
        """For a class."""
        return self.word.title().replace("_", "")

    @property
    def shout(self) -> str:
        """For a constant."""
        return self.word.upper()

    @property
    def imports(self) -> Lines:
        """Of the project's module of this word."""
        return (f"from {self.package} import {self.word}",)

    def module(self, *lines: str) -> dict[str, str]:
        """The project's module of this word."""
        return {f"{self.package}/{self.word}.py": "\n".join((f'"""The {self.word} of the project."""', "", *lines, ""))}


def each(template: str) -> Lines:
    """The template with every flag in place of FLAG."""
    return tuple(template.replace("FLAG", flag) for flag in FLAGS)


def lines(*templates: str) -> tuple[Lines, ...]:
    """Lines for every flag."""
    return tuple(tuple(template.replace("FLAG", flag) for template in templates) for flag in FLAGS)


def states(kinds: str, template: str) -> tuple[State, ...]:
    """One state a flag, of any of these kinds."""
    return tuple(State(kinds=tuple(kinds.split()), key=key) for key in each(template))


OBJECT = "module-global module-attribute class-attribute"


def container(n: Names) -> Carried:
    """A dictionary of a project's module gains an entry."""
    box = f"{n.word}.{n.shout}"
    return Carried(
        carrier="module global, container",
        imports=n.imports,
        modules=n.module(f"{n.shout} = {{}}"),
        put=lines(f'{box}["FLAG"] = 1'),
        has=each(f'"FLAG" in {box}'),
        clear=lines(f'{box}.pop("FLAG", None)'),
        state=states("module-global module-attribute", n.shout),
    )


def loss(n: Names) -> Carried:
    """A list of a project's module loses an entry."""
    box = f"{n.word}.{n.shout}"
    return Carried(
        carrier="module global, container",
        imports=n.imports,
        modules=n.module(f'{n.shout} = ["a", "b", "c", "d"]'),
        put=lines(f'if "FLAG" in {box}:', f'    {box}.remove("FLAG")'),
        has=each(f'"FLAG" not in {box}'),
        clear=lines(f'if "FLAG" not in {box}:', f'    {box}.append("FLAG")'),
        state=states("module-global module-attribute", n.shout),
    )


def rebinding(n: Names) -> Carried:
    """A name of a project's module is bound to something else."""
    return Carried(
        carrier="module global, rebinding",
        imports=n.imports,
        modules=n.module(*each(f'{n.shout}_FLAG = "plain"')),
        put=lines(f'{n.word}.{n.shout}_FLAG = "fancy"'),
        has=each(f'{n.word}.{n.shout}_FLAG == "fancy"'),
        clear=lines(f'{n.word}.{n.shout}_FLAG = "plain"'),
        state=states("module-global module-attribute", f"{n.shout}_FLAG"),
    )


def class_attribute(n: Names) -> Carried:
    """An attribute of a project's class."""
    at = f"{n.word}.{n.title}.limit_FLAG"
    return Carried(
        carrier="class attribute",
        imports=n.imports,
        modules=n.module(f"class {n.title}:", *each("    limit_FLAG = 3")),
        put=lines(f"{at} = 99"),
        has=each(f"{at} == 99"),
        clear=lines(f"{at} = 3"),
        state=states(OBJECT, f"{n.title}.*limit_FLAG"),
    )


def class_container(n: Names) -> Carried:
    """A set that all instances of a project's class share."""
    at = f"{n.word}.{n.title}()"
    return Carried(
        carrier="class attribute",
        imports=n.imports,
        modules=n.module(f"class {n.title}:", "    seen = set()", "", "    def see(self, name):", "        self.seen.add(name)"),
        put=lines(f'{at}.see("FLAG")'),
        has=each(f'"FLAG" in {at}.seen'),
        clear=lines(f'{at}.seen.discard("FLAG")'),
        state=states(OBJECT, f"{n.title}.*seen"),
    )


def singleton(n: Names) -> Carried:
    """The entries of an object of which there is one."""
    at = f"{n.word}.{n.title}.only()"
    source = f"""class {n.title}:
    _only = None

    def __init__(self):
        self.entries = {{}}

    @classmethod
    def only(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only"""
    return Carried(
        carrier="singleton",
        imports=n.imports,
        modules=n.module(source),
        put=lines(f'{at}.entries["FLAG"] = True'),
        has=each(f'"FLAG" in {at}.entries'),
        clear=lines(f'{at}.entries.pop("FLAG", None)'),
        state=states(OBJECT, n.title),
    )


def patch(n: Names) -> Carried:
    """A function of a project's module is replaced by a patch that is never stopped."""
    return Carried(
        carrier="replaced function",
        imports=("from unittest import mock", *n.imports),
        modules=n.module("\n\n\n".join(each("def rate_FLAG():\n    return 7"))),
        put=lines(f'mock.patch("{n.package}.{n.word}.rate_FLAG", lambda: 0).start()'),
        has=each(f"{n.word}.rate_FLAG() == 0"),
        clear=lines("import importlib", f"importlib.reload({n.word})"),
        state=states("module-attribute module-global", f"{n.word}.*rate_FLAG"),
    )


def environ(n: Names) -> Carried:
    """An environment variable."""
    name = f"{n.package}_{n.word}".upper()
    return Carried(
        carrier="os.environ",
        imports=("import os",),
        put=lines(f'os.environ["{name}_FLAG"] = "1"'),
        has=each(f'os.environ.get("{name}_FLAG") == "1"'),
        clear=lines(f'os.environ.pop("{name}_FLAG", None)'),
        state=states("environ", f"{name}_FLAG"),
    )


def cache(n: Names) -> Carried:
    """What a cached function remembers."""
    at = f"{n.word}.rate"
    source = f"{n.shout} = dict(a=1, b=1, c=1)\n\n\n@functools.lru_cache(maxsize=None)\ndef rate(name):\n    return {n.shout}[name]"
    return Carried(
        carrier="lru_cache",
        sticks=False,
        imports=("from unittest import mock", *n.imports),
        modules=n.module("import functools", "", source),
        put=lines(f"with mock.patch.dict({n.word}.{n.shout}, FLAG=0):", f'    {at}("FLAG")'),
        has=each(f'{at}("FLAG") == 0'),
        clear=lines(f"{at}.cache_clear()"),
        state=states("cache", f"{n.word}.*rate"),
    )


def default(n: Names) -> Carried:
    """A mutable default argument."""
    at = f"{n.word}.gather"
    source = "def gather(item=None, into=[]):\n    if item is not None:\n        into.append(item)\n    return list(into)"
    return Carried(
        carrier="mutable default argument",
        imports=n.imports,
        modules=n.module(source),
        put=lines(f'{at}("FLAG")'),
        has=each(f'"FLAG" in {at}()'),
        clear=lines(f"{at}.__defaults__[1].clear()"),
        state=states("module-global module-attribute default-argument function-default", f"{n.word}.*gather"),
    )


def here(n: Names) -> Carried:
    """A dictionary of the test module itself."""
    return Carried(
        carrier="module global of the tests",
        imports=(),
        prelude=(f"{n.shout} = {{}}",),
        put=lines(f'{n.shout}["FLAG"] = 1'),
        has=each(f'"FLAG" in {n.shout}'),
        clear=lines(f'{n.shout}.pop("FLAG", None)'),
        state=states("module-global module-attribute", n.shout),
    )


OWN: tuple[Callable[[Names], Carried], ...] = (
    container, loss, rebinding, class_attribute, class_container, singleton, patch, environ, cache, default, here,
)  # fmt: skip
