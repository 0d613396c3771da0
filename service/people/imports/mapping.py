"""Which column of a file is what: as the caller says, else as the headers of HRIS in France and elsewhere do. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from service.kit.reasons import Fault
from service.kit.text import Flag, Slug, Wire, plain
from service.people.imports.sheet import SheetRow, column_name
from service.people.imports.values import folded

LONGEST = 200
Header = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST, strip_whitespace=True), AfterValidator(plain)
]
_HEADER: TypeAdapter[str] = TypeAdapter(Header)
FIELDS = ("external_id", "unit", "unit_name", "unit_parent", "manager", "hired_on", "language", "active", "name")
_GUESSED = {
    "external_id": (
        "external id, id, identifiant, matricule, matricule salarie, matricule employe, numero de matricule, "
        "n matricule, no matricule, num matricule, numero matricule, "
        "code salarie, id salarie, id employe, identifiant salarie, numero salarie, "
        "employee id, employee number, employee code, "
        "person id, personnel number, staff id, worker id, user id"
    ),
    "unit": (
        "unit, unit id, unite, id unite, code unite, service, code service, id service, departement, code departement, "
        "department, department id, department code, equipe, code equipe, team, team id, org unit, org unit id, "
        "organizational unit, code structure, structure, entite, code entite, cost center, centre de cout, "
        "code uo, uo, direction, code direction"
    ),
    "unit_name": (
        "unit name, nom unite, nom de l unite, nom du service, libelle service, libelle du service, "
        "nom du departement, libelle departement, department name, team name, nom de l equipe, nom equipe, "
        "libelle unite, libelle structure"
    ),
    "unit_parent": (
        "unit parent, parent unit, parent, unite parente, service parent, code service parent, "
        "service de rattachement, parent department, department parent, departement parent, parent id"
    ),
    "manager": (
        "manager, manager id, matricule manager, matricule du manager, id manager, responsable, matricule responsable, "
        "matricule du responsable, id responsable, n 1, matricule n 1, superieur, superieur hierarchique, "
        "responsable hierarchique, manager hierarchique, "
        "matricule superieur, manager employee id, supervisor, supervisor id, reports to, line manager, "
        "manager external id"
    ),
    "hired_on": (
        "hired on, hire date, date d entree, date entree, date d embauche, date embauche, date d anciennete, "
        "date anciennete, start date, date of hire, date de debut, date debut, joining date, date d arrivee, entree"
    ),
    "language": "language, langue, lang, locale, langue de correspondance, preferred language, langue preferee",
    "active": "active, actif, is active, en poste, present, presence, status, employment status, actif inactif",
}
_NAMES = (
    "name, nom, nom complet, nom et prenom, nom prenom, prenom nom, full name, display name, employee name, "
    "nom du salarie, nom salarie, nom de famille, nom d usage, nom usuel, nom de naissance, nom de jeune fille, "
    "nom marital, last name, surname, family name, prenom, prenoms, prenom usuel, first name, given name, middle name, "
    "preferred name, legal name, known as"
)
UNKNOWN_HEADER = "has a header that is not known: name it in a mapping, declare it as a dimension, or ignore it"
SAME_HEADER = "rename or remove one"
FIRST_LINE = "is the first line the headers and, in CSV, the separator a semicolon, comma or tab?"
NO_HEADER = "is not a header of the file"
NAMED_TWICE = "names a column that the mapping has already"
UNDECLARED = "is not a declared dimension"
LEFT_OUT = "looks like names, which are not kept unless asked for: say in `columns.name` of a mapping to take it"
_ABOVE = frozenset({"direction", "code direction"})
"""They say a unit where nothing else does; beside a department they say what it is part of."""
_LIKE_NAMES = frozenset(header.strip() for header in _NAMES.split(","))
_BY_HEADER = {header.strip(): name for name, headers in _GUESSED.items() for header in headers.split(",")}


class ColumnsIn(Wire):
    """The header of each column that is read, as it stands in the file; accents and case do not matter."""

    external_id: Header | None = None
    unit: Header | None = None
    unit_name: Header | None = None
    unit_parent: Header | None = None
    manager: Annotated[Header | None, Field(description="the column with the manager's own id in this source")] = None
    hired_on: Header | None = None
    language: Header | None = None
    active: Header | None = None
    name: Annotated[
        list[Header],
        Field(
            max_length=3,
            description="put together in this order; never guessed, since names are kept only where this says so",
        ),
    ] = Field(default_factory=list)


class ImportMapping(Wire):
    """How files of a source are read. What is not said is found by the usual headers, in French and English.

    Names are not: they are left out, and the report says so, unless `columns.name` says where they stand.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "columns": {"external_id": "Matricule", "unit": "Code service", "manager": "Matricule N+1"},
                    "dimensions": {"site": "Lieu de travail"},
                    "ignore": ["Commentaire"],
                    "unit_by": "id",
                }
            ]
        }
    )

    columns: ColumnsIn = ColumnsIn()
    dimensions: Annotated[dict[Slug, Header], Field(max_length=50, description="declared dimension to header")] = Field(
        default_factory=dict
    )
    ignore: Annotated[list[Header], Field(max_length=200, description="headers of columns that are not read")] = Field(
        default_factory=list
    )
    ignore_others: Annotated[Flag, Field(description="read no column whose header is not known")] = False
    guess: Annotated[Flag, Field(description="find what `columns` does not name by the usual headers")] = True
    unit_by: Annotated[
        Literal["id", "name", "path"],
        Field(description="what the column of the unit holds: its id, its name, or the names from the top to it"),
    ] = "id"
    path_separator: Annotated[str, StringConstraints(min_length=1, max_length=3), AfterValidator(plain)] = ">"
    create_units: Annotated[
        Flag, Field(description="make units that are not known, of `unit` (its id), `unit_name` and `unit_parent`")
    ] = False
    day_first: Annotated[Flag, Field(description="03/04/2026 is a day in April")] = True


@dataclass(frozen=True, slots=True)
class Columns:
    """Places in a row, from 0, of each field that the file has.

    Attributes:
        at: one column by field; the name may have several, in `names`.
        width: how many columns have a header.
        left_out: columns that look like names, and that nobody asked to keep.
    """

    at: Mapping[str, int]
    names: tuple[int, ...] = ()
    dimensions: Mapping[str, int] = field(default_factory=dict)
    width: int = 0
    left_out: tuple[int, ...] = ()

    def has(self, name: str) -> bool:
        return bool(self.names) if name == "name" else name in self.at

    def told(self, header: SheetRow) -> ImportMapping:
        """What was found, to be kept as a mapping."""
        heads = {place: _shown(cell) for place, cell in enumerate(header.cells)}
        columns = {name: heads[place] for name, place in self.at.items()}
        dimensions = {name: heads[place] for name, place in self.dimensions.items()}
        named = ColumnsIn.model_validate(columns | {"name": [heads[place] for place in self.names]})
        return ImportMapping(columns=named, dimensions=dimensions)


def _shown(cell: str) -> str:
    """A header as a mapping can hold it: as it stands in the file, or else in the form in which it is compared."""
    try:
        return _HEADER.validate_python(cell)
    except ValidationError:
        return folded(cell)[:LONGEST]


class HeadersRefused(Exception):
    """The headers do not say what is what; no fault repeats one of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("headers refused")
        self.faults = list(faults)


def find(mapping: ImportMapping, header: SheetRow, dimensions: Sequence[str]) -> Columns:
    """The columns of a file. Raises HeadersRefused."""
    faults = [Fault(f"/header/{place}", f"{column_name(place)} {odd}") for place, odd in header.odd.items()]
    heads = {place: folded(cell) or cell for place, cell in enumerate(header.cells) if cell}
    places = _places(heads, faults)
    if faults:
        raise HeadersRefused(faults)
    finder = _Finder(mapping, places, dimensions)
    finder.explicit()
    unread = {folded(name) or name for name in mapping.ignore}
    strange = [
        place
        for head, place in places.items()
        if not (place in finder.taken or head in unread or finder.guessed(head, place))
    ]
    for place in strange if not mapping.ignore_others else ():
        finder.refuse(place, UNKNOWN_HEADER)
    finder.refuse_gaps()
    if finder.faults and len(strange) == len(places):
        finder.faults.insert(0, Fault("/header", FIRST_LINE))
    if finder.faults:
        raise HeadersRefused(finder.faults)
    width = max(places.values()) + 1
    return Columns(finder.at, tuple(finder.names), finder.dimensions, width, tuple(finder.left_out))


def _places(heads: Mapping[int, str], faults: list[Fault]) -> dict[str, int]:
    """Where each header stands; each may stand once."""
    places: dict[str, int] = {}
    for place, head in heads.items():
        if head in places:
            same = f"{column_name(place)} has the header of {column_name(places[head])}: {SAME_HEADER}"
            faults.append(Fault(f"/header/{place}", same))
        else:
            places[head] = place
    return places


class _Finder:
    def __init__(self, mapping: ImportMapping, places: Mapping[str, int], dimensions: Sequence[str]) -> None:
        self.at: dict[str, int] = {}
        self.names: list[int] = []
        self.left_out: list[int] = []
        self.dimensions: dict[str, int] = {}
        self.taken: set[int] = set()
        self.faults: list[Fault] = []
        self._mapping = mapping
        self._places = places
        self._declared = {folded(name): name for name in dimensions}

    def refuse(self, place: int, reason: str) -> None:
        self.faults.append(Fault(f"/header/{place}", f"{column_name(place)} {reason}"))

    def explicit(self) -> None:
        """Take what the mapping names."""
        for name, header, pointer in _named(self._mapping):
            place = self._places.get(folded(header) or header)
            if place is None:
                self.faults.append(Fault(pointer, NO_HEADER))
            elif place in self.taken:
                self.faults.append(Fault(pointer, NAMED_TWICE))
            else:
                self.taken.add(place)
                self._keep(name, pointer, place)

    def _keep(self, name: str, pointer: str, place: int) -> None:
        if pointer.startswith("/dimensions/"):
            self.dimensions[name] = place
            if folded(name) not in self._declared:
                self.faults.append(Fault(pointer, UNDECLARED))
        elif name == "name":
            self.names.append(place)
        else:
            self.at[name] = place

    def guessed(self, head: str, place: int) -> bool:
        """Whether the header is a usual one, or a declared dimension's name; one for names is known, and left out."""
        if not self._mapping.guess:
            return False
        dimension = self._declared.get(head)
        if dimension is not None and dimension not in self.dimensions:
            self.dimensions[dimension] = place
            return True
        if head in _LIKE_NAMES:
            self.left_out.append(place)
            return True
        name = _BY_HEADER.get(head)
        if name is None or getattr(self._mapping.columns, name) or (head in _ABOVE and self._has_other(name)):
            return False
        if name in self.at:
            other = column_name(self.at[name])
            self.refuse(place, f"and {other} both look like {name}: say which in a mapping")
        else:
            self.at[name] = place
        return True

    def _has_other(self, name: str) -> bool:
        """Whether a header says it better."""
        return any(_BY_HEADER.get(head) == name for head in self._places.keys() - _ABOVE)

    def refuse_gaps(self) -> None:
        if "external_id" not in self.at and not self.faults:
            self.faults.append(Fault("/columns/external_id", "is needed: no header looks like the id of people"))
        if self._mapping.create_units and self._mapping.unit_by != "id":
            self.faults.append(Fault("/create_units", "needs the units' ids: `unit_by` must be id"))
        elif self._mapping.create_units and "unit_name" not in self.at:
            self.faults.append(Fault("/columns/unit_name", "is needed to make units"))


def of_kept(faults: Sequence[Fault]) -> list[Fault]:
    """The same, where nobody sent the mapping with the file: what is wrong with it was said another day."""
    said = {NO_HEADER, NAMED_TWICE, UNDECLARED}
    return [
        one._replace(reason=f"{one.reason} (said by the mapping kept for this source)") if one.reason in said else one
        for one in faults
    ]


def _named(mapping: ImportMapping) -> Iterator[tuple[str, str, str]]:
    """(field or dimension, header, pointer in the mapping) of each that it names."""
    for name in FIELDS:
        if name == "name":
            for place, header in enumerate(mapping.columns.name):
                yield name, header, f"/columns/name/{place}"
        elif header := getattr(mapping.columns, name):
            yield name, header, f"/columns/{name}"
    for name, header in mapping.dimensions.items():
        yield name, header, f"/dimensions/{name}"
