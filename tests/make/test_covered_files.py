"""`make coverage` fails for one file that is covered too little, however good the others are."""

import json

import pytest

from tests.make.covered_files import main, too_low


def report(**percent):
    files = {
        name.replace("__", "/") + ".py": {
            "summary": {"percent_covered": covered},
            "missing_lines": [3, 7],
        }
        for name, covered in percent.items()
    }
    return {"files": files}


def test_file_below_ninety_percent_is_named_with_the_lines_it_misses_the_worst_first():
    judged = report(service__web__a=89.9, service__b=100, service__c=12.4, loadtests__d=0)

    assert too_low(judged, ["service"]) == [
        "service/c.py: 12.4 %, without line 3, 7",
        "service/web/a.py: 89.9 %, without line 3, 7",
    ]


def test_file_of_two_folders_is_named_once():
    judged = report(service__web__a=50)

    assert len(too_low(judged, ["service", "service/web/"])) == 1


def test_folder_without_a_file_is_refused():
    with pytest.raises(ValueError, match="no file of servce"):
        too_low(report(service__a=100), ["servce"])


@pytest.mark.parametrize(("percent", "code"), [(90.0, 0), (89.99, 1)])
def test_exit_code_says_whether_a_file_is_too_low(tmp_path, capsys, percent, code):
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(report(service__a=percent)))

    assert main([str(file), "service"]) == code
    assert ("each file needs 90 %" in capsys.readouterr().out) == bool(code)
