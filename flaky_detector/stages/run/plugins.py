"""Which plugins of a suite pytest will load, and the options that these are given so that the run is the one that was specified.

Owns both. An option of a plugin that is switched off would end pytest before it starts ("unrecognized arguments"), so nothing is said to
one; one that a run needs is switched on again. The last word about a plugin counts, as for pytest: addopts, PYTEST_ADDOPTS, arguments.

    -p no:randomly   -pno:randomly   -p no:pytest_cov   --disable-plugin-autoload, PYTEST_DISABLE_PLUGIN_AUTOLOAD: all, but for -p NAME
"""

from collections.abc import Iterator, Sequence

from flaky_detector.model import Arrangement, RunSpec, Suite

WORDS = {
    "pytest-randomly": (("randomly", "pytest_randomly"), ("no:randomly",)),
    "pytest-xdist": (("xdist", "xdist.plugin"), ("no:xdist",)),
    "pytest-cov": (("pytest_cov", "pytest_cov.plugin"), ("no:pytest_cov", "no:cov")),
    "pytest-rerunfailures": (("rerunfailures", "pytest_rerunfailures"), ("no:rerunfailures",)),
    "junitxml": (("junitxml",), ("no:junitxml",)),
}
"""By distribution, or by name for one of pytest's own: what `-p` may be given to load a plugin, the best first, and not to."""

OWN = frozenset(("junitxml",))
NO_AUTOLOAD = "--disable-plugin-autoload"


class Plugins:
    """Of one suite, with the options that pytest will have been given before ours.

    Args:
        suite: what is installed, and the project's own options.
        pytest_args: the user's.
    """

    def __init__(self, suite: Suite, pytest_args: Sequence[str]) -> None:
        self._suite = suite
        options = (*suite.addopts, *pytest_args)
        self._told = tuple(_told(options))
        self._is_automatic = NO_AUTOLOAD not in options

    def has(self, plugin: str) -> bool:
        """Whether pytest will load it without being told once more."""
        return (plugin in OWN or self._suite.has_plugin(plugin)) and not self.is_off(plugin)

    def is_off(self, plugin: str) -> bool:
        """Whether pytest was told not to load it."""
        loading, blocking = WORDS[plugin]
        last = next((word for word in reversed(self._told) if word in loading or word in blocking), "")
        return last in blocking or not (last or self._is_automatic or plugin in OWN)

    def on(self, plugin: str) -> Iterator[str]:
        """The words that switch it on where it is off."""
        if self.is_off(plugin):
            yield from ("-p", WORDS[plugin][0][0])


def _told(options: Sequence[str]) -> Iterator[str]:
    """What follows each `-p`."""
    for number, word in enumerate(options):
        if word == "-p":
            yield from (following.strip() for following in options[number + 1 : number + 2])
        elif word.startswith("-p"):
            yield word[2:].strip()


def randomly(spec: RunSpec, suite: Suite, plugins: Plugins) -> Iterator[str]:
    """pytest-randomly reorders only through the recorder, which puts the shuffle before the sorts of the project's plugins."""
    installed, off = suite.has_plugin("pytest-randomly"), plugins.is_off("pytest-randomly")
    if spec.arrangement is not Arrangement.SHUFFLED:
        if installed and not off:
            yield from ("--randomly-dont-reorganize", "--randomly-seed=1")
        return
    if not installed and not suite.folder_of("pytest-randomly"):
        return
    yield from plugins.on("pytest-randomly")
    yield from ("--randomly-dont-reorganize", f"--randomly-seed={spec.seed or 0}")
    if off or not installed:
        yield "--randomly-dont-reset-seed"


def xdist(spec: RunSpec, plugins: Plugins) -> Iterator[str]:
    """Workers as the specification says, and none where it says none."""
    if spec.workers:
        yield from plugins.on("pytest-xdist")
        yield from ("-n", str(spec.workers), "--dist", spec.distribution)
    elif plugins.has("pytest-xdist"):
        yield from ("-n", "0", "--dist", "no")
