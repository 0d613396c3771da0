"""Ways to take part, and what is known of who has: kiosk codes, intranets, sign-ins, reminders, participation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from service.campaigns.codes import Right, place_of
from service.campaigns.taking_part import short_codes
from tests.fixtures.house import TenantUnderTest
from tests.make.id_tokens import AUDIENCE, ISSUER, claims, jwk, token
from tests.make.wire import places, problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, a_questionnaire, an_org, ok, post

WRITE, INVITE, TAKE = "campaigns:write", "invitations:read", "participations:write"


def lines(tenant: TenantUnderTest, wave: str, **params: Any) -> list[dict[str, Any]]:
    answer = tenant.call(INVITE, "GET", f"/v1/waves/{wave}/invitations", params=params)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def a_wave(tenant: TenantUnderTest, *ways: str, **participation: Any) -> LaunchedWave:
    return a_launched_wave(tenant, participation={"ways": list(ways or ["links"])} | participation)


def later(tenant: TenantUnderTest, **shift: float) -> None:
    tenant.house.clock.shift += timedelta(**shift)


# -- kiosk ----------------------------------------------------------------------------------------------------


def typed(tenant: TenantUnderTest, wave: LaunchedWave, code: str) -> Any:
    return tenant.call(None, "POST", "/v1/respond/kiosk", json={"wave": wave.address, "code": code})


def test_a_short_code_is_exchanged_for_one_that_answers_once(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "links", "kiosk")
    short = {line["person"]: line["short_code"] for line in lines(tenant, wave.wave)}
    assert len(set(short.values())) == 24
    for spelt in (short["A-1"], short["A-1"].lower().replace("-", " "), short["A-1"].replace("0", "O")):
        given = ok(typed(tenant, wave, spelt), 201)
        assert given["wave"] == wave.address
    ok(post(tenant, given["code"], {"load": 3}), 201)
    problem(post(tenant, wave.codes["A-1"], {"load": 4}), 409, "code-spent")
    problem(post(tenant, ok(typed(tenant, wave, short["A-1"]), 201)["code"], {"load": 4}), 409, "code-spent")


def test_the_database_keeps_no_short_code(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "links", "kiosk")
    short = [line["short_code"] for line in lines(tenant, wave.wave)]
    kept = tenant.sql("SELECT digest FROM short_code")
    assert len(kept) == 24
    assert not [code for code in short for (digest,) in kept if code.encode() in digest]
    assert short == [line["short_code"] for line in lines(tenant, wave.wave)]  # the same again


def test_a_slip_of_the_finger_is_told_and_guesses_are_counted(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "links", "kiosk")
    code = lines(tenant, wave.wave)[0]["short_code"]
    slip = ("1" if code[0] == "0" else "0") + code[1:]
    for _ in range(70):
        problem(typed(tenant, wave, slip), 422, "code-mistyped")
    guesses = short_codes.short_codes(bytes(32), bytes(32), range(61))
    for guess in guesses[:60]:
        problem(typed(tenant, wave, guess), 403, "code-refused")
    problem(typed(tenant, wave, guesses[60]), 429, "too-many-wrong-codes")
    ok(typed(tenant, wave, code), 201)  # only failures are limited


def test_a_way_that_the_contract_does_not_name_is_closed(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant)
    assert {line["short_code"] for line in lines(tenant, wave.wave)} == {None}
    (code,) = short_codes.short_codes(bytes(32), bytes(32), [0])
    problem(typed(tenant, wave, code), 409, "way-not-promised")
    asked = {"wave": wave.wave, "person": "A-1"}
    problem(tenant.call(TAKE, "POST", "/v1/participations", json=asked), 409, "way-not-promised")
    token = {"wave": wave.address, "id_token": "x.y.z"}
    problem(tenant.call(None, "POST", "/v1/respond/sign-in", json=token), 409, "way-not-promised")


def test_without_links_and_kiosk_nobody_gets_a_list(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "intranet")
    asked = tenant.call(INVITE, "GET", f"/v1/waves/{wave.wave}/invitations")
    problem(asked, 409, "way-not-promised")


def test_a_kiosk_alone_has_codes_to_type_and_no_links(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "kiosk")
    found = lines(tenant, wave.wave)
    assert {(line["code"], line["link"]) for line in found} == {(None, None)}
    given = ok(typed(tenant, wave, found[0]["short_code"]), 201)
    ok(post(tenant, given["code"], {"load": 3}), 201)


def test_a_link_s_code_is_of_no_use_where_links_are_not_promised(tenant: TenantUnderTest) -> None:
    """As it would be if one had been made all the same."""
    wave = a_wave(tenant, "intranet")
    state = tenant.house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
    ((serial, label),) = tenant.sql("SELECT serial, label FROM roster_line LIMIT 1")
    code = state.codes.issue(Right(place_of(tenant.tenant_id, UUID(wave.wave)), serial, label, expires_at=0))
    problem(post(tenant, code, {"load": 3}), 409, "way-not-promised")


# -- intranet -------------------------------------------------------------------------------------------------


def test_an_intranet_gets_a_code_for_whoever_is_logged_in(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "intranet")
    for asked in ({"wave": wave.wave}, {"campaign": wave.campaign}):
        given = ok(tenant.call(TAKE, "POST", "/v1/participations", json=asked | {"person": "A-1"}), 201)
        assert given["link"].endswith(f"/embed/{wave.address}#{given['code']}")
    ok(post(tenant, given["code"], {"load": 3}), 201)
    again = ok(tenant.call(TAKE, "POST", "/v1/participations", json={"wave": wave.wave, "person": "A-1"}), 201)
    problem(post(tenant, again["code"], {"load": 3}), 409, "code-spent")  # only whoever holds the code learns that
    stranger = {"wave": wave.wave, "person": "nobody"}
    problem(tenant.call(TAKE, "POST", "/v1/participations", json=stranger), 404, "not-invited")
    both = {"wave": wave.wave, "campaign": wave.campaign, "person": "A-1"}
    for asked in (both, {"person": "A-1"}):
        told = problem(tenant.call(TAKE, "POST", "/v1/participations", json=asked), 422, "invalid")
        assert places(told) == {"": "must have `wave` or `campaign`, one of the two"}


def test_its_code_is_good_for_an_hour(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "intranet")
    given = ok(tenant.call(TAKE, "POST", "/v1/participations", json={"wave": wave.wave, "person": "A-1"}), 201)
    later(tenant, minutes=61)
    problem(post(tenant, given["code"], {"load": 3}), 403, "code-refused")
    again = ok(tenant.call(TAKE, "POST", "/v1/participations", json={"wave": wave.wave, "person": "A-1"}), 201)
    ok(post(tenant, again["code"], {"load": 3}), 201)


def test_a_wave_that_is_over_says_so_to_whoever_was_invited_or_not(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "intranet")
    ok(wave.close())
    for asked in ({"wave": wave.wave}, {"campaign": wave.campaign}):
        stranger = asked | {"person": "nobody"}
        problem(tenant.call(TAKE, "POST", "/v1/participations", json=stranger), 409, "wave-not-open")
        problem(tenant.call(TAKE, "POST", "/v1/participations", json=asked | {"person": "A-1"}), 409, "wave-not-open")


# -- sign-in --------------------------------------------------------------------------------------------------


def a_token(moment: datetime, owner: str = "a", **changes: Any) -> str:
    """An ID token of A-1, issued then and good for an hour, but for what is changed."""
    seconds = int(moment.timestamp())
    times = {"iat": seconds, "exp": seconds + 3600, "nbf": None}
    return token("RS256", owner=owner, payload=claims(**({"employee": "A-1"} | times | changes)))


def signed_in(tenant: TenantUnderTest, wave: LaunchedWave, id_token: str) -> Any:
    return tenant.call(None, "POST", "/v1/respond/sign-in", json={"wave": wave.address, "id_token": id_token})


def allow(tenant: TenantUnderTest) -> None:
    settings = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee", "jwks": {"keys": [jwk("RSA")]}}
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"sign_in": settings}))


def forbid(tenant: TenantUnderTest) -> None:
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))


def test_a_sign_in_that_nobody_configured_is_no_way_to_take_part(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    ways = {"participation": {"ways": ["links", "sign_in"]}}
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}} | ways
    told = problem(tenant.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "invalid")
    assert list(places(told)) == ["/participation/ways"]
    allow(tenant)
    draft = a_campaign(tenant, **ways)["id"]
    forbid(tenant)
    told = problem(tenant.call(WRITE, "POST", f"/v1/campaigns/{draft}/launch"), 422, "invalid")
    assert list(places(told)) == ["/participation/ways"]
    allow(tenant)
    ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{draft}/launch"))


def test_the_company_s_sign_in_gives_a_code(tenant: TenantUnderTest) -> None:
    allow(tenant)
    wave = a_wave(tenant, "links", "sign_in")
    now = datetime.now(UTC)
    forbid(tenant)
    problem(signed_in(tenant, wave, a_token(now)), 403, "sign-in-not-accepted")  # nothing is set any more
    allow(tenant)
    given = ok(signed_in(tenant, wave, a_token(now)), 201)
    ok(post(tenant, given["code"], {"load": 3}), 201)
    problem(post(tenant, wave.codes["A-1"], {"load": 3}), 409, "code-spent")
    problem(signed_in(tenant, wave, a_token(now, employee="nobody")), 404, "not-invited")


def test_another_company_s_sign_in_gives_none(tenant: TenantUnderTest) -> None:
    allow(tenant)
    wave = a_wave(tenant, "sign_in")
    now = datetime.now(UTC)
    for one in (
        a_token(now, owner="b"),
        a_token(now, iss="https://elsewhere.example"),
        a_token(now, aud="somebody-else"),
        a_token(now - timedelta(days=2)),
        a_token(now + timedelta(hours=2)),
        a_token(now) + "A",
    ):
        told = problem(signed_in(tenant, wave, one), 403, "sign-in-not-accepted")
        assert set(told) == {"type", "title", "status"}


def test_private_keys_are_refused_in_the_rules(tenant: TenantUnderTest) -> None:
    settings = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee"}
    secret = {"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}
    body = {"sign_in": settings | {"jwks": secret}}
    told = problem(tenant.call("admin", "PUT", "/v1/campaign-rules", json=body), 422, "invalid")
    assert all(place.startswith("/sign_in/jwks") for place in places(told))
    assert ok(tenant.call("admin", "GET", "/v1/campaign-rules"))["sign_in"] is None


# -- reminders and participation ------------------------------------------------------------------------------


def answer(wave: LaunchedWave, *people: str) -> None:
    for person in people:
        ok(wave.submit(person, {"load": 3}), 201)


def team(name: str, *numbers: int) -> list[str]:
    return [f"{name}-{number}" for number in numbers]


def pending(tenant: TenantUnderTest, wave: LaunchedWave) -> Any:
    return tenant.call(INVITE, "GET", f"/v1/waves/{wave.wave}/invitations", params={"pending": "true"})


def test_reminders_need_the_contract(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant)
    answer(wave, *team("A", *range(8)))
    problem(pending(tenant, wave), 409, "reminders-not-promised")


def test_reminders_go_to_k_people_at_least_of_whom_k_others_have_answered(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, reminders=True)
    answer(wave, *team("A", 0, 1, 2, 3))
    problem(pending(tenant, wave), 409, "too-few-pending")
    answer(wave, "A-4")
    found = {line["person"] for line in lines(tenant, wave.wave, pending="true")}
    assert found == set(wave.codes) - set(team("A", *range(5)))
    answer(wave, *team("A", *range(5, 12)))  # the same day: nothing is looked at again
    assert {line["person"] for line in lines(tenant, wave.wave, pending="true")} == found
    later(tenant, days=1)
    assert {line["person"] for line in lines(tenant, wave.wave, pending="true")} == set(team("B", *range(12)))
    answer(wave, *team("B", 0, 1, 2, 3))
    later(tenant, days=1)  # four more are too few to be told from those before
    assert {line["person"] for line in lines(tenant, wave.wave, pending="true")} == set(team("B", *range(12)))
    answer(wave, *team("B", 4, 5, 6, 7, 8))
    later(tenant, days=1)  # three are left, whom everybody could name
    problem(pending(tenant, wave), 409, "too-few-pending")


def by_unit(tenant: TenantUnderTest, wave: LaunchedWave) -> dict[str, Any]:
    found = ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation"))
    return {unit["unit"]: (unit["percent"], unit["bound"], unit["reason"]) for unit in found["units"]}


def test_participation_is_told_in_steps_and_not_of_small_units(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12, "B": 24, "C": 13, "D": 4}, participation={"ways": ["links"]})
    assert by_unit(tenant, wave)["TOP"] == (None, None, "not_yet")
    answer(wave, *team("A", *range(12)), *team("B", *range(11)), *team("C", 0, 1), "D-0")
    told = by_unit(tenant, wave)
    assert told["TOP"] == (45, None, None)  # 26 of 53
    assert told["D"] == (None, None, "not_enough_invited")
    # With all of A, B and C beside the whole, D would follow: one of them stays untold.
    shown = {unit: told[unit] for unit in "ABC" if told[unit][2] is None}
    assert len(shown) == 2
    assert shown.items() <= {"A": (80, "or_more", None), "B": (40, None, None), "C": (20, "or_less", None)}.items()


def test_participation_is_refreshed_daily_and_by_k(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant)
    answer(wave, *team("A", *range(6)))
    assert by_unit(tenant, wave)["A"][0] == 40
    answer(wave, *team("A", *range(6, 12)))
    assert by_unit(tenant, wave)["A"][0] == 40
    later(tenant, days=1)
    assert by_unit(tenant, wave)["A"] == (80, "or_more", None)
    answer(wave, *team("B", 0, 1, 2, 3))
    later(tenant, days=1)
    assert by_unit(tenant, wave)["B"] == (20, "or_less", None)


# -- no record of who has answered ----------------------------------------------------------------------------


def test_without_a_record_nothing_stored_tells_who_has_answered(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links"], "spending_record": False})
    answer(wave, *wave.codes)
    spent = {serial for (serial,) in tenant.sql("SELECT serial FROM spent_code")}
    assert len(spent) == 24
    assert not spent & {serial for (serial,) in tenant.sql("SELECT serial FROM roster_line")}
    told = problem(tenant.call(INVITE, "GET", f"/v1/waves/{wave.wave}/invitations"), 409, "handed-out-already")
    assert "launch another" in told["detail"]
    problem(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation"), 409, "participation-not-recorded")
    assert wave.release()["status"] == "published"


def test_without_a_record_there_are_links_alone_and_no_reminders(tenant: TenantUnderTest) -> None:
    for part, place in (
        ({"ways": ["links", "kiosk"], "spending_record": False}, "/participation/ways"),
        ({"reminders": True, "spending_record": False}, "/participation/reminders"),
    ):
        body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "participation": part}
        told = problem(tenant.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "invalid")
        assert list(places(told)) == [place]


# -- the end --------------------------------------------------------------------------------------------------


def test_a_wave_is_destroyed_on_demand_with_a_signed_proof(tenant: TenantUnderTest) -> None:
    wave = a_wave(tenant, "links", "kiosk", reminders=True)
    answer(wave, *team("A", *range(12)))
    lines(tenant, wave.wave, pending="true")
    path = f"/v1/waves/{wave.wave}"

    def is_gone() -> bool:
        (one,) = ok(tenant.call(WRITE, "GET", f"/v1/campaigns/{wave.campaign}/waves"))
        return bool(one["key_destroyed"])

    problem(tenant.call(WRITE, "POST", f"{path}/destroy"), 409, "wrong-state")
    problem(tenant.call(WRITE, "GET", f"{path}/destruction"), 404, "not-found")
    wave.release()
    for again in (False, True):
        assert is_gone() is again
        assert ok(tenant.call(WRITE, "POST", f"{path}/destroy"), 202)["key_destroyed"] is again
        tenant.house.sweep()
    assert is_gone()
    proof = ok(tenant.call(WRITE, "GET", f"{path}/destruction"))
    said = proof["certificate"]
    assert (said["wave"], said["opens"], said["sealed"]["responses"]) == (wave.wave, False, 12)
    for table in ("roster_line", "sealed_batch", "spent_code", "short_code", "participation_snapshot", "wave_class"):
        assert tenant.sql(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - names from this test
    acts = [row["action"] for row in ok(tenant.call("admin", "GET", "/v1/audit-log?limit=500"))["data"]]
    assert acts.count("wave.destroyed") == 1
    later(tenant, days=40)
    tenant.house.sweep()
    assert ok(tenant.call(WRITE, "GET", f"{path}/destruction")) == proof


def test_a_draft_that_nobody_launched_has_no_wave(tenant: TenantUnderTest) -> None:
    a_launched_wave(tenant)
    draft = a_campaign(tenant)["id"]
    asked = {"campaign": draft, "person": "A-1"}
    problem(tenant.call(TAKE, "POST", "/v1/participations", json=asked), 409, "wave-not-open")
