"""A campaign from draft to its end: what is refused, what launch freezes, which step follows which."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.promises import contract
from service.disclosure.policy import FLOORS
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_launched_wave, a_questionnaire, an_org, codes_of, ok

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "promise_text"
BODY: dict[str, Any] = {"name": "Test", "questionnaire": "small", "audience": {"units": ["TOP"]}}


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


@pytest.fixture(scope="module")
def drafts(house: House) -> TenantUnderTest:
    """Where nothing gets further than a draft, if so far."""
    return organised(house.tenant())


def organised(tenant: TenantUnderTest) -> TenantUnderTest:
    an_org(tenant, {"A": 12, "B": 12, "C": 4})
    a_questionnaire(tenant)
    return tenant


def post(tenant: TenantUnderTest, **fields: Any) -> Any:
    return tenant.call("campaigns:write", "POST", "/v1/campaigns", json=BODY | fields)


def act(tenant: TenantUnderTest, campaign: str, step: str) -> Any:
    return tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/{step}")


def wave_contract(tenant: TenantUnderTest, wave: str) -> Any:
    return ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave}/contract"))


def read(tenant: TenantUnderTest, path: str) -> Any:
    return ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns{path}"))


def at(**shift: float) -> str:
    return (datetime.now(UTC) + timedelta(**shift)).isoformat()


NOT_ORG = "must be `org`, then at most 2 dimensions"
REFUSED: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "unknown unit": (
        {"audience": {"units": ["TOP", "nowhere", "A", "nor here"]}},
        "unknown-unit",
        dict.fromkeys(["/audience/units/1", "/audience/units/3"], "is not a known unit of this `source`"),
    ),
    "unit of another source": (
        {"audience": {"source": "second", "units": ["TOP"]}},
        "unknown-unit",
        {"/audience/units/0": "is not a known unit of this `source`"},
    ),
    "unknown questionnaire": (
        {"questionnaire": "nothing"}, "unknown-questionnaire", {"/questionnaire": "is not a known key"},
    ),
    "a dimension that is not declared": (
        {"plan": {"breakdowns": [["org"], ["org", "site"]]}},
        "unknown-dimension",
        {"/plan/breakdowns/1/1": "is not a declared dimension"},
    ),
    "nothing at all as a breakdown": (
        {"plan": {"breakdowns": [[]]}},
        "plan-not-supported",
        {"/plan/breakdowns/0": NOT_ORG},
    ),
    "the org tree twice": (
        {"plan": {"breakdowns": [["org"], ["org"]]}},
        "plan-not-supported",
        {"/plan/breakdowns/1": "must not repeat a breakdown"},
    ),
    "no breakdown": ({"plan": {"breakdowns": []}}, "invalid", {"/plan/breakdowns": "must have at least 1 entries"}),
    "nobody": ({"audience": {"units": []}}, "invalid", {"/audience/units": "must have at least 1 entries"}),
    "a list of people": (
        {"audience": {"units": ["TOP"], "people": ["A-0"]}}, "invalid", {"/audience/people": "is not a known field"},
    ),
    "closes before it opens": (
        {"opens_at": "2999-01-02T00:00:00Z", "closes_at": "2999-01-01T00:00:00Z"},
        "invalid",
        {"/closes_at": "must be after opens_at"},
    ),
    "closed already": ({"closes_at": "2020-01-01T00:00:00Z"}, "invalid", {"/closes_at": "must be in the future"}),
    "a time without zone": (
        {"opens_at": "2999-01-01T00:00:00"}, "invalid", {"/opens_at": "must carry its zone"},
    ),
    "no time": ({"opens_at": "tomorrow"}, "invalid", {"/opens_at": "must be an RFC 3339 time with its zone"}),
    "kept too long": ({"retention_days": 366}, "invalid", {"/retention_days": "must be at most 365"}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_never_be_launched_is_refused_by_its_place(drafts: TenantUnderTest, case: str) -> None:
    fields, slug, expected = REFUSED[case]
    before = read(drafts, "")
    assert places(problem(post(drafts, **fields), 422, slug)) == expected
    assert read(drafts, "") == before


def test_a_title_points_to_no_other_place_than_the_fault(drafts: TenantUnderTest) -> None:
    schedule = {"rule": "FREQ=DAILY", "starts_on": "2027-03-01", "at": "09:00", "zone": "UTC", "window_hours": 1}
    sites = [{"unit": "nowhere", "zone": "UTC"}]
    told = problem(post(drafts, schedule=schedule | {"sites": sites}), 422, "unknown-unit")
    assert list(places(told)) == ["/schedule/sites/0/unit"]
    assert "audience" not in told["title"]
    audience = {"units": ["TOP"], "dimensions": {"site": ["lyon"]}}
    told = problem(post(drafts, audience=audience), 422, "unknown-dimension")
    assert list(places(told)) == ["/audience/dimensions"]
    assert "plan" not in told["title"]


@pytest.mark.parametrize("name", ["k_mean", "k_distribution", "k_sensitive", "k_comment", "collusion"])
def test_a_policy_under_the_floor_is_refused(drafts: TenantUnderTest, name: str) -> None:
    floor = FLOORS[name]
    told = problem(post(drafts, policy={name: floor - 1}), 422, "invalid")
    assert places(told) == {f"/policy/{name}": f"must be at least {floor}"}
    made = ok(post(drafts, policy={name: floor + 1}), 201)
    assert made["policy"][name] == floor + 1
    assert {k: v for k, v in made["policy"].items() if k != name} == {k: FLOORS[k] for k in made["policy"] if k != name}


@pytest.mark.parametrize("name", ["sd_from", "participation_from", "k", "t"])
def test_a_threshold_that_is_none_of_a_campaigns_is_refused(drafts: TenantUnderTest, name: str) -> None:
    told = problem(post(drafts, policy={name: 50}), 422, "invalid")
    assert places(told) == {f"/policy/{name}": "is not a known field"}


@pytest.mark.parametrize(
    ("units", "policy", "least"),
    [(["C"], {}, 10), (["A"], {"k_mean": 7}, 14), (["A"], {"collusion": 2}, 14), (["A", "C"], {"k_mean": 9}, 18)],
)
def test_too_small_an_audience_can_not_be_launched(
    org: TenantUnderTest, units: list[str], policy: dict[str, int], least: int
) -> None:
    campaign = a_campaign(org, audience={"units": units}, policy=policy)["id"]
    told = problem(act(org, campaign, "launch"), 409, "audience-too-small")
    assert told["detail"] == f"At least {least} people must be invited."
    # Nothing of the launch is left: no wave, no roster, no key taken, no contract.
    for table in ("wave", "wave_unit", "wave_class", "roster_line"):
        assert org.sql(f"SELECT count(*) FROM {table}")[0][0] == 0  # noqa: S608 - names from this test
    assert org.sql("SELECT count(*) FROM wave_key WHERE wave_id IS NOT NULL")[0][0] == 0
    assert read(org, f"/{campaign}")["state"] == "draft"
    problem(org.call("campaigns:write", "GET", f"/v1/campaigns/{campaign}/contract"), 404, "not-found")


def test_people_who_left_do_not_count(org: TenantUnderTest) -> None:
    gone = [{"external_id": f"A-{number}", "unit": "A", "active": False} for number in range(3)]
    ok(org.call("people:write", "PUT", "/v1/people", json=gone))
    campaign = a_campaign(org, audience={"units": ["A"]})["id"]
    problem(act(org, campaign, "launch"), 409, "audience-too-small")
    gone[0]["active"] = True
    ok(org.call("people:write", "PUT", "/v1/people", json=gone[:1]))
    wave = ok(act(org, campaign, "launch"))
    assert wave["invited"] == 10
    assert {"A-1", "A-2"}.isdisjoint(codes_of(org, wave["id"]))


# Which steps are possible after which; each step's resulting state.
STEPS = {"launch": "launched", "close": "closed", "cancel": "cancelled"}
POSSIBLE: dict[tuple[str, ...], set[str]] = {
    (): {"launch", "cancel"},
    ("launch",): {"close", "cancel"},
    ("launch", "close"): set(),
    ("launch", "cancel"): set(),
    ("cancel",): set(),
}


@pytest.mark.parametrize("done", POSSIBLE)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_out_of_order_changes_nothing(org: TenantUnderTest, done: tuple[str, ...], step: str) -> None:
    campaign = a_campaign(org)["id"]
    for earlier in done:
        ok(act(org, campaign, earlier))
    before = read(org, f"/{campaign}"), read(org, f"/{campaign}/waves")
    answer = act(org, campaign, step)
    if step in POSSIBLE[done]:
        ok(answer)
        assert read(org, f"/{campaign}")["state"] == STEPS[step]
    else:
        problem(answer, 409, "wrong-state")
        assert (read(org, f"/{campaign}"), read(org, f"/{campaign}/waves")) == before


def test_the_contract_holds_what_was_promised_and_never_changes(org: TenantUnderTest) -> None:
    made = a_questionnaire(org, QUESTIONNAIRE | {"key": "other"})
    campaign = a_campaign(org, questionnaire="other", policy={"k_mean": 6}, retention_days=7, closes_at=at(days=1))
    assert campaign["contract_digest"] is None
    problem(org.call("campaigns:write", "GET", f"/v1/campaigns/{campaign['id']}/contract"), 404, "not-found")
    wave = ok(act(org, campaign["id"], "launch"))
    rules, told = read(org, f"/{campaign['id']}/contract"), wave_contract(org, wave["id"])
    contract = told["contract"]
    for one in (rules, told):
        canonical = json.dumps(one["contract"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert one["digest"] == hashlib.sha256(canonical).hexdigest()
    assert read(org, f"/{campaign['id']}")["contract_digest"] == rules["digest"] == contract["campaign_contract"]
    assert wave["contract_digest"] == told["digest"]
    assert rules["contract"].items() <= contract.items()
    assert contract["wave"]["id"] == wave["id"]
    assert contract["questionnaire"] == {"key": "other", "version": 1, "digest": made["digest"]}
    assert contract["plan"] == [["org"]]
    assert contract["policy"]["k_mean"] == 6
    assert contract["retention_days"] == 7
    assert contract["roster"]["invited"] == 28
    (row,) = org.sql("SELECT encode(public_key, 'hex'), roster_digest FROM wave")
    assert (contract["wave"]["public_key"], contract["roster"]["digest"]) == tuple(row)
    an_org(org, {"D": 3})
    ok(org.call("people:write", "PUT", "/v1/org-units", json=[{"external_id": "A", "name": "Renamed"}]))
    ok(act(org, campaign["id"], "close"))
    org.house.sweep()
    assert read(org, f"/{campaign['id']}/contract") == rules
    assert wave_contract(org, wave["id"]) == told


def test_a_wave_of_before_there_were_several_has_its_campaign_s_contract(org: TenantUnderTest) -> None:
    """It stands with the campaign there, and is read as it was promised, in sentences too."""
    campaign = a_campaign(org)["id"]
    wave = ok(act(org, campaign, "launch"))["id"]
    text = (GOLDEN / "before.json").read_text(encoding="utf-8")
    digest = contract.digest(json.loads(text))
    stored = "UPDATE campaign SET contract = $2::text::jsonb, contract_digest = $3 WHERE campaign_id = $1"
    write(org.house, stored, UUID(campaign), text, digest)
    emptied = "UPDATE wave SET contract = NULL, contract_digest = NULL, contract_mac = NULL WHERE wave_id = $1"
    write(org.house, emptied, UUID(wave))
    told = wave_contract(org, wave)
    assert (told["contract"], told["digest"]) == (json.loads(text), digest)
    assert len(told["sentences"]) > 10
    assert read(org, f"/{campaign}/contract") == told


def test_a_wave_that_is_planned_has_none_yet(org: TenantUnderTest) -> None:
    """Its campaign has rules, which promise no wave anything yet."""
    schedule = {"rule": "FREQ=DAILY", "starts_on": "2030-01-01", "at": "09:00", "zone": "UTC", "window_hours": 5}
    wave = ok(act(org, a_campaign(org, schedule=schedule)["id"], "launch"))
    assert wave["state"] == "planned"
    problem(org.call("campaigns:write", "GET", f"/v1/waves/{wave['id']}/contract"), 404, "not-found")


def test_a_list_loads_no_contract(org: TenantUnderTest) -> None:
    campaign = a_campaign(org)["id"]
    ok(act(org, campaign, "launch"))
    with statements(org.house) as sent:
        listed = read(org, "")["data"]
    (statement,) = (one for one in sent if "FROM campaign" in one)
    assert "campaign.contract_digest" in statement
    assert "campaign.contract," not in statement
    assert "campaign.audience" not in statement
    (line,) = listed
    assert line.items() <= read(org, f"/{campaign}").items()
    assert "terms" not in line


def test_the_roster_digest_is_over_the_salted_lines(org: TenantUnderTest) -> None:
    campaign = a_campaign(org)["id"]
    wave = ok(act(org, campaign, "launch"))["id"]
    lines = org.sql("""
        SELECT salt, uuid_send(person_id), uuid_send(c.unit_id), serial, line_digest
        FROM roster_line JOIN wave_class c USING (tenant_id, wave_id, label) ORDER BY serial
    """)
    digests = [hashlib.sha256(salt + person + unit + serial.to_bytes(8, "big")).digest()
               for salt, person, unit, serial, _ in lines]  # fmt: skip
    assert digests == [line[-1] for line in lines]
    assert len({line[0] for line in lines}) == 28
    told = wave_contract(org, wave)["contract"]["roster"]["digest"]
    assert told == hashlib.sha256(b"".join(digests)).hexdigest()


def test_waves_open_and_close_at_their_time(org: TenantUnderTest) -> None:
    campaign = a_campaign(org, opens_at=at(hours=1), closes_at=at(hours=3))["id"]
    wave = ok(act(org, campaign, "launch"))
    assert wave["state"] == "scheduled"
    problem(act(org, campaign, "close"), 409, "wrong-state")
    states = []
    for hours in (0, 0.9, 1.1, 2.9, 3.1):
        org.house.clock.shift = timedelta(hours=hours)
        org.house.sweep()
        states.append(read(org, f"/{campaign}/waves")[0]["state"])
    assert states == ["scheduled", "scheduled", "open", "open", "released"]
    assert read(org, f"/{campaign}")["state"] == "closed"


def test_a_wave_without_an_end_is_given_one(org: TenantUnderTest) -> None:
    """It would have been open until somebody closes it, as its contract says; this is to close it, at that time."""
    campaign = a_campaign(org)["id"]
    assert ok(act(org, campaign, "launch"))["closes_at"] is None
    path = f"/v1/campaigns/{campaign}/extend"
    told = problem(org.call("campaigns:write", "POST", path, json={"closes_at": at(minutes=-1)}), 422, "invalid")
    assert places(told) == {"/closes_at": "must be in the future, and after the opening"}
    end = at(hours=3)
    given = ok(org.call("campaigns:write", "POST", path, json={"closes_at": end}))
    assert datetime.fromisoformat(given["closes_at"]) == datetime.fromisoformat(end)
    sooner = problem(org.call("campaigns:write", "POST", path, json={"closes_at": at(hours=2)}), 422, "invalid")
    assert list(places(sooner)) == ["/closes_at"]
    states = []
    for hours in (2.9, 3.1):
        org.house.clock.shift = timedelta(hours=hours)
        org.house.sweep()
        states.append(read(org, f"/{campaign}/waves")[0]["state"])
    assert states == ["open", "released"]
    assert read(org, f"/{campaign}")["state"] == "closed"


def test_a_campaign_whose_time_is_over_is_not_launched(org: TenantUnderTest) -> None:
    campaign = a_campaign(org, closes_at=at(hours=1))["id"]
    org.house.clock.shift = timedelta(hours=2)
    problem(act(org, campaign, "launch"), 422, "invalid")
    assert read(org, f"/{campaign}")["state"] == "draft"


def test_a_cancelled_wave_is_never_opened(org: TenantUnderTest) -> None:
    wave = a_launched_wave(org.house.tenant())
    tenant = wave.tenant
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3}), 201)
    ok(act(tenant, wave.campaign, "cancel"))
    tenant.house.clock.shift = timedelta(days=29)
    tenant.house.sweep()
    assert ok(tenant.call("aggregates:read", "GET", "/v1/releases"))["data"] == []
    assert tenant.sql("SELECT count(*) FROM sealed_batch")[0][0] > 0
    tenant.house.clock.shift = timedelta(days=31)
    tenant.house.sweep()
    assert ok(tenant.call("aggregates:read", "GET", "/v1/releases"))["data"] == []
    assert tenant.sql("SELECT count(*) FROM sealed_batch")[0][0] == 0


def test_without_a_ready_key_nothing_is_launched(org: TenantUnderTest) -> None:
    """The worker keeps a few pairs ahead; launches that come faster than it works are told to wait."""
    spare = org.house.settings.worker.spare_wave_keys
    campaigns = [a_campaign(org)["id"] for _ in range(spare + 1)]
    for campaign in campaigns[:-1]:
        ok(act(org, campaign, "launch"))
    answer = act(org, campaigns[-1], "launch")
    problem(answer, 503, "wave-key-not-ready")
    assert answer.headers["retry-after"] == "1"
    assert read(org, f"/{campaigns[-1]}")["state"] == "draft"
    org.house.sweep()
    ok(act(org, campaigns[-1], "launch"))
    keys = org.sql("SELECT encode(public_key, 'hex') FROM wave")
    assert len(set(keys)) == spare + 1


def test_salts_do_not_rise_with_the_serials(org: TenantUnderTest) -> None:
    """An erased line's salt would lie between those of its neighbours."""
    ok(act(org, a_campaign(org)["id"], "launch"))
    salts = [row[0] for row in org.sql("SELECT salt FROM roster_line ORDER BY serial")]
    assert salts != sorted(salts)
