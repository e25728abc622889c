"""Which pixels are drawn: by place and seed, and by nothing else."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from patchwork.core.grid.patches import cut
from patchwork.core.grid.windows import Window
from patchwork.core.learning.samples import Candidates, draw, labelled_pixels, share_out

DOMAIN = Window(488_990, -13, 40, 50)
RNG = np.random.default_rng(1)
CLASSES = RNG.choice([0, 0, 1, 2, 1200], DOMAIN.shape).astype(np.uint32)
POLYGONS = np.where(CLASSES > 0, RNG.integers(1, 90, DOMAIN.shape), 0).astype(np.uint32)
NUMBER = {1: 20, 2: 7, 1200: 10_000}


def candidates(window, seed=0):
    where = DOMAIN.slices(window)
    return labelled_pixels(CLASSES[where], POLYGONS[where], window, seed)


def rows_of(chosen):
    return list(
        zip(*(getattr(chosen, name).tolist() for name in ("rows", "columns", "class_ids", "polygons")), strict=True)
    )


def test_every_labelled_pixel_is_a_candidate():
    found = rows_of(candidates(DOMAIN))
    expected = [
        (DOMAIN.row + y, DOMAIN.column + x, int(CLASSES[y, x]), int(POLYGONS[y, x]))
        for y, x in np.ndindex(*DOMAIN.shape)
        if CLASSES[y, x]
    ]
    assert found == expected


@given(st.integers(5, 60), st.integers(5, 60), st.integers(0, 2**31 - 1))
def test_the_draw_does_not_depend_on_how_the_area_is_cut(height, width, seed):
    patches = cut(DOMAIN, height, width)
    random.Random(seed).shuffle(patches)
    parts = [draw(candidates(patch.window, seed), NUMBER) for patch in patches]
    whole = draw(Candidates.joined([candidates(DOMAIN, seed)]), NUMBER)
    assert rows_of(draw(Candidates.joined(parts), NUMBER)) == rows_of(whole)


def test_the_lowest_ranks_of_each_class_are_drawn():
    everything = candidates(DOMAIN)
    chosen = draw(everything, NUMBER)
    for class_id, wanted in NUMBER.items():
        own = sorted(everything.ranks[everything.class_ids == class_id].tolist())
        assert sorted(chosen.ranks[chosen.class_ids == class_id].tolist()) == own[:wanted]


@pytest.mark.parametrize("fewer", [0, 1, 2])
def test_as_many_are_drawn_as_asked_for_and_never_one_more(fewer):
    everything = candidates(DOMAIN)
    there = int((everything.class_ids == 2).sum())
    assert len(rows_of(draw(everything, {2: there - fewer}))) == there - fewer
    assert len(rows_of(draw(everything, {2: there + fewer}))) == there


def test_a_larger_draw_contains_the_smaller_one():
    everything = candidates(DOMAIN)
    assert set(rows_of(draw(everything, {1: 10}))) < set(rows_of(draw(everything, {1: 30})))


def test_classes_that_are_not_asked_for_are_not_drawn():
    assert set(draw(candidates(DOMAIN), {2: 5}).class_ids.tolist()) == {2}
    assert len(draw(candidates(DOMAIN), {}).rows) == 0
    assert len(draw(candidates(DOMAIN), {99: 5}).rows) == 0


def test_a_window_without_labels_gives_none():
    none = labelled_pixels(np.zeros((3, 4), np.uint32), np.zeros((3, 4), np.uint32), Window(0, 0, 3, 4), 0)
    assert rows_of(Candidates.joined([none, candidates(DOMAIN)])) == rows_of(candidates(DOMAIN))


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_the_seed_decides(one, other):
    same = rows_of(draw(candidates(DOMAIN, one), NUMBER)) == rows_of(draw(candidates(DOMAIN, other), NUMBER))
    assert same == (one == other)


# The hash


def ranks(window, seed=0):
    ones = np.ones(window.shape, dtype=np.uint32)
    return labelled_pixels(ones, ones, window, seed).ranks


def test_ranks_are_splitmix64():
    def mix(value):
        value = (value + 0x9E3779B97F4A7C15) % 2**64
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
        return value ^ (value >> 31)

    assert mix(0) == 0xE220A8397B1DCDAF  # the first number of the published generator with seed 0
    window = Window(-2, 488_000, 4, 3)
    expected = [
        mix((mix((y % 2**64) << 32 & (2**64 - 1) ^ (x % 2**64)) + mix(77)) % 2**64)
        for y in range(window.row, window.bottom)
        for x in range(window.column, window.right)
    ]
    assert ranks(window, 77).tolist() == expected


def test_no_two_places_share_a_rank():
    window = Window(-150, -200, 300, 400)
    assert len(np.unique(ranks(window))) == 300 * 400


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_ranks_are_spread_evenly_over_values_and_places(seed):
    found = ranks(Window(488_000, 50_000, 256, 256), seed)
    counts, _ = np.histogram(found.astype(float) / 2.0**64, bins=64, range=(0, 1))
    assert stats.chisquare(counts).pvalue > 1e-4
    lowest = np.zeros(256 * 256, dtype=int)
    lowest[np.argsort(found)[:4096]] = 1
    by_place = lowest.reshape(8, 32, 8, 32).sum(axis=(1, 3)).ravel()
    assert stats.chisquare(by_place).pvalue > 1e-4
    assert stats.chisquare(lowest.reshape(256, 256).sum(axis=0)).pvalue > 1e-4


def test_neighbours_and_seeds_are_not_correlated():
    square = ranks(Window(0, 0, 200, 200)).astype(float).reshape(200, 200)
    for one, other in ((square[1:], square[:-1]), (square[:, 1:], square[:, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(square.ravel(), ranks(Window(0, 0, 200, 200), 1).astype(float))[0, 1]) < 0.03


# Shares


def test_equal_shares_are_the_same_for_all():
    assert share_out({1: 5, 2: 5000}, 2000, "equal") == {1: 2000, 2: 2000}


def test_proportional_shares_are_as_labels_are():
    assert share_out({1: 1000, 2: 3000, 7: 4000}, 200, "proportional") == {1: 75, 2: 225, 7: 300}
    assert share_out({1: 1, 2: 1_000_000}, 100, "proportional") == {1: 1, 2: 200}


@given(st.dictionaries(st.integers(1, 65_535), st.integers(1, 10**7), min_size=1, max_size=12), st.integers(2, 5000))
def test_proportional_shares_have_the_same_total_and_leave_no_class_out(counts, per_class):
    shares = share_out(counts, per_class, "proportional")
    assert set(shares) == set(counts)
    assert min(shares.values()) >= 1
    assert abs(sum(shares.values()) - per_class * len(counts)) <= len(counts)
    ordered = sorted(counts, key=counts.get)
    assert [shares[id_] for id_ in ordered] == sorted(shares.values())
