"""How often the intervals of assessmap hold the truth: python benchmarks/coverage_area.py MAP [--draws 100]

MAP is map.tif of a workspace of the sample region, whose true class is known for every pixel. Points are drawn as
drawvalidation does, labelled with the truth, and assessed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np
import shapely

from patchwork.core.assessment.design import STRATUM, Design, allocate, draw_points
from patchwork.core.assessment.estimators import Sample, estimate
from patchwork.core.assessment.maps import open_map
from patchwork.core.imagery.sources.sample import simulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("map", type=Path)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--number", type=int, default=600)
    given = parser.parse_args()
    truth = simulation.land_cover(simulation.load_region())
    classes = open_map(given.map)
    mapped = classes.read(classes.window)
    known = mapped > 0
    numbers = allocate(classes.pixels, Design(0.01, given.number, 30, 0.85))
    strata = np.array(sorted(numbers))
    sizes = np.array([classes.pixels[id_] for id_ in strata], dtype=float)
    overall = float((mapped == truth)[known].mean())
    shares = {int(id_): float((truth[known] == id_).mean()) for id_ in np.unique(truth[known])}
    held: dict[str, list[bool]] = {}
    for seed in range(given.draws):
        layer = draw_points(classes, numbers, seed)
        x, y = shapely.get_coordinates(layer.geometries).T
        rows = ((classes.grid.top - y) // classes.grid.pixel_height).astype(int)
        columns = ((x - classes.grid.left) // classes.grid.pixel_width).astype(int)
        own = np.searchsorted(strata, layer.fields[STRATUM])
        found = estimate(Sample(own, mapped[rows, columns].astype(int), truth[rows, columns].astype(int), sizes))
        held.setdefault("overall accuracy", []).append(found.overall.low <= overall <= found.overall.high)
        for figures in found.classes:
            share = shares[figures.class_id]
            name = f"area of {simulation.CLASSES[figures.class_id]}"
            held.setdefault(name, []).append(figures.share.low <= share <= figures.share.high)
    areas = [hit for name, hits in held.items() if name.startswith("area") for hit in hits]
    for name, hits in held.items():
        print(f"{name:28} {sum(hits):4} of {len(hits)}")
    print(f"{'all areas':28} {100 * sum(areas) / len(areas):4.1f} of 100")


if __name__ == "__main__":
    main()
