"""Clouds of a cloud probability that comes with the imagery (CLP, 0 to 255)."""

import numpy as np
import pytest
from services.commands import run

from patchwork.core.store.reading import read_clouds
from patchwork.core.store.workspace import Workspace


@pytest.mark.parametrize("threshold", [0.4, 0.29, 0.57])
def test_pixels_above_the_threshold_are_masked_and_those_at_it_are_not(make_imagery, tmp_path, threshold):
    """255 × threshold is exactly the threshold in percent; the right half has one percent more."""
    percent = round(threshold * 100)

    def values(number, band, shape):
        if band != "CLP":
            return np.full(shape, 1000)
        return np.where(np.arange(shape[1]) < shape[1] // 2, round(percent * 2.55), round((percent + 1) * 2.55))

    bands = ("B02", "B03", "B04", "B08", "CLP")
    imagery = make_imagery(tmp_path / "imagery", times=["20190731T100031"], bands=bands, values=values)
    folder = ("--workspace", tmp_path / "workspace")
    source = (*folder, "--source", "folder", "--imagery", imagery)
    run("splitarea", *source)
    run("downloadscenes", *source)
    run("maskclouds", *folder, "--method", "clp", "--threshold", threshold, "--dilation", 0)
    workspace = Workspace(tmp_path / "workspace")
    (item,) = workspace.catalogue.acquisitions
    probability, mask = read_clouds(workspace, workspace.layout.patches[0], item)
    np.testing.assert_array_equal(np.unique(probability[:, :15]), [percent])
    assert not mask[:, :15].any()
    assert (mask[:, 15:] == 1).all()
