"""Writing a JSON file."""

import json

import pytest

from loadtests.output.json_file import write_json


def test_a_file_has_the_written_content_and_no_temporary_file_beside_it(tmp_path):
    write_json(tmp_path / "record.json", {"ratio": None})

    assert json.loads((tmp_path / "record.json").read_text()) == {"ratio": None}
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_a_written_file_replaces_the_previous_one_completely(tmp_path):
    path = tmp_path / "summary.json"
    write_json(path, {"a": 1})
    write_json(path, {"b": 2})

    assert json.loads(path.read_text()) == {"b": 2}


def test_content_that_is_not_json_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "record.json", {"ratio": 1})

    with pytest.raises(TypeError):
        write_json(tmp_path / "record.json", {(1, 2): 1})

    assert json.loads((tmp_path / "record.json").read_text()) == {"ratio": 1}
