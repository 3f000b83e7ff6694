"""Writing a file as a whole."""

import os

import pytest

from loadtests.output.whole_file import write_whole


def test_a_text_that_no_encoding_has_is_written_with_marks_in_its_place(tmp_path):
    write_whole(tmp_path / "page", "a\ud800b")

    assert (tmp_path / "page").read_text() == "a?b"


def test_a_link_is_replaced_and_what_it_led_to_is_kept(tmp_path):
    (tmp_path / "kept").write_text("mine")
    (tmp_path / "page").symlink_to("kept")

    write_whole(tmp_path / "page", "new")

    assert (tmp_path / "kept").read_text() == "mine"
    assert (tmp_path / "page").read_text() == "new"


def test_a_fifo_without_a_reader_is_replaced_at_once(tmp_path):
    os.mkfifo(tmp_path / "page")

    write_whole(tmp_path / "page", "new")

    assert (tmp_path / "page").read_text() == "new"


def test_what_cannot_be_written_is_named_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "page").mkdir()

    with pytest.raises(IsADirectoryError) as refused:
        write_whole(tmp_path / "page", "new")

    assert refused.value.filename == str(tmp_path / "page")
    assert [each.name for each in tmp_path.iterdir()] == ["page"]
