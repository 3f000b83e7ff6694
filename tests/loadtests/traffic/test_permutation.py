"""The keyed permutation that needs no table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.traffic.permutation import Bijection


@given(items=st.integers(1, 5_000), seed=st.integers(0, 2**31 - 1))
def test_every_id_is_the_image_of_one_rank(items, seed):
    images = Bijection(items, seed)(np.arange(items))

    assert np.array_equal(np.sort(images), np.arange(items))


@pytest.mark.parametrize("items", [2**20, 2**20 + 1, 10_000_000])
def test_images_of_a_huge_set_stay_in_range_and_do_not_collide(items):
    ranks = np.arange(1_000_000)

    images = Bijection(items, 9)(ranks)

    assert images.min() >= 0
    assert images.max() < items
    assert np.unique(images).size == ranks.size


def test_neighbouring_ranks_lie_far_apart():
    images = Bijection(10_000_000, 9)(np.arange(1_000))

    assert np.median(np.abs(np.diff(images))) > 1_000_000


def test_another_seed_gives_another_permutation():
    ranks = np.arange(1_000)

    assert not np.array_equal(Bijection(10_000, 1)(ranks), Bijection(10_000, 2)(ranks))
