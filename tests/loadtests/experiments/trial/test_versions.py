"""The versions that a run records, and the commit it was made from."""

import platform
import subprocess

from loadtests.experiments.trial.versions import PACKAGES, commit_of, processor_of, versions_in_use

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]


def test_commit_of_a_checkout_is_marked_once_a_file_was_changed(tmp_path):
    (tmp_path / "plan.toml").write_text("rate = 1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Add a plan"]):
        subprocess.run([*GIT, "-C", tmp_path, *words], check=True)
    shown = subprocess.run(
        [*GIT, "-C", tmp_path, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    head = shown.stdout.strip()

    assert commit_of(tmp_path) == head
    (tmp_path / "plan.toml").write_text("rate = 2\n")
    assert commit_of(tmp_path) == f"{head}+"


def test_commit_of_a_folder_inside_another_checkout_or_of_none_is_unknown(tmp_path):
    inner = tmp_path / "unpacked"
    inner.mkdir()

    assert commit_of(inner) is None
    subprocess.run([*GIT, "-C", tmp_path, "init", "-q"], check=True)
    assert commit_of(inner) is None


def test_run_records_versions_of_python_packages_redis_and_store():
    versions = versions_in_use("7.0.15", "MariaDB 10.11.19")

    assert versions["python"] == platform.python_version()
    assert (versions["redis"], versions["store"]) == ("7.0.15", "MariaDB 10.11.19")
    assert all(versions[f"package {name}"] for name in PACKAGES)


def test_processor_is_named_where_linux_names_it(tmp_path):
    page = tmp_path / "cpuinfo"
    page.write_text("processor\t: 0\nmodel name\t: A CPU @ 2.00GHz\n\nmodel name\t: A CPU\n")
    other = tmp_path / "arm"
    other.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")

    assert processor_of(page) == "A CPU @ 2.00GHz"
    assert processor_of(other) is None
    assert processor_of(tmp_path / "none") is None
    assert versions_in_use(None, "SQLite")["processor"] == processor_of()
