"""What people copy: addresses of pages and of downloads, and AIRs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.remote.civitai_references import Reference, read_reference

SITE = "https://civitai.com"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://civitai.com/models/12/ink-style", Reference("civitai.com", "12", "")),
        (
            "https://civitai.red/models/12?modelVersionId=34",
            Reference("civitai.red", "12", "34"),
        ),
        ("https://civitai.com/models/12?modelVersionId=../x", Reference("civitai.com", "12", "")),
        ("https://civitai.com/api/download/models/34", Reference("civitai.com", "", "34")),
        ("urn:air:sdxl:lora:civitai:12@34", Reference("", "12", "34")),
        ("urn:air:sdxl:lora:civitai:12@34+56.safetensor", Reference("", "12", "34", "56")),
        ("civitai.com/models/12", Reference("civitai.com", "12", "")),
        (" www.civitai.com/models/12/ink\n", Reference("www.civitai.com", "12", "")),
        ("civitai:12", Reference("", "12", "")),
    ],
)
def test_the_numbers_are_read(text, reference):
    assert read_reference(text, SITE) == reference


@given(st.text() | st.from_regex(r"(https?:|urn:air:)[^ ]*civitai[^ ]*"))
def test_any_text_is_a_reference_of_numbers_or_none(text):
    found = read_reference(text, SITE)
    assert found is None or all(one == "" or (one.isascii() and one.isdigit()) for one in found[1:])
