"""Reading valid and invalid traces."""

import gzip

import pytest

from loadtests.traffic.trace import TraceError, load_trace


@pytest.fixture
def write(tmp_path):
    def write(text, name="trace.txt"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_ids_are_read_in_file_order(write):
    assert load_trace(write("3\n1\n3\n")).ids.tolist() == [3, 1, 3]


def test_comments_and_empty_lines_are_skipped(write):
    assert load_trace(write("# a day\n\n3 # apple\n1\n")).ids.tolist() == [3, 1]


def test_a_gzip_file_is_read_as_the_text_inside(tmp_path):
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(b"5\n6\n"))

    assert load_trace(path).ids.tolist() == [5, 6]


def test_times_count_from_the_first_request(write):
    trace = load_trace(write("100.0 3\n100.5 1\n102,7\n"))

    assert trace.times.tolist() == [0.0, 0.5, 2.0]
    assert trace.ids.tolist() == [3, 1, 7]


def test_a_trace_without_times_has_none(write):
    assert load_trace(write("1\n")).times is None


@pytest.mark.parametrize("bad", ["abc", "0", "-1", "2147483648", "1.5", "٣", "x 1", "1 2 3"])
def test_refusal_of_a_bad_line_names_its_number(write, bad):
    with pytest.raises(TraceError, match="line 3"):
        load_trace(write(f"1\n# comment\n{bad}\n"))


def test_a_line_without_a_time_after_one_with_a_time_is_refused(write):
    with pytest.raises(TraceError, match="line 2"):
        load_trace(write("1.0 1\n2\n"))


def test_times_that_decrease_are_refused(write):
    with pytest.raises(TraceError, match=r"line 2.*must not decrease"):
        load_trace(write("2.0 1\n1.0 1\n"))


def test_refusal_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(TraceError, match=r"nothing\.txt cannot be read: No such file"):
        load_trace(tmp_path / "nothing.txt")


def test_an_empty_file_is_refused(write):
    with pytest.raises(TraceError, match="holds no ids"):
        load_trace(write("# nothing\n"))


@pytest.mark.parametrize("name", ["trace.txt", "trace.gz"])
def test_a_binary_file_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TraceError, match="trace"):
        load_trace(path)


def test_a_corrupt_gzip_file_is_refused(tmp_path):
    path = tmp_path / "trace.gz"
    whole = gzip.compress(b"5\n6\n" * 1000)
    path.write_bytes(whole[:10] + b"\xff\xff" + whole[12:])

    with pytest.raises(TraceError, match="cannot be read"):
        load_trace(path)


def test_refusal_of_an_id_of_thousands_of_digits_names_its_line_and_is_short(write):
    with pytest.raises(TraceError, match="line 2") as refused:
        load_trace(write("1\n" + "9" * 5000 + "\n"))

    assert len(str(refused.value)) < 200
