"""No picture changes by a byte unless it is meant to: each is made again and compared.

After a change that is meant: `python -m tests.golden.write`, and say in the commit why.
"""

import pytest

from tests.golden import cases, record

FACTS = record.facts_here(threads=1)


@pytest.fixture(scope="module")
def golden():
    return record.read()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with cases.open_studio(tmp_path_factory.mktemp("golden")) as made:
        made.make(cases.NAMES[0])  # its worker begins here, and outlives each test
        yield made


def test_the_record_names_every_case_and_no_other(golden):
    assert list(golden["pictures"]) == list(cases.NAMES)


def test_every_byte_is_compared_here(golden):
    unlike = {
        name: f"{fact}, the record {golden['facts'].get(name)}"
        for name, fact in FACTS.items()
        if fact != golden["facts"].get(name)
    }
    if unlike:
        pytest.skip(f"thumbnails are compared, not bytes, since here is {unlike}")


# A quick run makes every third, which are of all modes, stages and families.
QUICK = frozenset(cases.NAMES[::3])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.thorough])
        for name in cases.NAMES
    ],
)
def test_a_picture_is_the_one_of_the_record(studio, golden, name):
    made = [record.entry(image) for image in studio.make(name)]
    told = record.difference(
        name, golden["pictures"][name], made, by_bytes=golden["facts"] == FACTS
    )
    assert told is None, told
