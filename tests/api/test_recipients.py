"""A contract that names its recipients: their keys read the results, and no other key learns that there are any."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make import recuts
from tests.make.bi import grant, read
from tests.make.formats import READ, in_all_formats
from tests.make.operations import OPERATIONS
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, cells_of, codes_of, ok

COUNCIL = {"id": "works_council", "name": {"en": "the works council", "fr": "le comité social et économique"}}
PEOPLE = {"id": "hr", "name": {"en": "the people team"}}
NAMED = [COUNCIL, PEOPLE]
SETS = (
    "Campaigns",
    "Waves",
    "Releases",
    "OrgUnits",
    "Items",
    "Scales",
    "Scores",
    "Shares",
    "Distributions",
    "Participation",
)
OF_A_RELEASE = sorted(path for scope, method, path in OPERATIONS if scope == READ and "/releases/{" in path)


def answered(wave: LaunchedWave) -> str:
    for number, person in enumerate(sorted(wave.codes)):
        ok(wave.submit(person, {"load": 1 + number % 5, "help": 1 + number % 3}), 201)
    ok(wave.close())
    wave.tenant.house.sweep()
    return release_of(wave)


@pytest.fixture(scope="module")
def named(house: House) -> LaunchedWave:
    """Released to two recipients; another campaign of the same people is open to every reader."""
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 15, "B": 15}, recipients=NAMED)
    answered(wave)
    return wave


def launched(tenant: TenantUnderTest, **fields: Any) -> LaunchedWave:
    """A campaign of people who are there."""
    campaign = a_campaign(tenant, **fields)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def reading_as(tenant: TenantUnderTest, recipient: str, **more: Any) -> TenantUnderTest:
    """The same tenant, as who holds a key of this recipient sees it."""
    body = {"name": recipient, "scopes": [READ], "recipient": recipient} | more
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    return TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: made["key"]})


def release_of(wave: LaunchedWave) -> str:
    (found,) = wave.tenant.sql("SELECT release_id FROM release WHERE wave_id = :wave", wave=wave.wave)
    return str(found[0])


def listed(tenant: TenantUnderTest) -> set[str]:
    return {one["id"] for one in ok(tenant.call(READ, "GET", "/v1/releases"))["data"]}


def test_a_recipient_reads_it_in_every_form(named: LaunchedWave) -> None:
    release = release_of(named)
    for recipient in ("works_council", "hr"):
        key = reading_as(named.tenant, recipient)
        assert release in listed(key)
        cells = cells_of(key, release)
        assert len(cells) > 10
        for name, found in in_all_formats(key, release).items():
            assert found == cells, name


@pytest.mark.parametrize("path", OF_A_RELEASE)
def test_no_other_key_learns_that_it_is_there(named: LaunchedWave, path: str) -> None:
    release = release_of(named)
    asked = path.replace("{id}", release).replace("{chart}", "means")
    assert "{" not in asked
    council = reading_as(named.tenant, "works_council").call(READ, "GET", asked)
    assert council.status_code == 200, council.text
    for other in (named.tenant, reading_as(named.tenant, "managers"), reading_as(named.tenant, "works_counci")):
        refused = problem(other.call(READ, "GET", asked), 404, "not-found")
        assert refused == problem(other.call(READ, "GET", asked.replace(release, named.wave)), 404, "not-found")


def test_nor_is_it_in_any_list(named: LaunchedWave) -> None:
    release, campaign = release_of(named), named.campaign
    council = reading_as(named.tenant, "works_council")
    for key, is_there in ((council, True), (named.tenant, False), (reading_as(named.tenant, "managers"), False)):
        assert (release in listed(key)) is is_there
        for name in SETS:
            answer = ok(key.call(READ, "GET", f"/odata/{name}"))
            seen = {row.get("ReleaseId", row.get("CampaignId", row.get("Id"))) for row in answer["value"]}
            assert bool(seen & {release, campaign, named.wave}) is is_there, name
        for what in ("trend", "latest", "drivers"):
            answered = key.call(READ, "GET", f"/v1/aggregates/{what}?campaign={campaign}")
            assert answered.status_code == (200 if is_there else 404), what
        for what in ("comparison", "heat-map"):
            answered = key.call(READ, "GET", f"/v1/aggregates/{what}?release={release}&kind=item")
            assert answered.status_code == (200 if is_there else 404), what


def test_every_operation_that_reads_results_is_among_these() -> None:
    """What comes after this test has to say whom it is open to."""
    tried = {*OF_A_RELEASE, "/v1/releases"}
    tried |= {f"/v1/aggregates/{what}" for what in ("latest", "trend", "comparison", "heat-map", "drivers")}
    reading = {path for scope, method, path in OPERATIONS if scope == READ and method == "GET"}
    assert {path for path in reading - tried if "benchmark" not in path and not path.startswith("/odata")} == set()


def test_what_is_open_to_every_reader_is_open_to_recipients(named: LaunchedWave) -> None:
    release = answered(launched(named.tenant))
    for key in (named.tenant, reading_as(named.tenant, "works_council"), reading_as(named.tenant, "managers")):
        assert release in listed(key)
        assert cells_of(key, release) == cells_of(named.tenant, release)


def test_a_recipients_key_may_be_of_a_unit_as_well(named: LaunchedWave) -> None:
    key = reading_as(named.tenant, "hr", unit={"external_id": "A"})
    assert {cell["unit"] for cell in cells_of(key, release_of(named))} == {"A"}
    other = reading_as(named.tenant, "managers", unit={"external_id": "A"})
    problem(other.call(READ, "GET", f"/v1/releases/{release_of(named)}"), 404, "not-found")


def test_a_login_of_the_bi_schema_is_one_of_a_recipient_or_of_none(named: LaunchedWave) -> None:
    house, tenant = named.tenant.house, named.tenant.tenant_id
    logins = {"none": grant(house, tenant), "council": grant(house, tenant, "council", "works_council")}
    logins["managers"] = grant(house, tenant, "managers", "managers")
    for name, login in logins.items():
        for view, column in (("releases", "release_id"), ("scores", "release_id"), ("units", "release_id")):
            rows = read(login, f"SELECT DISTINCT {column} AS release FROM bi.{view}")  # noqa: S608 - from this test
            assert (release_of(named) in {row["release"] for row in rows}) is (name == "council"), (name, view)


@pytest.mark.parametrize("written", ["recipient = 'works_council'", "recipient = NULL", "recipient = 'hr'"])
def test_whoever_makes_a_key_one_of_another_recipient_ends_it(named: LaunchedWave, written: str) -> None:
    key = reading_as(named.tenant, "managers")
    ok(key.call(READ, "GET", "/v1/releases"))
    named.tenant.sql(f"UPDATE api_key SET {written} WHERE recipient = 'managers'")  # noqa: S608 - texts from this test
    assert key.call(READ, "GET", "/v1/releases").status_code == 401


def test_who_reads_is_said_to_respondents_and_signed(named: LaunchedWave) -> None:
    for path in (f"/v1/waves/{named.wave}/contract", f"/v1/campaigns/{named.campaign}/contract"):
        contract = ok(named.tenant.call("campaigns:write", "GET", path))
        assert contract["contract"]["named_recipients"] == NAMED
    for language, called in (
        ("en", "“the works council” and “the people team”"),
        ("fr", "« le comité social et économique » et « the people team »"),
    ):
        asked = f"/v1/waves/{named.wave}/contract?language={language}"
        told = ok(named.tenant.call("campaigns:write", "GET", asked))
        (sentence,) = (one["text"] for one in told["sentences"] if one["topic"] == "recipients")
        assert called in sentence.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("named", [{}, {"recipients": NAMED}])
def test_what_could_not_be_shown_beside_it_is_the_recipients_to_know(
    tenant: TenantUnderTest, named: dict[str, Any]
) -> None:
    """Which groups a recut can not show follows from the answers."""
    recuts.organised(tenant)
    wave = launched(tenant, plan=recuts.PLAN, recuts=True, **named)
    answered(wave)
    ok(recuts.ask(wave, [recuts.ALL_BUT_D], [["org", "large"]], require="all"), 202)
    tenant.house.sweep()
    (told,) = recuts.recuts(wave)
    assert told["reason"] == "recut-unsafe"
    assert bool(told["conflicts"]) is not bool(named)


def wrongs() -> Iterator[Any]:
    yield []
    yield [COUNCIL, COUNCIL]
    yield [COUNCIL | {"id": "Works Council"}]
    yield [{"id": "council"}]
    yield [COUNCIL | {"name": {}}]
    yield [COUNCIL | {"k": 1}]
    yield [COUNCIL | {"id": f"r{number}"} for number in range(11)]
    yield "everybody"


@pytest.mark.parametrize("recipients", list(wrongs()))
def test_recipients_are_named_once_and_are_few(tenant: TenantUnderTest, recipients: Any) -> None:
    body = {"name": "Test", "questionnaire": "small", "audience": {"units": ["TOP"]}, "recipients": recipients}
    refused = problem(tenant.call("campaigns:write", "POST", "/v1/campaigns", json=body), 422, "invalid")
    assert all(error["pointer"].startswith("/recipients") for error in refused["errors"])


@pytest.mark.parametrize("recipient", ["", "Works council", "é", 7, ["hr"]])
def test_a_keys_recipient_is_an_id(tenant: TenantUnderTest, recipient: Any) -> None:
    body = {"name": "n", "scopes": [READ], "recipient": recipient}
    problem(tenant.call("admin", "POST", "/v1/api-keys", json=body), 422, "invalid")


def test_a_recipients_key_reads_results_alone(tenant: TenantUnderTest) -> None:
    body = {"name": "n", "scopes": [READ, "campaigns:write"], "recipient": "hr"}
    problem(tenant.call("admin", "POST", "/v1/api-keys", json=body), 422, "invalid")
    reading_as(tenant, "hr")
    assert "hr" in [one["recipient"] for one in ok(tenant.call("admin", "GET", "/v1/api-keys"))]
