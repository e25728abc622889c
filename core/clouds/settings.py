"""The settings of the cloud masks of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from ..errors import DataError
from ..store.acquisitions import Acquisition
from ..store.reading import surroundings_of
from ..store.records import Record
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted, written
from .methods import cloud_method, method_named, s2cloudless
from .methods.record import CloudMethod, MaskOptions, Settings


@dataclass(frozen=True)
class CloudSettings:
    """The chosen method, and the settings of each method that it may select."""

    method: str
    methods: Mapping[str, Settings]

    def of(self, acquisition: Acquisition) -> tuple[CloudMethod, Settings]:
        """The method of an acquisition and its settings; DataError if its bands are missing."""
        method = cloud_method(self.method, acquisition.all_bands)
        return method, self.methods[method.name]


@dataclass(frozen=True)
class CloudRecord(Record):
    """The record of maskclouds."""

    STEP: ClassVar[str] = "maskclouds"
    settings: CloudSettings


def cloud_settings(workspace: Workspace, choice: str, options: MaskOptions) -> CloudSettings:
    """The settings for the acquisitions of the catalogue.

    Raises DataError if an acquisition does not have the bands of the method, the detector's bands were fetched in other
    cells, or the bands around the area do not reach as far as the masks depend on them.
    """
    catalogue = workspace.catalogue
    names = {cloud_method(choice, item.all_bands).name for item in catalogue.acquisitions}
    kept = catalogue.cell_factor
    if kept and s2cloudless.METHOD.name in names and kept != options.cell_factor:
        pixel = workspace.layout.grid.pixel_width
        raise DataError(
            f"The cloud bands of this workspace are stored in cells of {kept} pixels, and CLOUD_RESOLUTION asks for "
            f"{options.cell_factor} ({written(options.cell_factor * pixel)} m). Run downloadscenes with it, or set "
            f"CLOUD_RESOLUTION to {written(kept * pixel)} m."
        )
    settings = CloudSettings(choice, {name: method_named(name).settings(options) for name in sorted(names)})
    for item in catalogue.acquisitions:
        _require_surroundings(workspace, item, *settings.of(item))
    return settings


def _require_surroundings(workspace: Workspace, item: Acquisition, method: CloudMethod, settings: Settings) -> None:
    reach = settings["reach"]
    if item.reach >= reach and set(method.bands) <= set(item.around):
        return
    wanted = replace(item, around=method.bands, reach=reach)
    if not all(surroundings_of(workspace, patch, wanted).window.is_empty for patch in workspace.layout.patches):
        raise DataError(
            f"Clouds by {method.name} depend on {counted(reach, 'pixel')} around the area, which were not fetched. Run "
            "downloadscenes with the METHOD, AVERAGE_OVER and DILATION of maskclouds."
        )
