"""Parameters of the reference layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional, TypeVar

from ...frozen import frozen
from ...imagery.sources import SOURCES
from ...parameters import Choice, FieldName, Names, Parameters, Text, VectorFile
from ...vocabulary.schemes import SCHEMES

if TYPE_CHECKING:
    from ...reference.classes import ClassSettings

OWN = "own"


@frozen
class ReferenceParameters(Parameters):
    """The reference layer and its fields."""

    order = 30

    reference: Annotated[
        Optional[str],
        VectorFile(
            "Reference",
            "Polygons of known class, in any CRS: a shapefile, GeoPackage, GeoJSON, FlatGeobuf or KML, also in a zip. "
            "Where polygons overlap, the later one in the layer is used. The sample region has its own.",
        ),
    ] = None
    class_field: Annotated[
        Optional[str],
        FieldName(
            "Class field",
            "Field with the class of each polygon. Whole numbers, also as texts, are the class ids of the map (0 = "
            "unknown); names are numbered from 1 in sorted order.",
            of="reference",
        ),
    ] = None
    name_field: Annotated[
        Optional[str],
        FieldName("Name field", "Field with the class names, if the class field holds numbers.", of="reference"),
    ] = None
    encoding: Annotated[
        Optional[str],
        Text(
            "Encoding",
            "Encoding of the texts of a shapefile, such as UTF-8 or cp1250. Default: what its .cpg file declares.",
            advanced=True,
        ),
    ] = None

    def faults(self) -> list[str]:
        """A reference needs its class field."""
        field = "Class field (CLASS_FIELD) is missing: the field of the reference with the class."
        return [*super().faults(), *([field] if self.reference and not self.class_field else [])]


@frozen
class ClassParameters(ReferenceParameters):
    """The classes of the map: those of the reference, with other names and colours, merged or left out."""

    order = 31

    class_scheme: Annotated[
        str,
        Choice(
            "Class scheme",
            "Gives the classes names and colours: a class is found in the scheme by its name, or, if no name is found, "
            "by its id.",
            advanced=True,
            options=SCHEMES.labels(own="As in the reference"),
        ),
    ] = OWN
    class_names: Annotated[
        tuple[str, ...],
        Names(
            "Class names",
            "Names of classes in the map and the report, as class=name separated by commas, such as 1=maize,2=forest. "
            "Double quotes keep together what has a comma. Default: the names of the scheme or the reference.",
            advanced=True,
        ),
    ] = ()
    class_colours: Annotated[
        tuple[str, ...],
        Names(
            "Class colours",
            "Colours of classes in the map and the report, as id=#rrggbb or name=#rrggbb separated by commas, such as "
            "1=#ffff00,2=#054907. Default: the colours of the scheme, or of a palette. Other names and colours do not "
            "train the model again.",
            advanced=True,
        ),
    ] = ()
    merge: Annotated[
        tuple[str, ...],
        Names(
            "Merged classes",
            "Classes that become others, as class=class by id or name, separated by commas: 3=1 makes class 3 a part "
            "of class 1.",
            advanced=True,
        ),
    ] = ()
    skip_classes: Annotated[
        tuple[str, ...],
        Names(
            "Skipped classes",
            "Classes that are not used, by name or id, separated by commas. Their polygons are treated as unknown.",
            advanced=True,
        ),
    ] = ()

    @property
    def class_settings(self) -> ClassSettings:
        """The settings of the classes."""
        from ...reference.classes import ClassSettings

        scheme = None if self.class_scheme == OWN else self.class_scheme
        return ClassSettings(scheme, self.class_names, self.class_colours, self.merge, self.skip_classes)


R = TypeVar("R", bound=ReferenceParameters)


def with_built_in_reference(parameters: R, source: str, file: Path) -> R:
    """The parameters with the source's own reference, written to a file, if it has one and none is given."""
    built_in = SOURCES[source].reference
    if built_in is None or parameters.reference is not None:
        return parameters
    own = str(built_in.write(file))
    return replace(parameters, reference=own, class_field=built_in.class_field, name_field=built_in.name_field)
