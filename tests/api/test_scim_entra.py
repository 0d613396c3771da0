"""What Entra sends when it provisions, replayed to what is documented to come back."""

from tests.fixtures.house import TenantUnderTest
from tests.make.scim import Directory
from tests.make.scim_replay import replay, steps_of


def test_the_sequence_ends_as_documented(tenant: TenantUnderTest) -> None:
    directory = Directory(tenant)
    steps = steps_of("entra")
    assert replay(directory, steps) > 20
