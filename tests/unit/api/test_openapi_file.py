"""docs/openapi.json is what the code makes, and opens without another host."""

from scripts import openapi


def test_the_document_in_the_docs_is_the_one_that_the_code_makes() -> None:
    assert openapi.FILE.read_text() == openapi.document(), "make openapi"


def test_the_document_refers_to_no_other_host() -> None:
    assert "://" not in openapi.document()
