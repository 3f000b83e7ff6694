"""Which files the form may name as a trace."""

import os

import pytest

from loadtests.page.trace_folders import TraceFolders
from loadtests.workload.flags import FlagError


def test_without_a_folder_only_the_trace_of_the_command_line_is_allowed(tmp_path):
    traces = TraceFolders([], f"{tmp_path}/a.txt")

    traces.require("")
    traces.require(f"{tmp_path}/a.txt")
    with pytest.raises(FlagError, match=r"got '/etc/passwd'; start again with --trace-folder"):
        traces.require("/etc/passwd")


def test_files_below_a_folder_are_allowed_and_no_others(tmp_path):
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/out").symlink_to(tmp_path)
    traces = TraceFolders([f"{tmp_path}/in"], "")

    traces.require(f"{tmp_path}/in/deep/a.txt")
    for outside in ("in", "in/../a.txt", "in/out/a.txt", "inner/a.txt", "in/\0"):
        with pytest.raises(FlagError, match="trace must be a file below a folder"):
            traces.require(f"{tmp_path}/{outside}")


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(FlagError, match=r"trace-folder must be a folder, got '.*/nowhere'"):
        TraceFolders([f"{tmp_path}/nowhere"], "")


@pytest.mark.parametrize("kind", ["a FIFO", "a folder", "a loop of links"])
def test_what_is_no_file_is_refused_unread_because_reading_may_never_end(tmp_path, kind):
    path = tmp_path / "trace"
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to(path)

    with pytest.raises(FlagError, match="trace must be a file below a folder"):
        TraceFolders([str(tmp_path)], "").require(str(path))
