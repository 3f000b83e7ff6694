"""Samples of requests: whole keys, names that nobody can read, estimates that are right."""

import stat

import numpy as np
import pytest

from loadtests.profile.profile_figures import Bounds, profile_of
from loadtests.profile.scale import Scale
from loadtests.request_logs.loading import Timing, load_logs
from loadtests.request_logs.recognition import Reading
from loadtests.request_logs.samples.sample import (
    HEADER,
    Sample,
    Sampler,
    owned_secret,
    rows,
    sample_of,
)
from loadtests.request_logs.source import LogError


def test_key_is_kept_with_all_its_requests_or_not_at_all():
    sampler = Sampler(b"secret", 0.3)
    requests = [(float(i), f"fruit:{i % 50}", i % 7 == 0) for i in range(1000)]

    lines = list(rows(sampler, iter(requests)))

    names = {line.split(",")[1] for line in lines}
    assert 5 <= len(names) <= 25
    assert len(lines) == 20 * len(names)
    assert sum(line.endswith(",delete\n") for line in lines) > 0


def test_names_depend_on_the_secret_and_do_not_show_the_key():
    one, other = (Sampler(secret, 1.0).name("user:alice") for secret in (b"a", b"b"))

    assert one != other
    assert "alice" not in one
    assert len(one) == 24


def test_secret_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "secret"

    first, second = owned_secret(path), owned_secret(path)

    assert first == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secret_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "secret").write_text("short")

    with pytest.raises(LogError, match="holds fewer than 16 bytes; name a new file"):
        owned_secret(tmp_path / "secret")


def test_last_line_says_what_the_sample_is_of():
    assert sample_of(Sample(0.1, 1234).line()) == Sample(0.1, 1234)
    assert sample_of("# sample: keys kept 7, reads 1\n") is None
    assert sample_of("# something else\n") is None


def _log(path, times, keys, keep=None, secret=b""):
    with path.open("w") as file:
        file.write(HEADER)
        requests = ((t, f"k{k}", False) for t, k in zip(times, keys, strict=True))
        file.writelines(rows(Sampler(secret, keep or 1.0), requests))
        if keep:
            file.write(Sample(keep, len(keys)).line())
    return load_logs([str(path)], Reading(), Timing()).requests


def test_estimates_of_a_tenth_of_the_keys_are_near_those_of_all(tmp_path):
    rng = np.random.default_rng(1)
    weights = np.arange(1, 5001) ** -0.9
    keys = rng.choice(5000, 60_000, p=weights / weights.sum())
    times = np.cumsum(rng.exponential(0.002, keys.size)).tolist()
    ttls = (5.0, 60.0)
    whole = profile_of(_log(tmp_path / "all", times, keys), ttls, Bounds())

    errors, naive, told = [], [], []
    for number in range(8):
        log = _log(tmp_path / "part", times, keys, 0.1, bytes([number]))
        profile = profile_of(log, ttls, Bounds())
        for expected, found in zip(whole.curve, profile.curve, strict=True):
            misses = found.misses.first + found.misses.expired
            errors.append(found.hit_ratio - expected.hit_ratio)
            naive.append(1 - misses / log.keys.size - expected.hit_ratio)
            told.append(found.hit_ratio_error)

    def rms(values):
        return float(np.sqrt(np.mean(np.square(values))))

    assert rms(errors) < 0.02
    assert rms(naive) > 2 * rms(errors)
    assert rms(told) == pytest.approx(rms(errors), rel=0.7)


def test_counts_of_a_sample_stand_for_all_keys(tmp_path):
    rng = np.random.default_rng(2)
    keys = rng.integers(0, 4000, 40_000)
    times = (np.arange(keys.size) / 400.0).tolist()
    whole = profile_of(_log(tmp_path / "all", times, keys), (10.0,), Bounds(items=1000)).curve[0]

    log = _log(tmp_path / "part", times, keys, 0.25, b"secret")
    part = profile_of(log, (10.0,), Bounds(items=1000)).curve[0]

    assert part.live_entries_mean == pytest.approx(whole.live_entries_mean, rel=0.06)
    assert part.store_reads_per_second == pytest.approx(whole.store_reads_per_second, rel=0.06)
    assert part.bounded.hit_ratio == pytest.approx(whole.bounded.hit_ratio, abs=0.03)


def test_rate_of_a_sample_is_that_of_all_reads_and_of_its_share_of_the_changes(tmp_path):
    """Hot keys that are not in the sample are counted in its last line."""
    path = tmp_path / "sample"
    rows_ = "".join(f"{i / 10},k,{'delete' if i % 5 == 0 else 'get'}\n" for i in range(101))
    path.write_text(f"{HEADER}{rows_}{Sample(0.1, 9000).line()}")
    log = load_logs([str(path)], Reading(), Timing()).requests

    profile = profile_of(log, (1.0,), Bounds())

    assert (profile.reads, profile.changes) == (80, 21)
    assert profile.rate == pytest.approx((9000 + 21 / 0.1) / 10.0)


def test_error_that_is_told_is_that_of_many_samples_whatever_the_ttl():
    """Under a long TTL each key misses once: the error is that of the number of keys kept."""
    rng = np.random.default_rng(3)
    for misses in (np.ones(20_000, np.int64), rng.geometric(0.05, 20_000)):
        reads = 4 * int(misses.sum())
        found, told = [], []
        for _ in range(300):
            sample = misses[rng.random(misses.size) < 0.1]
            scale = Scale(0.1, reads)
            found.append(scale.ratio(int(sample.sum())) - 0.75)
            told.append(scale.error(sample))

        assert np.sqrt(np.mean(np.square(told))) == pytest.approx(np.std(found), rel=0.1)
        within = np.mean(np.abs(found) < 1.96 * np.array(told))
        assert within == pytest.approx(0.95, abs=0.03)


def test_sample_of_all_keys_has_no_error():
    assert Scale(1.0, 100).error(np.arange(50)) == 0.0
