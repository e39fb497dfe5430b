"""Contact sheets: every picture has its place, and its values stand at the edges."""

import numpy as np
from PIL import Image

from medialab import PipelineConfig
from medialab.batch.contact_sheet import ContactSheet, draw
from medialab.batch.pages import pages_of
from medialab.batch.sweep import Sweep

BASE = PipelineConfig(prompt="a red ball")
COLOURS = ["red", "lime", "blue", "yellow", "magenta", "cyan"]


def test_each_picture_lies_in_its_tile_and_a_missing_one_is_grey():
    (page,) = pages_of(Sweep(BASE, {"seed": [1, 2], "guidance_scale": [3, 5, 7]}))
    pictures = {row: Image.new("RGB", (64, 64), colour) for row, colour in enumerate(COLOURS[:5])}

    sheet = draw(page, pictures.get, tile=64)

    # From the lower right corner: there are no labels.
    step = 64 + 8
    found = [
        sheet.getpixel(
            (sheet.width - 40 - step * (2 - column), sheet.height - 40 - step * (1 - row))
        )
        for row in range(2)
        for column in range(3)
    ]
    expected = [Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in COLOURS[:5]]
    assert found == [*expected, (238, 238, 238)]


def test_labels_are_written_in_full_where_there_is_room():
    sweep = Sweep(BASE, {"seed": [1], "guidance_scale": [3]})
    blank = Sweep(BASE, {"seed": [1], "prompt": [" "]})

    sheets = [draw(next(pages_of(one)), lambda _: None, tile=200) for one in (sweep, blank)]

    dark = [(np.asarray(sheet.convert("L")) < 100).sum() for sheet in sheets]
    assert dark[0] > dark[1] > 0


def test_a_wide_picture_keeps_its_shape():
    (page,) = pages_of(Sweep(BASE, {"seed": [1], "steps": [4]}))
    sheet = draw(page, lambda _: Image.new("RGB", (400, 100), "red"), tile=200)

    assert (np.asarray(sheet) == (255, 0, 0)).all(axis=2).sum() == 200 * 50


def test_pages_are_drawn_when_they_are_asked_for():
    asked = []
    pages = [*pages_of(Sweep(BASE, {"seed": "1-2000"}))]

    sheet = ContactSheet(pages, asked.append, tile=8)

    assert len(sheet) == 20
    assert repr(sheet) == "ContactSheet of 20 pages"
    assert asked == []
    assert sheet[1].width > 10 * 8
    assert asked == [*range(100, 200)]
    assert [page.size for page in sheet[:2]] == [sheet[0].size] * 2
    assert sheet._repr_png_().startswith(b"\x89PNG")


def test_a_caption_stands_below_each_tile_and_pushes_no_other_away():
    (page,) = pages_of(Sweep(BASE, {"prompt": ["a cat", "a dog " * 30, "漢字" * 40]}))

    sheet = draw(page, lambda _: Image.new("RGB", (64, 64), "red"), tile=64)

    red = (np.asarray(sheet) == (255, 0, 0)).all(axis=2)
    assert red.sum() == 3 * 64 * 64
    below = np.asarray(sheet.convert("L"))[red.any(axis=1).nonzero()[0].max() + 1 :]
    assert all((below[:, at : at + 64] < 100).any() for at in (8, 80, 152))
