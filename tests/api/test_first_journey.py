"""An HRIS posts a campaign, people answer, BI reads: through HTTP, on a real database."""

from tests.fixtures.house import TenantUnderTest
from tests.make.world import a_launched_wave, cells_of, ok


def test_a_campaign_from_people_to_cells(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12, "B": 12, "C": 3})
    for number, person in enumerate(wave.codes):
        answers = {"load": 1 + number % 5, "help": 4, "place": "home", "tools": ["chat"], "years": 7, "comment": "ok"}
        assert ok(wave.submit(person, answers), 201) == {"status": "recorded"}
    release = wave.release()
    assert release["status"] == "published"
    cells = cells_of(tenant, release["id"], measure="help", family="mean")
    by_unit = {cell["unit"]: cell for cell in cells}
    assert by_unit["TOP"]["status"] == "published"
    assert by_unit["TOP"]["mean"] == 4.0
    assert (by_unit["TOP"]["n_from"], by_unit["TOP"]["n_to"]) == (25, 29)
    # Three people alone: withheld; and with them one more, or TOP minus the others would give them away.
    assert by_unit["C"]["status"] == "withheld"
    assert by_unit["C"]["mean"] is None
    assert sorted(by_unit[team]["status"] for team in "AB") == ["published", "withheld"]
