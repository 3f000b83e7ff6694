"""Unpacking of packages, against a stand-in for apt-get that serves one small package."""

import shutil
import subprocess
from pathlib import Path

import pytest

from loadtests.stack import debian
from loadtests.stack.guardian import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="dpkg-deb is not available"
)

_PROGRAM = "usr/bin/greeter"
_APT = """#!/bin/sh
echo "$*" >> {notes}
case "$*" in
  *update*) touch {lists} ;;
  *"-s install"*)
    [ -e {lists} ] || {{ echo "E: Unable to locate package greeter" >&2; exit 100; }}
    echo "Inst greeter (1:1.0-1 Debian:12 [all])"
    echo "Inst libgreet [0.9] (1.0 Debian:12 [all]) []" ;;
  *"download greeter=1:1.0-1 libgreet=1.0") cp {package} . ;;
  *"download greeter=1:1.0-1 libgreet=1.0 greet-tools") cp {package} . ;;
  *) exit 1 ;;
esac
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """Return a folder: `notes` records apt-get's arguments, `lists` exists once it was fetched."""
    source = tmp_path / "greeter"
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN" / "control").write_text(
        "Package: greeter\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: nobody <nobody@localhost>\nDescription: says hello\n"
    )
    (source / "usr" / "bin").mkdir(parents=True)
    program = source / "usr" / "bin" / "greeter"
    program.write_text('#!/bin/sh\necho "hello $1 from $LD_LIBRARY_PATH"\n')
    program.chmod(0o755)
    (source / "usr" / "lib" / "greet").mkdir(parents=True)
    (source / "usr" / "lib" / "greet" / "libgreet.so.1").touch()
    package = tmp_path / "greeter.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", source, package], check=True, capture_output=True
    )
    script = tmp_path / "bin" / "apt-get"
    script.parent.mkdir()
    places = {name: tmp_path / name for name in ("notes", "lists")}
    script.write_text(_APT.format(package=package, **places))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    monkeypatch.setattr(debian, "CACHE", tmp_path / "cache")
    return tmp_path


def test_package_is_unpacked_once_and_runs_with_its_own_libraries(apt):
    (apt / "lists").touch()

    tree = debian.unpacked(_PROGRAM, "greeter")
    debian.unpacked(_PROGRAM, "greeter")
    shown = subprocess.run(
        [debian.wrapper(tree, _PROGRAM), "you"], capture_output=True, text=True, check=True
    ).stdout

    assert shown == f"hello you from {tree}/usr/lib/greet\n"
    assert len((apt / "notes").read_text().splitlines()) == 2


def test_package_runs_after_the_repository_was_moved(apt, monkeypatch):
    (apt / "lists").touch()
    debian.wrapper(debian.unpacked(_PROGRAM, "greeter"), _PROGRAM)
    (apt / "cache").rename(apt / "moved")
    monkeypatch.setattr(debian, "CACHE", apt / "moved")

    tree = debian.unpacked(_PROGRAM, "greeter")
    shown = subprocess.run(
        [debian.wrapper(tree, _PROGRAM), "you"], capture_output=True, text=True, check=True
    ).stdout

    assert shown == f"hello you from {apt}/moved/{tree.parent.name}/greeter/usr/lib/greet\n"
    assert str(apt / "moved") in (tree / "fonts.conf").read_text()


def test_package_lists_are_downloaded_where_the_machine_has_none(apt):
    tree = debian.unpacked(_PROGRAM, "greeter")

    notes = (apt / "notes").read_text().splitlines()
    assert (tree / "usr" / "bin" / "greeter").exists()
    assert "update" in notes[1]
    assert all(f"-oDir::State={tree.parent}/apt/state" in line for line in notes[1:])


def test_named_package_is_unpacked_even_where_it_is_installed(apt):
    (apt / "lists").touch()

    debian.unpacked(_PROGRAM, "greeter", "greet-tools")

    notes = (apt / "notes").read_text()
    assert notes.endswith("download greeter=1:1.0-1 libgreet=1.0 greet-tools\n")


def test_folder_without_its_program_is_not_kept(apt):
    (apt / "lists").touch()

    with pytest.raises(debian.UnpackError, match="usr/bin/other is not in greeter"):
        debian.unpacked("usr/bin/other", "greeter")

    assert not (debian._home() / "greeter").exists()


def test_kept_folder_that_lost_its_program_is_unpacked_again(apt):
    (apt / "lists").touch()
    program = debian.unpacked(_PROGRAM, "greeter") / _PROGRAM
    program.unlink()
    program.symlink_to("gone")

    debian.unpacked(_PROGRAM, "greeter")

    assert program.is_file()


def test_unavailable_package_leaves_no_incomplete_folder(apt):
    (apt / "greeter.deb").unlink()

    with pytest.raises(debian.UnpackError, match="apt-get"):
        debian.unpacked(_PROGRAM, "greeter")

    assert not (debian._home() / "greeter").exists()


def test_unpacking_on_another_system_than_debian_is_refused(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(debian.UnpackError, match="apt-get and dpkg are not installed"):
        debian.unpacked(_PROGRAM, "greeter")


@pytest.mark.parametrize(
    ("environment", "in_checkout", "folder"),
    [
        ({"XDG_CACHE_HOME": "/caches", "HOME": "/home/me"}, True, ROOT / ".cache"),
        ({"XDG_CACHE_HOME": "/caches", "HOME": "/home/me"}, False, Path("/caches/cacheaside")),
        ({"HOME": "/home/me"}, False, Path("/home/me/.cache/cacheaside")),
        ({}, False, Path("/.cache/cacheaside")),
    ],
)
def test_packages_are_unpacked_into_the_repository_or_else_the_user_s_cache(
    environment, in_checkout, folder
):
    assert debian.cache_folder(environment, in_checkout=in_checkout) == folder
