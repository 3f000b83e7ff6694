"""Describing a target: by a URL and flags, or in a TOML file."""

import re
import textwrap

import pytest

from loadtests.stack.guardian import ROOT
from loadtests.target.key_source import TargetError, key_source
from loadtests.target.reach import is_this_machine, require_leave
from loadtests.target.target_file import TargetFlags, read_target

URL = "http://127.0.0.1:8080/api/{key}?lang=en"


def described(tmp_path, text, **flags):
    file = tmp_path / "shop.toml"
    file.write_text(text)
    return read_target(TargetFlags(file=str(file), **flags))


def refusal(**flags):
    with pytest.raises(TargetError) as refused:
        read_target(TargetFlags(**flags))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_url_alone_is_a_target():
    target = read_target(TargetFlags(url=URL))
    endpoint = target.endpoints[0]

    assert (endpoint.method, endpoint.path("7")) == ("GET", "/api/7?lang=en")
    assert endpoint.row == "/api/{key}"
    assert target.origins == ("http://127.0.0.1:8080",)
    assert not target.foreign


def test_no_flag_is_no_target():
    assert read_target(TargetFlags()) is None


def test_a_key_is_quoted_in_a_path_and_in_json():
    target = read_target(TargetFlags(url=URL))
    assert target.endpoints[0].path("a b/ü?") == "/api/a%20b%2F%C3%BC%3F?lang=en"


def test_a_file_describes_endpoints_headers_keys_and_results(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    (tmp_path / "keys.txt").write_text("apple\n\npear\napple\n")
    target = described(
        tmp_path,
        f"""
        keys = "{tmp_path}/keys.txt"
        accepted = [404]
        [headers]
        Authorization = "Bearer ${{SHOP_TOKEN}}"
        [result]
        header = "X-Store"
        values = {{ warm = "hit", cold = "miss" }}
        [[endpoints]]
        url = "http://127.0.0.1:8080/products/{{key}}"
        weight = 3
        [[endpoints]]
        url = "http://127.0.0.1:8080/search"
        method = "post"
        body = '{{"q": "{{key}}"}}'
        """,
    )
    first, second = target.endpoints

    assert (first.weight, second.method) == (3, "POST")
    assert second.body_for('a "b"') == '{"q": "a \\"b\\""}'
    assert [target.keys.key(number) for number in (1, 2)] == ["apple", "pear"]
    assert target.keys.left == 2
    assert target.answers(404)
    assert not target.answers(302)
    assert target.sent_headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(target)
    assert "s3cret" not in target.describe()
    assert target.rule.result(200, {"x-store": "warm"}.get, b"") == "hit"
    assert not target.has_one_entry_for_a_key


def test_flags_override_the_file(tmp_path):
    target = described(tmp_path, f'url = "{URL}"\nkeys = "1-9"', keys="20-29", result="none")

    assert target.keys.key(1) == "20"
    assert not target.rule.tells


def test_keys_can_be_left_out_from_the_beginning():
    keys = key_source("100-199", skipped=40)

    assert (keys.key(1), keys.left) == ("140", 60)
    assert key_source("", skipped=40).key(1) == "41"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"url": "http://127.0.0.1/api"}, "must hold {key}"),
        ({"url": "http://127.0.0.1/{key}?t={ttl}"}, "target-url may hold only {key} in braces"),
        ({"url": "http://127.0.0.1/{shop}/{key}"}, "got '{shop}', which would be sent as it is"),
        ({"url": "http://127.0.0.1/{{key}}"}, "got '{}'"),
        ({"url": "http://127.0.0.1/{product-id}"}, "got '{product-id}'"),
        ({"url": "ftp://127.0.0.1/{key}"}, "'ftp://127.0.0.1/{key}'"),
        ({"url": "http://{key}.example/"}, "http(s)://host/path"),
        ({"url": "http://me:pw@127.0.0.1/{key}"}, "must not hold a password"),
        ({"url": URL, "file": "shop.toml"}, "must stand alone"),
        ({"file": "/nowhere/shop.toml"}, "'/nowhere/shop.toml'"),
        ({"url": URL, "keys": "9-1"}, "'9-1'"),
        ({"url": URL, "keys": "/nowhere/keys"}, "'/nowhere/keys'"),
        ({"url": URL, "keys": "1-9", "skip_keys": 9}, "'9'"),
        ({"url": URL, "headers": ("Authorization",)}, "NAME: VALUE"),
        ({"url": URL, "headers": ("A b: c",)}, "'A b'"),
        ({"url": URL, "headers": ("A: ${NOT_SET_ANYWHERE}",)}, "NOT_SET_ANYWHERE"),
        ({"url": "http://no.such.host.invalid/{key}"}, "'no.such.host.invalid'"),
        ({"keys": "1-9"}, "needs a target"),
        ({"url": "http://127.0.0.1/#/{key}"}, "must not hold a #"),
        ({"url": "http://127.0.0.1/{key}?k=${NOT_SET_ANYWHERE}"}, "NOT_SET_ANYWHERE"),
        ({"url": URL, "headers": ("content-length: 3",)}, "content-length"),
        ({"url": URL, "headers": ("A: ${B C}",)}, "variables as ${NAME}, got '${B C}'"),
        ({"url": "http://127.0.0.1/{key}?k=${}"}, "variables as ${NAME}"),
        ({"url": URL, "headers": ("X-Id: {key}",)}, "header X-Id must not hold {key}"),
        ({"url": URL, "headers": ("A: \x01",)}, "printable ASCII"),
        ({"url": URL, "result": "status: all=hit"}, "'all'"),
        ({"url": URL, "result": "age: 0=hit"}, "'0'"),
        ({"url": URL, "keys": "~nobody.of.this.name/keys"}, "'~nobody.of.this.name/keys'"),
        ({"file": "~nobody.of.this.name/shop.toml"}, "'~nobody.of.this.name/shop.toml'"),
    ],
)
def test_a_wrong_flag_is_refused_with_its_value(flags, words):
    assert words in refusal(**flags)


def test_a_query_in_json_may_hold_braces_around_the_key():
    url = 'http://127.0.0.1/find?q={"id":"{key}"}'

    assert read_target(TargetFlags(url=url)).endpoints[0].path("7") == '/find?q={"id":"7"}'


def test_the_refusal_of_a_password_does_not_repeat_it():
    assert "pw" not in refusal(url="http://me:pw@127.0.0.1/{key}").replace("password", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url = ", "Invalid value"),
        ("speed = 3", "'speed'"),
        (f'url = "{URL}"\n[tls]\nca_file = "/nowhere.pem"', "'/nowhere.pem'"),
        (f'url = "{URL}"\n[result]\nheader = "A"\njson = "b"', "one of header, json, status"),
        (f'[[endpoints]]\nurl = "{URL}"\nweight = "much"', "weight"),
        (f'[[endpoints]]\nurl = "{URL}"\nweight = 0', "weight above 0"),
        (f'url = "{URL}"\naccepted = ["all"]', "accepted"),
        (f'url = "{URL}"\nheaders = "A: b"', "headers"),
        ("", "either url or endpoints"),
        ('url = "127.0.0.1/{key}"', "url must be http(s)://host/path, got '127.0.0.1/{key}'"),
        (f'[endpoints]\nurl = "{URL}"', "begin [[endpoints]]"),
        (f'[[endpoints]]\nurl = "{URL}"\nweight = nan', "weight above 0"),
        (f'[[endpoints]]\nurl = "{URL}"\nweight = inf', "weight above 0"),
        (f'[[endpoints]]\nurl = "{URL}"\nmethod = "GÉT"', "'GÉT'"),
        (f'url = "{URL}"\nheaders = {{ A = ["b"] }}', "header A must be a text"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, text, words):
    with pytest.raises(TargetError) as refused:
        described(tmp_path, text)

    assert words in str(refused.value)
    assert "shop.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_may_begin_with_a_byte_order_mark(tmp_path):
    assert described(tmp_path, f'\ufeffurl = "{URL}"').endpoints[0].url == URL


def test_files_in_a_description_are_sought_beside_it_and_those_of_flags_here(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "keys.txt").write_text("pear\n")
    (tmp_path / "keys.txt").write_text("apple\n")
    (tmp_path / "shop.toml").write_text(f'url = "{URL}"\nkeys = "keys.txt"\n')
    monkeypatch.chdir(tmp_path / "here")

    assert read_target(TargetFlags(file="../shop.toml")).keys.key(1) == "apple"
    flags = TargetFlags(file="../shop.toml", keys="keys.txt")
    assert read_target(flags).keys.key(1) == "pear"

    elsewhere = flags.from_anywhere()
    monkeypatch.chdir("/")  # As the load generator of a sweep does.
    assert read_target(elsewhere).keys.key(1) == "pear"


def test_files_of_the_documentation_are_targets(tmp_path, monkeypatch):
    for name in ("SHOP_TOKEN", "SHOP_CLIENT", "ADMIN_TOKEN"):
        monkeypatch.setenv(name, "x")
    page = (ROOT / "docs" / "own-service.md").read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in page.split("\n\n") if block.startswith("    ")]
    whole, counters, ttl = (block for block in blocks if re.search(r"^url = ", block, re.MULTILINE))

    target = described(tmp_path, whole)
    assert [endpoint.weight for endpoint in target.endpoints] == [3, 1]
    assert (target.keys.left, target.rule.values["warm"]) == (5000, "hit")
    beside = described(tmp_path, f'url = "{URL}"\n{counters}\n{ttl}')
    assert beside.counters.misses.text == 'shop_cache_requests_total{result="miss"}'
    assert beside.ttl.endpoint.method == "PATCH"


def test_loopback_and_own_addresses_are_this_machine():
    assert is_this_machine("127.0.0.1")
    assert is_this_machine("localhost")
    assert not is_this_machine("192.0.2.1")


def test_another_machine_needs_leave():
    assert require_leave("192.0.2.1", allowed=True)
    with pytest.raises(TargetError, match="--i-may-load-this-host, and at most 200 requests"):
        require_leave("192.0.2.1", allowed=False)


def test_a_variable_cannot_smuggle_a_line_into_the_request(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "a\r\nX-Other: b")

    assert "must be one line" in refusal(url=URL, headers=("Authorization: ${SHOP_TOKEN}",))
