"""Parameters of the reference layer."""

from typing import Annotated, Optional

from ...frozen import frozen
from ...parameters import FieldName, Parameters, Text, VectorFile


@frozen
class ReferenceParameters(Parameters):
    """The reference layer and its fields."""

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
