"""What a browser loads: the page of a wave, and the script with the elements."""

import base64
import gzip
import hashlib
import re

import pytest

from service.campaigns.codes import ADDRESS_LENGTH
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import problem
from tests.make.world import a_launched_wave, ok

INTRANET = "https://intranet.example"


def policy_of(tenant: TenantUnderTest, address: str) -> dict[str, str]:
    answer = tenant.call(None, "GET", f"/embed/{address}")
    assert answer.status_code == 200, answer.text
    rules = (rule.partition(" ") for rule in answer.headers["content-security-policy"].split("; "))
    return {name: value for name, _, value in rules}


def forget_origins(tenant: TenantUnderTest) -> None:
    """As after the two seconds for which they are kept."""
    tenant.house.client.app.state.origins._known.clear()  # type: ignore[attr-defined]  # Starlette types it as callable


def test_the_page_may_do_nothing_but_run_its_script_and_call_this_service(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    answer = tenant.call(None, "GET", f"/embed/{wave.address}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    policy = policy_of(tenant, wave.address)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'sha256-{hashed}'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
        "frame-ancestors": "'self'",
    }
    assert f'<pouls-pulse wave="{wave.address}" origins="" from="fragment message">' in answer.text


def test_those_whom_the_rules_name_may_frame_it_and_send_a_code(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    rules = {"origins": [INTRANET, "http://localhost:8080"]}
    assert ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json=rules))["origins"] == rules["origins"]
    forget_origins(tenant)
    assert policy_of(tenant, wave.address)["frame-ancestors"] == f"'self' {INTRANET} http://localhost:8080"
    page = tenant.call(None, "GET", f"/embed/{wave.address}").text
    assert f' origins="{INTRANET} http://localhost:8080"' in page
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))
    forget_origins(tenant)
    assert policy_of(tenant, wave.address)["frame-ancestors"] == "'self'"


def test_rules_that_were_altered_let_nobody_frame_it(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [INTRANET]}))
    evil = """{"policy": {}, "second_approval": false, "origins": ["https://evil.example"]}"""
    tenant.sql("UPDATE campaign_rules SET rules = CAST(:evil AS jsonb)", evil=evil)
    assert policy_of(tenant, wave.address)["frame-ancestors"] == "'self'"


@pytest.mark.parametrize(
    "origin",
    [
        "https://intranet.example/",
        "https://intranet.example/page",
        "http://intranet.example",
        "https://*.example",
        "*",
        "null",
        "https://intranet.example; script-src *",
        'https://intranet.example"',
        "https://Intranet.example",
        "https://user@intranet.example",
        "https://intranet.example:0",
        "https://intranet.example\n",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_origin_is_refused(tenant: TenantUnderTest, origin: str) -> None:
    answer = tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [origin]})
    assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/origins/0"


def test_more_origins_than_anybody_needs_are_refused(tenant: TenantUnderTest) -> None:
    many = [f"https://host{number}.example" for number in range(21)]
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": many[:20]}))
    problem(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": many}), 422, "invalid")


def test_the_page_speaks_the_browser_s_language_or_the_one_asked_for(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    path = f"/embed/{wave.address}"
    french = tenant.call(None, "GET", path, headers={"Accept-Language": "de;q=0.3, fr-CH"}).text
    assert '<html lang="fr">' in french
    assert " language=" not in french
    asked = tenant.call(None, "GET", path, params={"language": "fr"}, headers={"Accept-Language": "en"}).text
    assert '<html lang="fr">' in asked
    assert ' language="fr"' in asked
    assert '<html lang="en">' in tenant.call(None, "GET", path, headers={"Accept-Language": "eo"}).text


def test_the_page_has_the_light_of_the_page_around_where_that_is_asked_for(tenant: TenantUnderTest) -> None:
    path = f"/embed/{a_launched_wave(tenant).address}"
    assert ' theme="light"' in tenant.call(None, "GET", path, params={"theme": "light"}).text
    assert " theme=" not in tenant.call(None, "GET", path).text
    problem(tenant.call(None, "GET", path, params={"theme": "pink"}), 422, "invalid")


def test_nothing_of_the_caller_s_can_leave_its_attribute(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    page = tenant.call(None, "GET", f"/embed/{wave.address}", params={"language": 'x"><script>'}).text
    assert ' language="x&quot;&gt;&lt;script&gt;"' in page


def test_a_kiosk_takes_no_code_from_its_address(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    page = tenant.call(None, "GET", f"/embed/{wave.address}", params={"mode": "kiosk"}).text
    assert ' kiosk=""' in page
    assert " from=" not in page
    problem(tenant.call(None, "GET", f"/embed/{wave.address}", params={"mode": "other"}), 422, "invalid")


def test_what_is_no_address_has_no_page(tenant: TenantUnderTest) -> None:
    for wrong in ("A" * (ADDRESS_LENGTH - 1), "!" * ADDRESS_LENGTH):
        problem(tenant.call(None, "GET", f"/embed/{wrong}"), 404, "not-found")
    assert policy_of(tenant, "A" * ADDRESS_LENGTH)["frame-ancestors"] == "'self'"  # nor does it tell which waves exist


@pytest.mark.parametrize("name", ["pouls", "result"])
def test_a_script_is_named_by_its_version_and_integrity(tenant: TenantUnderTest, name: str) -> None:
    told = ok(tenant.call(None, "GET", f"/widget/{name}.json", headers={"Origin": "https://any.example"}))
    assert told["src"] == f"http://pouls.test/widget/{name}.js?version={told['version']}"
    answer = tenant.call(None, "GET", told["src"])
    digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
    assert told["integrity"] == f"sha384-{digest}"
    assert answer.headers["access-control-allow-origin"] == "*"  # whoever asks: copies are kept for other pages, too
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_the_newest_script_is_asked_for_again_soon(tenant: TenantUnderTest) -> None:
    answer = tenant.call(None, "GET", "/widget/pouls.js")
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = tenant.call(None, "GET", "/widget/pouls.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_runs_the_script_of_its_version_or_while_the_service_is_replaced_another(
    tenant: TenantUnderTest,
) -> None:
    page = tenant.call(None, "GET", f"/embed/{a_launched_wave(tenant).address}").text
    ((src, version),) = re.findall(r'<script src="\.\.(/widget/pouls\.js\?version=(\w+))" defer>', page)
    assert version == ok(tenant.call(None, "GET", "/widget/pouls.json"))["version"]
    other = tenant.call(None, "GET", src.replace(version, "0" * 16))
    assert other.content == tenant.call(None, "GET", src).content
    assert other.headers["cache-control"] == "no-cache"
    problem(tenant.call(None, "GET", "/widget/pouls.js", params={"version": "newest"}), 422, "invalid")
    problem(tenant.call(None, "GET", "/widget/other.js"), 422, "invalid")


def test_the_script_comes_compressed_where_the_browser_reads_that(tenant: TenantUnderTest) -> None:
    plain = tenant.call(None, "GET", "/widget/pouls.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with tenant.house.client.stream("GET", "/widget/pouls.js", headers={"Accept-Encoding": "br, gzip"}) as small:
        assert small.headers["content-encoding"] == "gzip"
        assert small.headers["vary"] == "Accept-Encoding"
        assert small.headers["etag"] != plain.headers["etag"]
        raw = b"".join(small.iter_raw())
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < 30_000
