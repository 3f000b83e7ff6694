"""What is wrong from the start is said in one line: by what ends, and by what serves."""

import pytest

from loadtests.stack.guardian import ROOT
from tests.faults import table
from tests.faults.kinds.starts import STARTS
from tests.faults.start import started

pytestmark = [
    pytest.mark.integration,
    pytest.mark.accept,
    pytest.mark.usefixtures("require_servers"),
]

PAGE = ROOT / "docs/drills.md"


@pytest.fixture(scope="module", params=STARTS, ids=lambda start: start.name)
def start(request):
    return request.param


@pytest.fixture(scope="module")
def found(places, said, start):
    said[start.name] = started(start, places)
    return said[start.name]


def test_start_keeps_its_promises(start, found):
    assert found.words
    if start.serves:
        assert len(found.causes) == 1
        assert not {"hit", "failed"} & set(found.results)
    else:
        assert found.code == 2


def test_page_says_what_a_start_does(start, found):
    """But for the words: those of Redis, MariaDB and OpenSSL differ by version."""
    now = table.start_line(start.name, found).split(" | ")[:3]

    assert now in [line.split(" | ")[:3] for line in table.read_starts(PAGE)]
