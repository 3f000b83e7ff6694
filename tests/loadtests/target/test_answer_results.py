"""What answers say of their cache, in our words."""

import pytest

from loadtests.target.answer_rule import answer_rule
from loadtests.target.key_source import TargetError
from loadtests.target.result_words import result_of_age, result_of_cache_status, result_of_word


def of(rule, status=200, body=b"", **headers):
    """Return the result of an answer with headers such as x_cache."""
    return answer_rule(rule).result(status, lambda name: headers.get(name.replace("-", "_")), body)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("HIT", "hit"),
        ("Hit from cloudfront", "hit"),
        ("RefreshHit from cloudfront", "miss"),
        ("MISS, HIT", "hit"),
        ("HIT, MISS", "hit"),
        ("MISS, MISS", "miss"),
        ("EXPIRED", "miss"),
        ("REVALIDATED", "miss"),
        ("UPDATING", "stale"),
        ("STALE", "stale"),
        ("DYNAMIC", "bypass"),
        ("TCP_MEM_HIT from proxy", "hit"),
        ("TCP_REFRESH_HIT from proxy", "miss"),
        ("TCP_MISS", "miss"),
        ("NEGATIVE", "negative"),
        ("COALESCED", "coalesced"),
        ("NONE", "unknown"),
        ("-", "unknown"),
        ("", "unknown"),
    ],
)
def test_words_of_other_caches_become_ours(value, result):
    assert result_of_word(value) == result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("ExampleCache; hit; ttl=376", "hit"),
        ("ExampleCache; hit; ttl=-12", "stale"),
        ("ExampleCache; fwd=uri-miss; stored", "miss"),
        ("ExampleCache; fwd=stale", "miss"),
        ("ExampleCache; fwd=bypass", "bypass"),
        ("ExampleCache; fwd=miss; collapsed", "coalesced"),
        ('Origin; hit; ttl=1100, "CDN Company"; fwd=uri-miss', "hit"),
        ("Origin; fwd=uri-miss, CDN; fwd=bypass", "bypass"),
        ("ExampleCache", "unknown"),
        ("not ;; a list", "unknown"),
    ],
)
def test_cache_status_is_read_by_rfc_9211(value, result):
    assert result_of_cache_status(value) == result


@pytest.mark.parametrize(
    ("value", "result"), [("12", "hit"), ("0", "miss"), (None, "miss"), ("soon", "miss")]
)
def test_an_age_above_zero_is_a_hit(value, result):
    assert result_of_age(value) == result


def test_without_a_named_header_the_first_known_one_tells():
    assert of("auto", cf_cache_status="MISS", x_cache="HIT") == "miss"
    assert of("auto", cache_status="x; hit", x_cache="MISS") == "hit"
    assert of("auto") == "unknown"


def test_an_age_alone_tells_nothing_unless_it_is_asked_for():
    assert of("auto", age="12") == "unknown"
    assert of("age", age="12") == "hit"


def test_own_words_are_mapped_and_known_words_stay_known():
    rule = "X-Mine: warm=hit, cold=miss"

    assert of(rule, x_mine="WARM") == "hit"
    assert of(rule, x_mine="cold") == "miss"
    assert of(rule, x_mine="stale") == "stale"
    assert of(rule) == "unknown"


def test_a_header_that_only_hits_have_can_be_told():
    assert of("X-Served-Warm: yes=hit, =miss") == "miss"


def test_a_json_field_tells():
    assert of("json meta.cached", body=b'{"meta": {"cached": true}}') == "hit"
    assert of("json meta.cached", body=b'{"meta": {"cached": false}}') == "miss"
    assert of("json from: redis=hit, db=miss", body=b'{"from": "redis"}') == "hit"
    assert of("json meta.cached", body=b'{"meta": 7}') == "unknown"
    assert of("json meta.cached", body=b"<html>") == "unknown"
    assert of("json meta.cached", body=b"[" * 100_000) == "unknown"


def test_a_status_tells():
    assert of("status: 200=hit, 203=miss", status=203) == "miss"
    assert of("status: 200=hit, 203=miss", status=206) == "unknown"


def test_none_tells_nothing():
    assert of("none", x_cache="HIT") == "unknown"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("X-Mine: warm=hot", "'hot'"),
        ("X-Mine: warm", "VALUE=RESULT"),
        ("json", "name the field"),
        ("status", "what a status means"),
        ("X Mine", "'X Mine'"),
    ],
)
def test_a_wrong_rule_is_refused_in_one_line(rule, words):
    with pytest.raises(TargetError) as refused:
        answer_rule(rule)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
