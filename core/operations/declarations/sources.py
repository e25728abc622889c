"""Parameters of the source of the imagery, the acquisitions and the limits of requests."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ...frozen import frozen
from ...imagery.sources import SOURCES
from ...imagery.sources.stac.catalogues import CATALOGUES, EARTH_SEARCH, LEVEL_2A
from ...parameters import Account, Choice, Date, Folder, Names, Number, Parameters, Text
from .workspace import WorkspaceParameters

if TYPE_CHECKING:
    from ...imagery.sources.ledger import Ledger
    from ...imagery.sources.protocols import Source
    from ...imagery.sources.services import Service
    from ...store.paths import WorkspacePaths
    from ...store.workspace import Workspace

_CATALOGUES = ", ".join(f"`{name}` ({label})" for name, label in CATALOGUES.labels().items())


@frozen
class SourceParameters(WorkspaceParameters):
    """The source of the imagery."""

    order = 10

    source: Annotated[
        str,
        Choice(
            "Source",
            "Source of the imagery. The built-in sample region is simulated and needs no account.",
            options=SOURCES.labels(),
        ),
    ] = "folder"
    imagery: Annotated[
        Optional[Path],
        Folder(
            "Imagery folder",
            "For the source folder: GeoTIFFs with the sensing time in their names, such as "
            "<prefix>_<YYYYMMDDTHHMMSS>.tif (UTC), and bands named in their descriptions (B02, B03 …). Numbers are "
            "reflectance × 10000, 0 = no data, unless the files declare scale, offset or no data. Tiles of one "
            "acquisition are less than a minute apart. For the source safe: a folder of Sentinel-2 products, L1C or "
            "L2A.",
        ),
    ] = None
    band_names: Annotated[
        tuple[str, ...],
        Names(
            "Band names",
            "For the source folder: the bands of the files in their order, such as B02,B03,B04,B08, if their "
            "descriptions do not name them. Other names may stand for bands that are not used. Later steps in the same "
            "workspace use them too. Default: the descriptions.",
            advanced=True,
        ),
    ] = ()

    def known_band_names(self) -> tuple[str, ...]:
        """The names of the bands for this source: those given, or those given to an earlier step of the workspace."""
        from ...imagery.band_names import find_band_names
        from ...store.workspace import Workspace

        if self.imagery is None or "band_names" not in SOURCES[self.source].fields:
            return ()
        return self.band_names or find_band_names(Workspace(self.workspace), self.imagery)

    def keep_band_names(self) -> None:
        """Remember the names of the bands for later steps, if the source was opened with them."""
        from ...imagery.band_names import keep_band_names
        from ...store.workspace import Workspace

        if self.imagery is not None and self.band_names and "band_names" in SOURCES[self.source].fields:
            keep_band_names(Workspace(self.workspace), self.imagery, self.band_names)


@frozen
class ServiceParameters(Parameters):
    """The service and the account."""

    order = 11

    service_url: Annotated[
        Optional[str],
        Text(
            "Service",
            "For sentinelhub: `sentinelhub`, `cdse` (Copernicus Data Space Ecosystem) or the base address of another "
            f"deployment. Default: sentinelhub. For stac: {_CATALOGUES} or the address of another API. "
            f"Default: {EARTH_SEARCH.name}.",
            advanced=True,
        ),
    ] = None
    token_url: Annotated[
        Optional[str],
        Text(
            "Sign-in address",
            "Address where the account signs in. Default: that of the service.",
            advanced=True,
        ),
    ] = None
    auth: Annotated[
        Optional[str],
        Account(
            "Account",
            "Client id and secret of an OAuth client. In QGIS: an authentication configuration (Basic: the id as user "
            "name, the secret as password). Elsewhere: SH_CLIENT_ID and SH_CLIENT_SECRET, or the name of a profile of "
            "sentinelhub-py's configuration file.",
        ),
    ] = None


@frozen
class CollectionParameters(ServiceParameters, SourceParameters):
    """The collections of a service."""

    order = 12

    collection: Annotated[
        tuple[str, ...],
        Names(
            "Collection",
            "For the sources sentinelhub and stac: the imagery. sentinelhub offers sentinel-2-l1c, sentinel-2-l2a, "
            "landsat-ot-l1, landsat-ot-l2 and sentinel-1-grd; several, separated by commas, are used together. "
            f"Default: sentinel-2-l1c of sentinelhub; of stac {LEVEL_2A[0]}, and {LEVEL_2A[1]} for scenes that are "
            "missing there.",
            advanced=True,
        ),
    ] = ()

    @property
    def service(self) -> "Service":
        """The service and the account."""
        from ...imagery.sources.services import Service

        return Service(self.collection, self.service_url, self.token_url, self.auth, self.known_band_names())

    def open_source(self, ledger: "Optional[Ledger]" = None) -> "Source":
        """The source; ParameterError or DataError if it cannot be opened."""
        from ...imagery.sources import open_source

        source = open_source(self.source, self.imagery, self.service, ledger)
        self.keep_band_names()
        return source

    def faults(self) -> list[str]:
        """Sources that read files need their folder."""
        folder = f"Imagery folder (IMAGERY) is missing: the source {self.source} reads it."
        is_missing = SOURCES[self.source].needs_folder and not self.imagery
        return [*super().faults(), *([folder] if is_missing else [])]


@frozen
class PeriodParameters(CollectionParameters):
    """The period and the choice of acquisitions."""

    order = 13

    start: Annotated[
        Optional[date], Date("Start", "First day, such as 2019-01-01. Default: the first acquisition.")
    ] = None
    end: Annotated[Optional[date], Date("End", "Last day, included. Default: the last acquisition.")] = None
    max_cloud_cover: Annotated[
        float,
        Number(
            "Maximum cloud cover",
            "Acquisitions with more cloud over the area are skipped, if the source reports cloud cover. This is "
            "decided for the whole area, never patch by patch, so that no patch borders show in the map.",
            unit="%",
            minimum=0,
            maximum=100,
        ),
    ] = 80.0
    skip_scenes: Annotated[
        tuple[str, ...],
        Names(
            "Skipped scenes",
            "Acquisitions to skip for the whole area: their times such as 20190731T100031, separated by commas.",
            advanced=True,
        ),
    ] = ()

    def faults(self) -> list[str]:
        """A period ends after it starts, and catalogues of services need one."""
        found = super().faults()
        if SOURCES[self.source].needs_period and not (self.start and self.end):
            found.append(f"Start and end (START, END) are missing: the source {self.source} needs them.")
        if self.start and self.end and self.start > self.end:
            found.append(f"Start (START) {self.start} is after end (END) {self.end}.")
        return found


@frozen
class RequestParameters(CollectionParameters):
    """Limits of the requests to a service."""

    order = 14

    budget: Annotated[
        Optional[float],
        Number(
            "Budget",
            "Maximum number of processing units that this workspace may spend in a calendar month (UTC). The run stops "
            "before it is exceeded; run again next month to continue. Default: the limit of the account.",
            unit="processing units",
            advanced=True,
            above=0,
        ),
    ] = None
    connections: Annotated[
        int,
        Number(
            "Connections",
            "Number of simultaneous requests to a service.",
            advanced=True,
            whole=True,
            minimum=1,
            maximum=100,
        ),
    ] = 8
    rate: Annotated[
        Optional[float],
        Number(
            "Rate limit",
            "Maximum number of requests to a service per minute. Default: the limit of the service.",
            unit="requests a minute",
            advanced=True,
            above=0,
        ),
    ] = None

    def ledger(self, workspace: "Workspace") -> "Ledger":
        """The ledger of a workspace, with these limits."""
        from ...imagery.sources.ledger import Ledger

        return Ledger(self.paths(workspace).ledger, self.budget, self.rate, self.connections)

    def paths(self, workspace: "Workspace") -> "WorkspacePaths":
        """The paths of the workspace that the scenes are fetched to."""
        return workspace.paths


@frozen
class PlanningParameters(RequestParameters):
    """The workspace that is planned for."""

    order = 15

    planned_for: Annotated[
        Optional[Path],
        Folder(
            "Planned for",
            "The workspace that the scenes will be fetched to, if another one: scenes that it has are not priced, "
            "and requests count against its BUDGET. It need not exist yet.",
            advanced=True,
            may_be_new=True,
        ),
    ] = None

    def paths(self, workspace: "Workspace") -> "WorkspacePaths":
        """The paths of the workspace that the scenes are fetched to."""
        from ...store.paths import WorkspacePaths

        return WorkspacePaths(self.planned_for) if self.planned_for else workspace.paths
