import pytest

from service.disclosure.policy import FLOORS, LARGEST, Policy


def test_the_defaults_are_the_floors() -> None:
    assert Policy().as_dict() == dict(FLOORS)
    assert Policy.of({}) == Policy()


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("value", [True, 12.0, "12", None, -1, LARGEST + 1, 2**63])
def test_a_threshold_is_a_plain_number_within_its_bounds(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        Policy.of({name: value})  # type: ignore[dict-item]  # what a caller may send
    assert str(value) not in str(refused.value)


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_no_threshold_goes_under_the_floor(name: str, floor: int) -> None:
    assert getattr(Policy.of({name: floor}), name) == floor
    with pytest.raises(ValueError, match=name):
        Policy.of({name: floor - 1})


def test_an_unknown_name_is_refused_and_not_echoed() -> None:
    with pytest.raises(ValueError, match="no threshold") as refused:
        Policy.of({"k_meen": 12})
    assert "k_meen" not in str(refused.value)


def test_a_tenant_and_a_campaign_may_only_raise() -> None:
    tenant = Policy().raised_by({"k_mean": 8})
    assert tenant.raised_by({"k_mean": 9, "collusion": 1}).as_dict() == {**FLOORS, "k_mean": 9, "collusion": 1}
    assert tenant.raised_by({}) == tenant
    with pytest.raises(ValueError, match="k_mean"):
        tenant.raised_by({"k_mean": 7})
    with pytest.raises(ValueError, match="k_mean"):
        tenant.raised_by(Policy())


def test_thresholds_count_colluders_and_never_undercut_each_other() -> None:
    policy = Policy(k_mean=12, k_sensitive=20, collusion=3)
    assert (policy.mean_k(sensitive=False), policy.mean_k(sensitive=True)) == (15, 23)
    # A distribution gives the mean, so 10 would be a back door to the mean of ten people.
    assert (policy.distribution_k(sensitive=False), policy.distribution_k(sensitive=True)) == (15, 23)
    assert (policy.sd_k(sensitive=False), policy.comment_k()) == (33, 13)
    assert Policy(k_distribution=50).sd_k(sensitive=False) == 50
