"""The images and the virtual environment install what was locked, file by file."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from loadtests.stack.guardian import ROOT
from tests.supply.locks import locked, named, pinned

LOCKS = {
    "requirements.lock": "requirements.txt",
    "requirements-service.lock": "requirements-service.txt",
    "requirements-dev.lock": "requirements-dev.txt",
    "requirements-bench.lock": "requirements-bench.txt",
}
OF_IMAGES = {"requirements.lock", "requirements-service.lock"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

each_lock = pytest.mark.parametrize("lock", LOCKS)


@each_lock
def test_lock_has_the_versions_that_the_requirements_name(lock):
    versions = {one.name: one.version for one in locked(lock)}
    whole = pinned("requirements.txt") | pinned(LOCKS[lock])
    wanted = named(LOCKS[lock])

    assert wanted
    assert {name: versions.get(name) for name in wanted} == {
        name: whole[name] for name in wanted
    }, "run make lock"


@each_lock
def test_every_package_of_a_lock_has_the_hashes_of_its_files(lock):
    assert [one.name for one in locked(lock) if not one.hashes] == []


@each_lock
def test_lock_holds_what_its_packages_need_in_turn(lock):
    names = {one.name for one in locked(lock)}

    for one in locked(lock):
        try:
            needs = metadata.requires(one.name) or []
        except metadata.PackageNotFoundError:
            continue
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert canonicalize_name(need.name) in names, f"{one.name} needs {need.name}"


def test_service_has_the_packages_of_the_whole_in_the_same_versions_and_files():
    whole = {one.name: one for one in locked("requirements.lock")}

    for one in locked("requirements-service.lock"):
        assert (one.version, one.hashes) == (whole[one.name].version, whole[one.name].hashes)


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-bench.lock"])
def test_what_checks_and_compares_has_the_whole_in_the_same_versions_and_files(lock):
    more = {one.name: (one.version, one.hashes) for one in locked(lock)}

    for one in locked("requirements.lock"):
        assert more[one.name] == (one.version, one.hashes)


def test_images_install_from_locks_with_hashes_and_build_nothing():
    installs = re.findall(r"pip install (.*?)$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)

    assert {words.rpartition("-r /")[2] for words in installs} == OF_IMAGES
    for words in installs:
        assert "--require-hashes" in words
        assert "--only-binary=:all:" in words


def test_images_that_run_have_no_installer_and_get_no_compiler():
    base = DOCKERFILE.partition(" AS base\n")[2].partition("\nFROM ")[0]

    assert "pip uninstall --yes" in base
    assert "ensurepip" in base
    assert not re.search(r"\b(apt-get|apk|gcc|g\+\+|build-essential|make)\b", DOCKERFILE_COMMANDS)


def test_everything_that_is_installed_from_a_file_is_installed_with_its_hashes():
    scripts = MAKEFILE + (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = scripts.replace("\\\n", "").splitlines()
    installs = [line for line in lines if "-r requirements" in line]

    assert len(installs) == 4
    for words in installs:
        assert re.search(r"--require-hashes\s+-r requirements[a-z-]*\.lock$", words), words


DOCKERFILE_COMMANDS = "\n".join(
    line for line in DOCKERFILE.splitlines() if not line.startswith("#")
)
