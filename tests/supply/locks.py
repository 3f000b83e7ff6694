"""The lock files that `make lock` writes: which file of which version of which package is taken."""

import re
from dataclasses import dataclass, field

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from loadtests.stack.guardian import ROOT

LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
PYTHONS = ("3.11.7", "3.12.1", "3.13.5")


@dataclass
class Locked:
    """One package of a lock file.

    Attributes:
        name: Its name, in small letters.
        version: The one version that is taken.
        marker: Where it is installed; empty for everywhere.
        hashes: The files that may be taken.
    """

    name: str
    version: str
    marker: str
    hashes: list[str] = field(default_factory=list)

    def applies_on_linux(self) -> bool:
        """Return whether some supported Python on Linux installs it."""
        return not self.marker or any(
            Marker(self.marker).evaluate({**LINUX, "python_full_version": python})
            for python in PYTHONS
        )


def locked(file: str) -> list[Locked]:
    """Return the packages of a lock file, in its order."""
    found: list[Locked] = []
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if named := re.fullmatch(r"([a-z0-9-]+)==([^ ]+)(?: ; (.+?))? \\", line):
            found.append(Locked(named[1], named[2], named[3] or ""))
        elif hashed := re.fullmatch(r"    --hash=(sha256:[0-9a-f]{64})(?: \\)?", line):
            found[-1].hashes.append(hashed[1])
        elif not line.strip().startswith("#"):
            raise ValueError(f"{file}: {line!r} is no line that `make lock` writes")
    return found


def named(file: str) -> list[str]:
    """Return the packages that a requirements file names."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.findall(r"^(\w[\w.-]*)", text, re.MULTILINE)
    return [canonicalize_name(name) for name in found]


def pinned(file: str) -> dict[str, str]:
    """Return the versions that a requirements file names itself, by package."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.findall(r"^(\w[\w.-]*)(?:\[\w+\])?==([^\s;]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}
