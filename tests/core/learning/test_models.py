"""Classifiers: the same in every block, thread and file; and files that are no models."""

import io
import json
import pickle
import zipfile
from datetime import date

import numpy as np
import pytest
import skops.io
from sklearn.decomposition import PCA

from patchwork.core.errors import DataError
from patchwork.core.learning import models
from patchwork.core.learning.features import SeriesPlan
from patchwork.core.vocabulary.classes import ClassScheme

CLASSIFIERS = ("extra-trees", "random-forest", "lightgbm", "neural-network")
PLAN = SeriesPlan(("B02", "B03", "B04", "B08"), (), (date(2019, 1, 1), date(2019, 7, 1)))
SCHEME = ClassScheme.of({2: "forest", 7: "water", 1200: "maize"})


def blobs(seed, count):
    """Three classes that are well apart."""
    rng = np.random.default_rng(seed)
    class_ids = rng.choice([2, 7, 1200], count)
    middles = {2: 0.1, 7: 0.3, 1200: 0.5}
    centre = np.array([middles[int(id_)] for id_ in class_ids])[:, np.newaxis]
    return (centre + rng.normal(0, 0.05, (count, 8))).astype(np.float32), class_ids


@pytest.fixture(scope="module", params=CLASSIFIERS)
def model(request):
    estimator = models.fit(request.param, *blobs(0, 400), seed=3, threads=1)
    return models.Model(estimator, PLAN, SCHEME, {"classifier": request.param, "samples": 400})


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(5).uniform(0, 0.6, (9000, 8)).astype(np.float32)


def test_classes_that_are_well_apart_are_learnt(model):
    unseen, class_ids = blobs(1, 500)
    probabilities = model.probabilities(unseen)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert (np.array(SCHEME.ids)[probabilities.argmax(axis=1)] == class_ids).mean() > 0.97


def test_probabilities_are_those_of_the_estimator(model, features):
    expected = model.estimator.predict_proba(features[:500])
    is_rounded = model.facts["classifier"] == "neural-network"  # to be the same on every machine
    np.testing.assert_allclose(model.probabilities(features[:500]), expected, atol=1e-4 if is_rounded else 1e-6)


def test_a_network_of_two_classes_is_that_of_the_estimator(features):
    table, class_ids = blobs(0, 300)
    two = class_ids != SCHEME.ids[2]
    estimator = models.fit("neural-network", table[two], class_ids[two], seed=1, threads=1)
    found = models.predict_proba(estimator, features[:500])
    np.testing.assert_allclose(found, estimator.predict_proba(features[:500]), atol=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_row_has_the_same_bits_in_any_block_with_any_number_of_threads(model, features, threads):
    whole = model.probabilities(features, 1)
    np.testing.assert_array_equal(model.probabilities(features, threads), whole)
    for part in (slice(0, 1), slice(4095, 4097), slice(137, 8191), slice(8999, 9000)):
        np.testing.assert_array_equal(model.probabilities(features[part], threads), whole[part])
    order = np.random.default_rng(1).permutation(len(features))
    np.testing.assert_array_equal(model.probabilities(features[order], threads), whole[order])


def test_no_rows_have_no_probabilities(model, features):
    assert model.probabilities(features[:0]).shape == (0, 3)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_seed_fits_the_same_model_with_any_number_of_threads(name, features):
    def probabilities(seed, threads):
        estimator = models.fit(name, *blobs(0, 120), seed=seed, threads=threads)
        return models.Model(estimator, PLAN, SCHEME, {}).probabilities(features[:300])

    once = probabilities(1, 1)
    np.testing.assert_array_equal(probabilities(1, 1), once)
    np.testing.assert_array_equal(probabilities(1, 2), once)
    if name != "lightgbm":  # which draws nothing with these settings
        assert (probabilities(2, 1) != once).any()


def test_importances_are_shares():
    features, class_ids = blobs(0, 400)
    features[:, 1:] = 0.5  # only the first feature tells anything
    for name in CLASSIFIERS:
        shares = models.importances(models.fit(name, features, class_ids, 0, 1))
        if name == "neural-network":
            assert shares is None
        else:
            assert shares == pytest.approx([1.0] + [0.0] * 7)


def test_importances_of_a_model_that_learnt_nothing_are_unknown():
    estimator = models.fit("lightgbm", np.ones((40, 8), np.float32), np.array([2, 7] * 20), 0, 1)
    assert models.importances(estimator) is None


# Files


def test_a_model_comes_back_with_the_same_probabilities(model, features, tmp_path):
    path = tmp_path / "new" / "model.skops"
    models.save_model(path, model)
    loaded = models.load_model(path)
    np.testing.assert_array_equal(loaded.probabilities(features[:1000]), model.probabilities(features[:1000]))
    assert (loaded.plan, loaded.scheme, loaded.facts) == (model.plan, model.scheme, model.facts)
    assert [file.name for file in path.parent.iterdir()] == ["model.skops"]


class Foreign:
    """Something that has no business in a model."""

    def __init__(self):
        self.x = 1


def foreign(path):
    skops.io.dump({"estimator": Foreign(), "description": "{}"}, path)


def foreign_within(path):
    estimator = models.fit("random-forest", *blobs(0, 60), seed=0, threads=1)
    estimator.extra = Foreign()
    skops.io.dump({"estimator": estimator, "description": "{}"}, path)


def with_a_function(path):
    skops.io.dump({"estimator": json.loads, "description": "{}"}, path)


@pytest.mark.parametrize("make", [foreign, foreign_within, with_a_function])
def test_a_model_with_foreign_types_is_refused(tmp_path, make):
    make(tmp_path / "model.skops")
    with pytest.raises(DataError, match=r"model\.skops (contains untrusted types: |is not a model)"):
        models.load_model(tmp_path / "model.skops")


def other_skops(path):
    skops.io.dump(PCA(), path)


def other_description(path):
    skops.io.dump({"estimator": PCA(), "description": "{"}, path)


def text(path):
    path.write_text("not a model")


def empty(path):
    path.write_bytes(b"")


def pickled(path):
    path.write_bytes(pickle.dumps({"estimator": PCA()}))


def other_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no model")


def cut_short(path):
    buffer = io.BytesIO()
    skops.io.dump(models.fit("random-forest", *blobs(0, 60), seed=0, threads=1), buffer)
    path.write_bytes(buffer.getvalue()[:5000])


@pytest.mark.parametrize("make", [other_skops, other_description, other_zip, text, empty, pickled, cut_short])
def test_a_file_that_is_no_model_is_refused(tmp_path, make):
    make(tmp_path / "model.skops")
    with pytest.raises(DataError, match=r"model\.skops is not a model of Patchwork"):
        models.load_model(tmp_path / "model.skops")


def test_a_model_that_is_not_there_names_the_step_to_run(tmp_path):
    with pytest.raises(DataError, match=r"There is no model .*Run trainmodel first"):
        models.load_model(tmp_path / "model.skops")
