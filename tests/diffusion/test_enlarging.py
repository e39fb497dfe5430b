"""A picture reaches an exact size by a filter, or by a model that runs as often as it takes."""

import pytest
from PIL import Image

from medialab.diffusion.enlarging import enlarged, upscaler_as_record


class Doubling:
    """A model of models/upscalers as far as it counts here: it doubles, and tells each tile."""

    scale = 2

    def enlarge(self, image, *, tile, overlap, on_tile, retries):
        assert (tile, overlap, retries) == (512, 32, None)
        on_tile(1, 1)
        return image.resize((2 * image.width, 2 * image.height), Image.Resampling.NEAREST)


@pytest.fixture
def picture():
    image = Image.new("RGB", (4, 4), "navy")
    image.putpixel((1, 2), (255, 200, 0))
    return image


def enlarge(picture, size, upscaler):
    told = []
    found = enlarged(
        picture, size, upscaler, tile=512, overlap=32, on_tile=lambda *tile: told.append(tile)
    )
    assert found.size == size
    return found, told


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "nearest"])
def test_a_filter_is_pillows_own_and_tells_one_tile(picture, name):
    found, told = enlarge(picture, (10, 12), name)
    kind = getattr(Image.Resampling, name.upper())
    assert found.tobytes() == picture.resize((10, 12), kind).tobytes()
    assert told == [(1, 1)]


@pytest.mark.parametrize(
    ("size", "times"),
    [((4, 4), 1), ((8, 8), 1), ((8, 9), 2), ((16, 16), 2), ((60, 4), 4), ((200, 200), 4)],
)
def test_a_model_runs_until_both_sides_are_reached_four_times_at_most(picture, size, times):
    _, told = enlarge(picture, size, Doubling())
    assert len(told) == times


def test_what_a_model_made_too_large_is_made_smaller_by_lanczos(picture):
    found, _ = enlarge(picture, (6, 6), Doubling())
    doubled = picture.resize((8, 8), Image.Resampling.NEAREST)
    assert found.tobytes() == doubled.resize((6, 6), Image.Resampling.LANCZOS).tobytes()


@pytest.mark.parametrize(
    ("name", "after", "told"),
    [
        ("lanczos", (8, 8), "lanczos"),
        ("lanczos", (4, 4), "none"),
        ("latent", (4, 4), "none"),
        ("4x-model", (4, 4), "4x-model"),
    ],
)
def test_the_record_says_where_a_filter_had_nothing_to_do(name, after, told):
    record = upscaler_as_record(name, (4, 4), after)
    assert record["upscaler"] == told
    assert ("note" in record) == (told == "none")
