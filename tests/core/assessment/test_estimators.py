"""Estimators compared with the printed examples of the papers, and with whole populations."""

import itertools
import math

import numpy as np
import pytest

from patchwork.core.assessment.estimators import Sample, estimate


def of_matrix(rows, sizes):
    """The sample of an error matrix (map class, reference class) whose strata are the map classes."""
    mapped, reference = [], []
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            mapped += [i] * number
            reference += [j] * number
    return Sample(np.array(mapped), np.array(mapped), np.array(reference), np.array(sizes, dtype=float))


def half_width(figure):
    return 1.96 * figure.standard_error


def test_olofsson_2014_table_8():
    sizes = [200_000, 150_000, 3_200_000, 6_450_000]
    found = estimate(of_matrix([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], sizes))
    assert (round(found.overall.estimate, 4), round(half_width(found.overall), 4)) == (0.9465, 0.0185)
    users = [(0.8800, 0.0740), (0.7333, 0.1008), (0.9273, 0.0397), (0.9631, 0.0205)]
    producers = [(0.7487, 0.2133), (0.8472, 0.2544), (0.9345, 0.0343), (0.9616, 0.0184)]
    areas = [(21157.8, 6157.6), (11686.2, 3755.8), (285769.9, 15509.8), (581386.2, 16281.7)]
    hectares = sum(sizes) * 0.09
    for own, user, producer, area in zip(found.classes, users, producers, areas, strict=True):
        assert (round(own.users.estimate, 4), round(half_width(own.users), 4)) == user
        assert (round(own.producers.estimate, 4), round(half_width(own.producers), 4)) == producer
        share = own.share.scaled(hectares)
        assert share.estimate == pytest.approx(area[0], abs=0.06)
        assert half_width(share) == pytest.approx(area[1], abs=2.0)
    np.testing.assert_allclose(found.proportions.sum(), 1.0)
    assert found.counts.sum() == 640


def test_olofsson_2013_example_1():
    found = estimate(of_matrix([[97, 0, 3], [3, 279, 18], [2, 1, 97]], [22_353, 1_122_543, 610_228]))
    assert round(found.overall.estimate, 7) == 0.9444168
    assert [round(own.producers.estimate, 7) for own in found.classes] == [0.4806308, 0.9941887, 0.8969259]


def test_a_third_public_example():
    sizes = np.array([145_078.56, 5_703.75, 64_029.69])
    found = estimate(of_matrix([[287, 1, 25], [3, 43, 4], [11, 1, 127]], sizes / 0.09))
    assert round(found.overall.estimate, 5) == 0.91445
    areas = [own.share.scaled(sizes.sum()) for own in found.classes]
    assert [round(area.estimate, 2) for area in areas] == [138_436.63, 5_829.38, 70_545.99]
    assert [area.standard_error for area in areas] == pytest.approx([2_709.38, 712.02, 2_711.11], rel=2e-3)


def test_stehman_2014_strata_that_are_not_the_classes():
    strata = np.repeat([0, 1, 2, 3], 10)
    letters = "AAAAAAABBB" + "A" + "B" * 11 + "CCCCCC" + "BB" + "D" * 10
    reference = "AAAAACBABC" + "ABBBBBAABB" + "CCCCCDDBBA" + "DDDDDDDCCB"
    codes = [np.array(["ABCD".index(letter) for letter in text]) for text in (letters, reference)]
    found = estimate(Sample(strata, *codes, np.array([40_000.0, 30_000.0, 20_000.0, 10_000.0])))
    assert found.overall.estimate == pytest.approx(0.63)
    assert found.overall.standard_error == pytest.approx(0.08465617, abs=5e-9)
    assert [own.share.estimate for own in found.classes] == pytest.approx([0.35, 0.34, 0.20, 0.11])


def test_estimates_are_unbiased_over_all_samples_and_their_variance_is_not_less():
    """A population of two strata whose every sample is drawn: the mean of the estimates is the truth."""
    mapped = np.array([1, 1, 1, 1, 2, 2, 2, 2, 2])
    reference = np.array([1, 1, 2, 1, 2, 1, 2, 2, 1])
    values, variances = [], []
    for first in itertools.combinations(range(4), 2):
        for second in itertools.combinations(range(4, 9), 3):
            units = np.array([*first, *second])
            sample = Sample(mapped[units] - 1, mapped[units], reference[units], np.array([4.0, 5.0]))
            found = estimate(sample)
            values.append(found.overall.estimate)
            variances.append(found.overall.standard_error**2)
    assert np.mean(values) == pytest.approx((mapped == reference).mean())
    # Half of the first and three fifths of the second stratum are drawn, which is not taken off the variance.
    assert np.var(values) < np.mean(variances) < np.var(values) / (1 - 3 / 5) + 1e-12


def test_a_stratum_with_one_unit_has_no_variance():
    found = estimate(Sample(np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([1, 2, 2]), np.array([10.0, 20.0])))
    assert found.thin == (1,)
    assert found.overall.estimate == pytest.approx((0.5 * 10 + 20) / 30)
    assert math.isnan(found.overall.standard_error)


def test_classes_that_one_side_never_has():
    found = estimate(Sample(np.zeros(4, int), np.array([1, 1, 1, 1]), np.array([1, 1, 5, 5]), np.array([100.0])))
    first, other = found.classes
    assert math.isnan(other.users.estimate)
    assert other.producers.estimate == 0.0
    assert other.share.estimate == 0.5
    assert first.users.estimate == 0.5
    assert first.f1.estimate == pytest.approx(2 * 0.5 * 1 / 1.5)


def test_pixels_of_polygons_that_are_alike_count_as_few():
    strata, mapped = np.zeros(200, int), np.ones(200, int)
    reference = np.where(np.repeat(np.arange(10), 20) < 8, 1, 2)
    alone = estimate(Sample(strata, mapped, reference, np.array([1e6])))
    grouped = estimate(Sample(strata, mapped, reference, np.array([1e6]), np.repeat(np.arange(10), 20)))
    assert grouped.overall.estimate == alone.overall.estimate == pytest.approx(0.8)
    assert grouped.overall.standard_error == pytest.approx(math.sqrt(0.8 * 0.2 / 9), rel=1e-6)
    assert alone.overall.standard_error < grouped.overall.standard_error / 4


def test_no_error_among_few_units_does_not_give_certainty():
    """The exact bound of none among n; strata that are each of one class."""
    found = estimate(of_matrix([[30, 0], [0, 70]], [300, 700]))
    assert found.overall.estimate == 1.0
    assert found.overall.standard_error == pytest.approx(0.0, abs=1e-12)
    assert (found.overall.low, found.overall.high) == (pytest.approx(0.025 ** (1 / 100)), 1.0)
    first = found.classes[0]
    assert (first.users.low, first.users.high) == (pytest.approx(0.025 ** (1 / 30)), 1.0)
    assert (first.share.low, first.share.high) == pytest.approx((0.3 * 0.025 ** (1 / 30), 1 - 0.7 * 0.025 ** (1 / 70)))
    never = estimate(of_matrix([[0, 30], [0, 70]], [300, 700])).classes[0]
    assert (never.users.estimate, never.users.low) == (0.0, 0.0)
    assert never.users.high == pytest.approx(1 - 0.025 ** (1 / 30))
