"""Parameters of the workspace, the resources and the seed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...frozen import frozen
from ...parameters import Folder, Number, Parameters, Text
from ...system import longest_path

if TYPE_CHECKING:
    from ...execution import Resources

# Characters of the longest path inside a workspace, with the marks of unfinished files.
LONGEST_NAME = 80


@frozen
class WorkspaceParameters(Parameters):
    """The workspace."""

    order = 80

    workspace: Annotated[
        Path,
        Folder(
            "Workspace",
            "Folder for all files of a project. It is created if it does not exist. A further run in the same "
            "workspace only does what is missing or out of date.",
            may_be_new=True,
        ),
    ]

    def faults(self) -> list[str]:
        """The faults of the bases, and a path too long for the system."""
        longest, length = longest_path(), len(str(self.workspace.absolute()))
        if longest is None or length + LONGEST_NAME <= longest:
            return super().faults()
        text = (
            f"Workspace (WORKSPACE): the path {self.workspace} has {length} characters, and {longest - LONGEST_NAME} "
            "are possible here. Choose a folder with a shorter path, or enable long paths in Windows."
        )
        return [*super().faults(), text]


@frozen
class ResourceParameters(WorkspaceParameters):
    """Memory, jobs and backend of operations that compute in parallel."""

    order = 90

    memory: Annotated[
        int,
        Number(
            "Memory",
            "Maximum memory of the run, all its processes together. Less memory means smaller blocks.",
            advanced=True,
            unit="MB",
            whole=True,
            minimum=500,
        ),
    ] = 4000
    jobs: Annotated[
        int,
        Number(
            "Jobs",
            "Number of parallel jobs; 0 uses one for each processor core.",
            advanced=True,
            whole=True,
            minimum=0,
        ),
    ] = 0
    backend: Annotated[
        str,
        Text(
            "Backend",
            "Where patches are computed: `processes` on this machine, or `dask:HOST:PORT`, the scheduler of a Dask "
            "cluster that shares this file system.",
            advanced=True,
        ),
    ] = "processes"

    @property
    def resources(self) -> "Resources":
        """The resources of the run; ParameterError for an unknown backend."""
        from ...execution import Resources

        return Resources(self.memory, self.jobs, self.backend)


@frozen
class SeedParameters(WorkspaceParameters):
    """The random seed."""

    order = 65

    seed: Annotated[
        int,
        Number(
            "Seed",
            "Random seed for sampling, folds and training. Runs with the same seed give the same map.",
            advanced=True,
            whole=True,
            minimum=0,
            maximum=2**31 - 1,
        ),
    ] = 0
