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


def keys_of(path):
    trace = load_trace(path, may_name_keys=True)
    return [trace.names[number - 1] for number in trace.ids]


def test_keys_are_numbered_as_they_appear_and_keep_their_order(write):
    trace = load_trace(write("pear\napple\npear\n7\n"), may_name_keys=True)

    assert trace.ids.tolist() == [1, 2, 1, 3]
    assert trace.names == ("pear", "apple", "7")
    assert trace.times is None


def test_keys_may_be_any_text(write):
    lines = ["a b", "c,d", "é/ü#x", "1 2 3", "12 apples"]

    assert keys_of(write("# a day\n\n" + "\n".join(lines))) == lines


@pytest.mark.parametrize("line", ["0", "007", "99999999999", "-1", "blue 5"])
def test_a_line_that_is_not_an_id_as_written_makes_all_lines_keys(write, line):
    assert keys_of(write(f"5\n{line}\n")) == ["5", line]


def test_keys_have_times_if_the_first_one_has(write):
    trace = load_trace(write("100.0 pear\n100.5,a b\n102 7\n"), may_name_keys=True)

    assert trace.times.tolist() == [0.0, 0.5, 2.0]
    assert trace.names == ("pear", "a b", "7")


def test_a_key_without_a_time_after_one_with_a_time_is_refused(write):
    with pytest.raises(TraceError, match="line 2: must be `seconds key` as on line 1"):
        load_trace(write("1.0 pear\napple\n"), may_name_keys=True)


@pytest.mark.parametrize("text", ["3\n1\n3 # apple\n", "2.5 3\n3e0,1\n"])
def test_ids_stay_ids_where_keys_are_allowed(write, text):
    path = write(text)
    trace = load_trace(path, may_name_keys=True)

    assert trace.ids.tolist() == load_trace(path).ids.tolist()
    assert trace.names == ()
