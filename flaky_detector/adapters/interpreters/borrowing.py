"""Plugins that are copied out of our own environment into a folder for the user's process.

Owns the question whether what we have fits there. Must not install anything.
"""

import shutil
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flaky_detector.adapters.interpreters.question import Facts, normal


def copied(facts: Facts, name: str, target: Path) -> bool:
    """Copy the plugin and what it needs from our own environment, if all of it fits."""
    distributions = _fitting(facts, name)
    for distribution in distributions or ():
        for file in distribution.files or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target / file)
    return bool(distributions)


def _fitting(facts: Facts, name: str) -> list[metadata.Distribution] | None:
    """Our own distributions that the environment would need for this plugin; None where one does not fit."""
    try:
        ours = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    files = ours.files or []
    python = ours.metadata["Requires-Python"] if "Requires-Python" in ours.metadata else ""  # noqa: SIM401 -- it has no get before 3.12
    if not files or any(file.suffix in (".so", ".pth") for file in files) or not _contains(python, facts.version):
        return None
    found = [ours]
    versions = {distribution.name: distribution.version for distribution in facts.distributions}
    for requirement in map(Requirement, ours.requires or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": "", **_markers(facts)}):
            continue
        needed = normal(requirement.name)
        if needed in versions:
            if not requirement.specifier.contains(versions[needed], prereleases=True):
                return None
            continue
        more = _fitting(facts, needed) if needed != "pytest" else None
        if more is None:
            return None
        found += more
    return found


def _markers(facts: Facts) -> dict[str, str]:
    return {"python_version": ".".join(facts.version.split(".")[:2]), "python_full_version": facts.version}


def _contains(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)
