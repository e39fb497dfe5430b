"""Which pictures a transformer reads beside the prompt, and how its pipeline is given them."""

from PIL import Image

from medialab.families.flow.editing import ReferenceEditing
from medialab.families.needs import with_read


def test_pictures_are_passed_in_order_under_the_pipelines_own_name():
    one, two = Image.new("RGB", (64, 64)), Image.new("RGB", (32, 32))
    editing = ReferenceEditing(most=3, argument="references")
    assert editing.inputs([one, two], 1.5) == {"references": [one, two]}


def test_the_area_that_is_read_of_a_picture_is_between_the_bounds():
    as_it_is, reduced = ReferenceEditing(most=1), ReferenceEditing(most=4, most_area=1000)
    alike = ReferenceEditing(most=3, least_area=1000, most_area=1000)
    assert [one.read_area((100, 50)) for one in (as_it_is, reduced, alike)] == [5000, 1000, 1000]
    assert [one.read_area((10, 50)) for one in (as_it_is, reduced, alike)] == [500, 500, 1000]


def test_latents_that_are_read_count_as_further_rows():
    assert with_read((64, 64), 0, 16) == (64, 64)
    assert with_read((64, 64), 1024 * 1024, 16) == (64, 128)
    assert with_read((64, 64), 1, 16) == (64, 65)


def test_a_picture_is_read_from_the_least_side_and_up_to_the_longest_shape():
    editing = ReferenceEditing(most=3, least_side=64, longest=8)
    assert editing.why_not((64, 512)) == ""
    assert "at least 64 px" in editing.why_not((63, 512))
    assert "at most 8 times" in editing.why_not((513, 64))
    assert ReferenceEditing(most=1).why_not((1, 5000)) == ""
