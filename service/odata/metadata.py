"""What the feed says of itself: the service document and `$metadata` (CSDL 4.0 XML). Pure, out of the model."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from service.odata.model import ENTITY_SETS, Column, Edm, EntitySet

NAMESPACE = "Pouls"
_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_VOCABULARIES = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
_USED = ("Core", "Measures", "Capabilities")
MOMENT_DIGITS = "6"


def service_document(root: str) -> dict[str, Any]:
    """The entity sets, by name and by address relative to the root."""
    sets = [{"name": one.name, "kind": "EntitySet", "url": one.name} for one in ENTITY_SETS]
    return {"@odata.context": f"{root}$metadata", "value": sets}


@cache
def metadata() -> bytes:
    """The whole of `$metadata`."""
    edmx = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    for name in _USED:
        reference = SubElement(edmx, "edmx:Reference", Uri=f"{_VOCABULARIES}/Org.OData.{name}.V1.xml")
        SubElement(reference, "edmx:Include", Namespace=f"Org.OData.{name}.V1")
    services = SubElement(edmx, "edmx:DataServices")
    schema = SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": _EDM})
    for entity_set in ENTITY_SETS:
        _entity_type(schema, entity_set)
    container = SubElement(schema, "EntityContainer", Name="Container")
    for entity_set in ENTITY_SETS:
        one = SubElement(container, "EntitySet", Name=entity_set.name, EntityType=f"{NAMESPACE}.{entity_set.kind}")
        _say(one, "Core.V1.Description", entity_set.description)
        _what_it_can(one)
    body: bytes = tostring(edmx, encoding="utf-8", xml_declaration=True)
    return body


def _entity_type(schema: Element, entity_set: EntitySet) -> None:
    entity = SubElement(schema, "EntityType", Name=entity_set.kind)
    key = SubElement(entity, "Key")
    SubElement(key, "PropertyRef", Name="Id")
    for column in entity_set.columns:
        _property(entity, column)


def _property(entity: Element, column: Column) -> None:
    facets = {"Name": column.name, "Type": str(column.edm)}
    if not column.nullable:
        facets["Nullable"] = "false"
    if column.most is not None:
        facets["MaxLength"] = str(column.most)
    if column.edm is Edm.moment:
        facets["Precision"] = MOMENT_DIGITS
    element = SubElement(entity, "Property", facets)
    _say(element, "Core.V1.Description", column.description)
    if column.unit is not None:
        _say(element, "Measures.V1.Unit", column.unit)


def _what_it_can(entity_set: Element) -> None:
    """What a client need not try."""
    for term, name in (
        ("InsertRestrictions", "Insertable"),
        ("UpdateRestrictions", "Updatable"),
        ("DeleteRestrictions", "Deletable"),
        ("ExpandRestrictions", "Expandable"),
        ("SearchRestrictions", "Searchable"),
    ):
        annotation = SubElement(entity_set, "Annotation", Term=f"Org.OData.Capabilities.V1.{term}")
        record = SubElement(annotation, "Record")
        SubElement(record, "PropertyValue", Property=name, Bool="false")


def _say(element: Element, term: str, text: str) -> None:
    SubElement(element, "Annotation", Term=f"Org.OData.{term}", String=text)


def context_of(root: str, entity_set: EntitySet, selected: Sequence[str] | None, *, alone: bool = False) -> str:
    """The context address of some entities, or of one."""
    columns = "" if selected is None else f"({','.join(selected)})"
    return f"{root}$metadata#{entity_set.name}{columns}{'/$entity' if alone else ''}"
