"""Parameters of the acquisitions and the bands to fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...frozen import frozen
from ...imagery.sources import SOURCES
from .features import CloudMethodParameters, FeatureParameters
from .sources import PeriodParameters, RequestParameters

if TYPE_CHECKING:
    from ...clouds.methods.record import MaskOptions
    from ...imagery.costs import Costs
    from ...imagery.finding import ChosenBands
    from ...imagery.sources.protocols import Source
    from ...progress import Progress
    from ...store.acquisitions import OfferedAcquisition
    from ...store.workspace import Workspace


@frozen
class SceneParameters(RequestParameters, PeriodParameters, FeatureParameters, CloudMethodParameters):
    """The source and the period, the bands to fetch, and the limits of requests."""

    def find_scenes(
        self, workspace: Workspace, source: Source, progress: Progress, *, estimates_cover: bool = False
    ) -> tuple[int, Costs]:
        """Write the acquisitions to the catalogue; returns their number and the costs of fetching what is missing.

        If `estimates_cover`, the cloud cover that the source does not tell is estimated from its imagery.
        """
        from ...clouds.choosing import report_missing
        from ...clouds.cover import estimate_cover
        from ...imagery.costs import costs_of_fetching
        from ...imagery.finding import Search, find_scenes

        search = Search(self.start, self.end, self.max_cloud_cover, self.skip_scenes)
        options = self.mask_options(workspace.layout.grid, 0.0)

        def choose(item: OfferedAcquisition) -> ChosenBands:
            return self._chosen_bands(item, source, options)

        def cover(item: OfferedAcquisition) -> float | None:
            return estimate_cover(source, item, workspace.layout)

        estimate = cover if estimates_cover else None
        number = find_scenes(workspace, source, search, options.cell_factor, choose, estimate, progress)
        report_missing(workspace.catalogue, self.bands, self.indices, progress)
        costs = costs_of_fetching(
            workspace,
            source,
            connections=self.connections,
            rate=self.rate,
            budget=self.budget,
            progress=progress,
            paths=self.paths(workspace),
        )
        return number, costs

    def _chosen_bands(self, item: OfferedAcquisition, source: Source, options: MaskOptions) -> ChosenBands:
        """The bands to fetch of an acquisition: all if they cost nothing; maskclouds reports those that it misses."""
        from ...clouds.choosing import choose_bands, require_bands
        from ...clouds.methods import cloud_method
        from ...errors import DataError
        from ...imagery.finding import ChosenBands

        if "band_names" in SOURCES[self.source].fields:
            require_bands(item.bands, self.needed_bands, self.indices)
        try:
            method = cloud_method(self.method, item.bands)
        except DataError:
            if source.traits.selects:
                raise
            return ChosenBands(item.bands)
        wanted = self.needed_bands if source.traits.selects else item.bands
        return choose_bands(item.bands, wanted, method, options, offers_cells=source.traits.cells)
