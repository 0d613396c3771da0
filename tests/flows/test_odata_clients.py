"""The feed, read by clients of other hands, judged by the schemas of the standard, and made into clients by generators.

What they are is not the service's to depend on: programs of npm are installed, locked, into a folder that git ignores.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from odata import ODataService

from service.odata.model import ENTITY_SETS
from tests.fixtures.programs import SOURCES, node_modules
from tests.fixtures.released import Released, released_service
from tests.make.copied_releases import copied
from tests.make.node_packages import ROOT, needs_npm, ran

pytestmark = pytest.mark.slow
CLIENTS = SOURCES / "odata"
GUIDE = ROOT / "openapi" / "guides" / "bi.md"
NAMES = [one.name for one in ENTITY_SETS]
COPIES, PAGE = 70, 5
ASKED_MEAN = 2.5


@pytest.fixture(scope="module")
def released() -> Iterator[Released]:
    with released_service() as one:
        yield one


@pytest.fixture(scope="module")
def modules() -> Path:
    return node_modules()


def place_of(cell: dict[str, Any]) -> tuple[Any, ...]:
    """A cell of the API as a row of Scores is told of here."""
    return tuple(cell[name] for name in ("unit", "measure", "status", "reason", "mean", "n_from"))


def high(released: Released) -> list[list[Any]]:
    """What a client is to find that asks for high means, the highest first."""
    shown = [cell for cell in released.of_family("mean") if cell["status"] == "published"]
    kept = [cell for cell in shown if cell["mean"] >= ASKED_MEAN]
    kept.sort(key=lambda cell: (-cell["mean"], cell["unit"], cell["measure"]))
    assert 1 < len(kept) < len(shown) < len(released.of_family("mean"))
    return [[cell["unit"], cell["measure"], cell["mean"], cell["n_from"]] for cell in kept]


# -- o.js --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ojs(released: Released, modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What o.js found."""
    folder = tmp_path_factory.mktemp("ojs")
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(CLIENTS / "ojs.js", folder)
    done = ran("node", "ojs.js", released.odata, str(PAGE), cwd=folder, input=released.key)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_npm
def test_ojs_walks_all_rows_of_every_set(released: Released, ojs: dict[str, Any]) -> None:
    assert ojs["sets"] == list(ojs["walked"]) == NAMES
    for name, walk in ojs["walked"].items():
        assert all(size == PAGE for size in walk["pages"][:-1]), name
        assert 0 < walk["pages"][-1] <= PAGE, name
        assert len({row["Id"] for row in walk["rows"]}) == len(walk["rows"]) == sum(walk["pages"]), name
    assert len(ojs["walked"]["Distributions"]["pages"]) > len(ojs["walked"]["Scores"]["pages"]) > 2
    found = [
        tuple(row[name] for name in ("Unit", "Measure", "Status", "Reason", "Mean", "NFrom"))
        for row in ojs["walked"]["Scores"]["rows"]
    ]
    assert sorted(found, key=str) == sorted(map(place_of, released.of_family("mean")), key=str)
    shares = {(row["Unit"], row["Measure"], row["Favourable"]) for row in ojs["walked"]["Shares"]["rows"]}
    assert shares == {(one["unit"], one["measure"], one["favourable"]) for one in released.of_family("distribution")}


@needs_npm
def test_ojs_asks_for_what_it_wants(released: Released, ojs: dict[str, Any]) -> None:
    scores = ojs["walked"]["Scores"]["rows"]
    falling = sorted(scores, key=lambda row: (row["Mean"] is None, -(row["Mean"] or 0), row["Unit"]))
    assert [(row["Mean"], row["Unit"]) for row in ojs["falling"]["rows"]] == [
        (row["Mean"], row["Unit"]) for row in falling
    ]
    assert {row["Id"] for row in ojs["falling"]["rows"]} == {row["Id"] for row in scores}
    assert all(set(row) == {"Id", "Mean", "Unit"} for row in ojs["falling"]["rows"])
    kept = [row for row in scores if row["Mean"] is not None and row["Mean"] >= ASKED_MEAN and "«" in row["UnitName"]]
    assert ojs["kept"] == kept
    assert 0 < len(kept) < len(high(released))
    by_mean = sorted(falling, key=lambda row: (row["Mean"] is None, -(row["Mean"] or 0), row["Unit"], row["Measure"]))
    assert ojs["best"] == by_mean[1:4]
    assert ojs["counted"] == sum(row["Status"] == "published" for row in scores)
    context = f"{released.odata}$metadata#Scores(Id,Mean)/$entity"
    assert ojs["one"] == {"@odata.context": context} | {name: scores[-1][name] for name in ("Id", "Mean")}


@needs_npm
def test_ojs_is_told_what_was_wrong(ojs: dict[str, Any]) -> None:
    for asked, status, code in (("unknown", 400, "BadRequest"), ("absent", 404, "NotFound"), ("stranger", 401, None)):
        said = ojs[asked]
        assert (said["status"], said["version"]) == (status, "4.0")
        assert set(said) == {"status", "version", "error"}
        assert said["error"]["code"] == (code or "Unauthenticated")
        assert said["error"]["message"]
    assert "Meen" not in json.dumps(ojs["unknown"])
    assert ojs["unknown"]["error"]["details"][0]["target"] == "$filter"


@needs_npm
def test_ojs_as_the_guide_has_it(released: Released, modules: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(modules)
    (code,) = re.findall(r"```js\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert code.count("https://pouls.example/odata/") == 1
    code = code.replace("https://pouls.example/odata/", released.odata)
    said = "console.log(JSON.stringify([best.map((row) => row.Mean), rows.length]));"
    (tmp_path / "guide.js").write_text(f"(async (key) => {{ {code} {said} }})(process.env.KEY);", encoding="utf-8")
    best, rows = json.loads(ran("node", "guide.js", cwd=tmp_path, env=os.environ | {"KEY": released.key}).stdout)
    means = released.of_family("mean")
    assert rows == len(means)
    assert best == sorted((one["mean"] for one in means if one["status"] == "published"), reverse=True)[:10]


# -- python-odata ------------------------------------------------------------------------------------------------


def client_of(released: Released, **headers: str) -> tuple[ODataService, list[str]]:
    """The feed as python-odata takes it out of the metadata, and the addresses that it will have asked."""
    asked: list[str] = []
    session = requests.Session()
    session.headers.update({"Authorization": released.basic, **headers})
    session.hooks["response"].append(lambda answer, **_: asked.append(answer.url))
    return ODataService(released.odata, session=session, reflect_entities=True), asked


def seen(one: Any) -> tuple[Any, ...]:
    return one.Unit, one.Measure, one.Status, one.Reason, one.Mean, one.NFrom


def test_python_odata_asks_for_what_it_wants(released: Released) -> None:
    service, _ = client_of(released)
    assert list(service.entities) == NAMES
    for entity_set in ENTITY_SETS:
        reflected = [name for name in entity_set.by_name if hasattr(service.entities[entity_set.name], name)]
        assert reflected == list(entity_set.by_name)
    scores = service.entities["Scores"]
    means = released.of_family("mean")
    found = list(service.query(scores))
    assert sorted(map(seen, found), key=str) == sorted(map(place_of, means), key=str)
    # This client knows no doubles, and compares them as texts.
    query = service.query(scores).filter(scores.Status == "published").filter(scores.NFrom > 40)
    shown = [cell for cell in means if cell["status"] == "published"]
    assert 40 in {cell["n_from"] for cell in shown}
    wanted = {(cell["unit"], cell["measure"]) for cell in shown if cell["n_from"] > 40}
    assert {(one.Unit, one.Measure) for one in query} == wanted
    one = service.query(scores).get(found[0].Id)
    assert (one.Id, one.Mean) == (found[0].Id, found[0].Mean)


def test_python_odata_walks_hundreds_of_pages(released: Released) -> None:
    service, asked = client_of(released, Prefer=f"odata.maxpagesize={PAGE}")
    with copied(released, COPIES):
        asked.clear()
        found = list(service.query(service.entities["Scores"]))
    wanted = [place_of(cell) for cell in released.of_family("mean")] * (COPIES + 1)
    assert sorted(map(seen, found), key=str) == sorted(wanted, key=str)
    assert len({one.Id for one in found}) == len(found)
    assert len({one.ReleaseId for one in found}) == COPIES + 1
    assert len(set(asked)) == len(asked) == -(-len(wanted) // PAGE) > 200


# -- the standard's schemas --------------------------------------------------------------------------------------

DAMAGES = {
    "an attribute of another type": ('Nullable="false"', 'Nullable="no"'),
    "an unknown attribute": ("<EntityContainer ", '<EntityContainer Kind="x" '),
    "an unknown element": ("<PropertyRef", "<PropertyReference"),
    "a name that is none": ('<Property Name="Mean"', '<Property Name="The mean"'),
    "a facet of another type": ('MaxLength="36"', 'MaxLength="long"'),
    "no version": ('Version="4.0" ', ""),
    "another version": ('Version="4.0"', 'Version="3.0"'),
    "another namespace": ("http://docs.oasis-open.org/odata/ns/edm", "urn:x"),
    "two keys": ("<Key>", '<Key><PropertyRef Name="Unit" /></Key><Key>'),
    "no data services": ("edmx:DataServices", "edmx:Services"),
}


def metadata_of(released: Released) -> str:
    answer = requests.get(f"{released.odata}$metadata", headers={"Authorization": released.basic}, timeout=60)
    answer.raise_for_status()
    return answer.text


def judged(modules: Path, folder: Path, *documents: str) -> list[dict[str, Any]]:
    """What the schemas say of some documents."""
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(CLIENTS / "csdl.js", folder)
    found: list[dict[str, Any]] = json.loads(ran("node", "csdl.js", cwd=folder, input=json.dumps(documents)).stdout)
    return found


@needs_npm
def test_the_metadata_is_valid_against_the_schemas_of_oasis(released: Released, modules: Path, tmp_path: Path) -> None:
    """Those of CSDL XML 4.01, which took the place of 4.0's and hold for both; of 4.0 alone is what we use of them."""
    metadata = metadata_of(released)
    (said,) = judged(modules, tmp_path, metadata)
    assert said == {
        "errors": [],
        "messages": [],
        "sets": {one.name: {"key": ["Id"], "properties": list(one.by_name)} for one in ENTITY_SETS},
    }
    assert 'Version="4.0"' in metadata
    attributes = set(re.findall(r' ([A-Za-z:]+)="', metadata))
    of_edm = {"Name", "Type", "Nullable", "MaxLength", "Precision", "Namespace", "EntityType", "Term", "Property"}
    assert attributes <= of_edm | {"Version", "Uri", "String", "Bool", "xmlns", "xmlns:edmx"}


@needs_npm
def test_the_schemas_refuse_what_is_no_metadata(released: Released, modules: Path, tmp_path: Path) -> None:
    whole = metadata_of(released)
    broken = {damage: whole.replace(*change) for damage, change in DAMAGES.items()}
    said = judged(modules, tmp_path, *broken.values())
    for (damage, document), judgement in zip(broken.items(), said, strict=True):
        assert document != whole, damage
        assert judgement["errors"], damage


# -- generators --------------------------------------------------------------------------------------------------

GENERATORS: dict[str, Sequence[str]] = {
    "odata2ts": ("odata2ts", "-s", "pouls.edmx", "-o", "generated", "-m", "all", "-e", "ts", "-name", "pouls"),
    "sap": ("generate-odata-client", "-i", "pouls.edmx", "-o", "generated"),
}


@needs_npm
@pytest.mark.parametrize("name", GENERATORS)
def test_a_generated_client_reads_rows(released: Released, modules: Path, tmp_path: Path, name: str) -> None:
    """It compiles with a caller that is strict about types, and finds what the API shows."""
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "tsconfig.json").write_text("{}", encoding="utf-8")
    (tmp_path / "pouls.edmx").write_text(metadata_of(released), encoding="utf-8")
    shutil.copy(CLIENTS / f"{name}.ts", tmp_path)
    tool = modules / ".bin"
    generator, *options = GENERATORS[name]
    ran(tool / generator, *options, cwd=tmp_path)
    # What libraries declare is their matter: not all of them would compile.
    ran(
        tool / "tsc", "--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "--esModuleInterop", "--target",
        "es2022", "--module", "node16", "--moduleResolution", "node16", "--types", "node", f"{name}.ts", cwd=tmp_path,
    )  # fmt: skip
    found = json.loads(ran("node", f"{name}.js", released.odata, cwd=tmp_path, input=released.key).stdout)
    assert found["rows"] == high(released)
    assert found["count"] == len(found["rows"])
    identity, mean, moment = found["one"]
    assert identity.startswith(released.release)
    assert mean == found["rows"][0][2]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
