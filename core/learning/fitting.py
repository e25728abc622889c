"""One training: validations, calibration, the model of all samples, and what is stored of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import styles
from ..errors import DataError
from ..execution import Resources
from ..progress import Progress
from ..reference.record import LabelRecord
from ..store.files import write_json
from ..store.vectors import write_geopackage
from ..store.workspace import Workspace
from ..versions import package_versions
from . import folds, models
from .applicability import FeatureSpace, feature_space
from .assessment import fair
from .calibration import Calibration, calibrate
from .card import model_card
from .independent import Independent, assess_independent
from .records import ModelRecord, SampleRecord
from .validation import Validation, blocks_layer, groupings, predictions_layer, read_samples, regions_of, validate

if TYPE_CHECKING:
    from .training import TrainingSettings


class Training:
    """One training of a workspace."""

    def __init__(
        self,
        workspace: Workspace,
        settings: TrainingSettings,
        record: SampleRecord,
        labels: LabelRecord,
        independent: Independent | None,
        resources: Resources,
    ) -> None:
        self.workspace, self.settings, self.record = workspace, settings, record
        self.independent, self.resources = independent, resources
        self.samples = read_samples(workspace, record, labels.pixels)
        if len(self.samples.classes) < 2:
            raise DataError(
                "The samples hold one class only; a map needs at least two. Use a reference with more classes."
            )

    def fit(self, features: np.ndarray, class_ids: np.ndarray) -> Any:
        return models.fit(self.settings.classifier, features, class_ids, self.settings.seed, self.resources.wanted_jobs)

    def run(self, made_of: str, validated: str, progress: Progress) -> ModelRecord:
        """Validate, train on all samples, and write the model, the tested samples and the record."""
        self.workspace.forget(ModelRecord)
        found = self._validate(progress.part(0.0, 0.8))
        calibration = self._calibrate(found[folds.POLYGONS])
        classes = self.record.classes.only(self.samples.classes.tolist())
        estimator = self.fit(self.samples.features, self.samples.class_ids)
        facts = {"classifier": self.settings.classifier, "samples": len(self.samples.class_ids)}
        model = models.Model(
            estimator,
            self.record.plan,
            classes,
            {**facts, "versions": package_versions()},
            calibration.temperature if calibration else 1.0,
            self._space(estimator, found[folds.POLYGONS]),
        )
        assessments = [own.assessment for own in found.values() if own.assessment is not None]
        if self.independent is not None:
            part = progress.part(0.85, 1.0)
            seed = self.settings.seed
            own = assess_independent(self.workspace, self.independent, model, seed, self.resources, part)
            assessments.append(own)
        believed = fair(tuple(assessments))
        accuracy = {"accuracy": believed.headline} if believed else {}
        models.save_model(self.workspace.paths.model, replace(model, facts={**model.facts, **accuracy}))
        self._write_layers(found)
        record = ModelRecord(
            made_of,
            self.settings.classifier,
            self.settings.seed,
            len(self.samples.class_ids),
            classes,
            tuple(assessments),
            calibration,
            validated,
            found[folds.POLYGONS].importance,
        )
        write_json(self.workspace.paths.model_card, model_card(record, self.record.plan, self.samples))
        self.workspace.write(record)
        return record

    def _validate(self, progress: Progress) -> dict[str, Validation]:
        grid = self.workspace.layout.grid
        ways = groupings(
            self.samples,
            seed=self.settings.seed,
            with_blocks=self.settings.validation == folds.BLOCKS,
            block_size=round(self.settings.block_size / grid.pixel_width),
            regions=regions_of(self.workspace, self.samples.checked.polygons),
        )

        def fit(features: np.ndarray, class_ids: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            estimator = self.fit(features, class_ids)
            return lambda rows: models.predict_proba(estimator, rows)

        found = {}
        for number, (kind, group) in enumerate(ways.items(), start=1):
            found[kind] = validate(self.samples, group(), grid, fit, self.settings.seed)
            progress.report(number / (len(ways) + 1))
        return found

    def _calibrate(self, by_polygons: Validation) -> Calibration | None:
        if by_polygons.assessment is None:
            return None
        seen = ~np.isnan(by_polygons.probabilities[:, 0])
        places = np.searchsorted(self.samples.classes, self.samples.class_ids)
        return calibrate(
            by_polygons.probabilities[seen],
            places[seen],
            self.samples.checked.weights[seen],
            by_polygons.grouping.folds[seen],
        )

    def _space(self, estimator: Any, by_polygons: Validation) -> FeatureSpace | None:
        found = models.importances(estimator)
        weights = None if found is None else np.array(found)
        return feature_space(self.samples.features, by_polygons.grouping.folds, weights, self.settings.seed)

    def _write_layers(self, found: dict[str, Validation]) -> None:
        paths = self.workspace.paths
        write_geopackage(paths.predictions, predictions_layer(self.samples, found[folds.POLYGONS]))
        grid = self.workspace.layout.grid
        write_geopackage(paths.validation_blocks, blocks_layer(self.samples, found.get(folds.BLOCKS), grid))
        styles.write_style(paths.validation_blocks, styles.outline_style(styles.BLOCK_COLOUR, "accuracy"))
