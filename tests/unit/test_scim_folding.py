"""What an index entry has room for: PostgreSQL refuses a row whose entry is longer than a third of a page."""

import sys

import pytest

from service.kit.text import SURROGATES
from service.scim.facts import KEY_LENGTH
from service.scim.folding import folded

ENTRY = 2704
"""Bytes, at most."""
BESIDE = 16 + 16 + 12
"""Of a tenant, of a person, and the entry's own head."""


@pytest.mark.uncounted
def test_the_longest_name_fits_into_an_index_whatever_its_signs() -> None:
    signs = (chr(code) for code in range(1, sys.maxunicode + 1))
    longest = max(len(folded(sign, exact=False).encode()) for sign in signs if not SURROGATES.search(sign))
    assert longest > 4
    assert KEY_LENGTH * longest + BESIDE <= ENTRY
