"""Charts and pictures of arrays. No file is read here."""

import matplotlib

from .accuracy_charts import accuracies_with_intervals, areas_with_intervals, reliability_curve, roc_curves
from .charts import curves_with_spread, importance_by_date, ndvi_over_time, series_over_time
from .figures import as_svg, save

__all__ = [
    "accuracies_with_intervals",
    "areas_with_intervals",
    "as_svg",
    "curves_with_spread",
    "importance_by_date",
    "ndvi_over_time",
    "reliability_curve",
    "roc_curves",
    "save",
    "series_over_time",
]

matplotlib.rcdefaults()  # a `matplotlibrc` in the working folder has no say: `text.usetex` runs programs
