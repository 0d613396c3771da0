"""A document written and read again is the same document, and what we write, other tools take."""

import io

from hypothesis import HealthCheck, given, settings
from pyxform.xls2xform import convert

from service.questionnaires.document import Document
from service.questionnaires.formats import choose, own, xlsform_read, xlsform_write
from tests.make.documents import documents

SLOW = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SLOW
@given(documents())
def test_an_xlsform_gives_back_the_document(document: Document) -> None:
    written = xlsform_write.write(document)
    found = xlsform_read.read(written.data)
    assert Document.parse(found.document).canonical() == document.canonical()
    assert list(found.report) == []


@SLOW
@given(documents())
def test_our_own_json_gives_back_the_document(document: Document) -> None:
    for written in (own.write(document), own.write_canonical(document)):
        found = choose.read(written.data)
        assert Document.parse(found.document).canonical() == document.canonical()
        assert list(found.report) == []


@settings(SLOW, max_examples=40)
@given(documents())
def test_pyxform_makes_a_form_of_what_we_write(document: Document) -> None:
    made = convert(io.BytesIO(xlsform_write.write(document).data), file_type=".xlsx", validate=False)
    for item in document.items:
        assert f"/{item.id}" in made.xform
