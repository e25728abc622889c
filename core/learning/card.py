"""The card of a model: what it is and how good it is, as readable JSON beside the model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from ..grid.crs import reproject
from ..versions import package_versions
from .features import SeriesPlan
from .records import ModelRecord
from .validation import Samples


def model_card(record: ModelRecord, plan: SeriesPlan, samples: Samples) -> Mapping[str, Any]:
    """The card: classes, bands, dates, scores with intervals, where the training lies (degrees), versions and seed."""
    box = shapely.box(*shapely.total_bounds(samples.layer.geometries))
    in_degrees = reproject(np.array([box], dtype=object), samples.layer.crs, "EPSG:4326")[0]
    west, south, east, north = shapely.bounds(in_degrees).tolist()
    believed = record.fair
    return {
        "classifier": record.classifier,
        "seed": record.seed,
        "samples": record.samples,
        "classes": record.classes.to_json(),
        **plan.to_json(),
        "step_days": (plan.dates[1] - plan.dates[0]).days if len(plan.dates) > 1 else None,
        "temperature": record.calibration.temperature if record.calibration else 1.0,
        "accuracy": believed.overall.to_json() if believed else None,
        "accuracy_in_words": believed.headline if believed else "not tested",
        "scores": [score.to_json() for score in believed.scores] if believed else [],
        "validations": {found.kind: found.overall.to_json() for found in record.assessments},
        "training_area": {"west": west, "south": south, "east": east, "north": north},
        "versions": package_versions(),
    }
