"""Tiles cover a whole, and their pieces come together without loss or seam."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medialab.pixels.tiles import blended, part_of, tiles

WIDTH, HEIGHT, TILE, SHARED = 40, 32, 16, 6
BOXES = tiles(WIDTH, HEIGHT, TILE, SHARED)


@given(st.integers(8, 300), st.integers(8, 300), st.integers(32, 200), st.integers(0, 15))
def test_tiles_cover_the_picture_and_share_their_overlap(width, height, tile, overlap):
    boxes = tiles(width, height, tile, overlap)
    assert {box.left for box in boxes} >= {0}
    assert max(box.right for box in boxes) == width
    assert max(box.bottom for box in boxes) == height
    assert all(box.within(width, height) == box for box in boxes)
    columns = sorted({(box.left, box.right) for box in boxes})
    shared = [first[1] - second[0] for first, second in itertools.pairwise(columns)]
    assert all(pixels >= overlap for pixels in shared)


@pytest.mark.parametrize("shape", [(2, 4, HEIGHT, WIDTH), (3, HEIGHT, WIDTH)])
def test_pieces_that_are_cut_from_a_whole_give_it_back(shape):
    whole = torch.randn(*shape, generator=torch.Generator().manual_seed(3))
    found = blended(shape, BOXES, SHARED, lambda box: part_of(whole, box))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, whole, rtol=1e-6, atol=1e-6)


def test_pieces_larger_than_their_boxes_lie_where_the_boxes_do_at_that_scale():
    whole = torch.randn(3, 2 * HEIGHT, 2 * WIDTH, generator=torch.Generator().manual_seed(3))

    def make(box):
        rows = slice(2 * box.top, 2 * box.bottom)
        return whole[:, rows, 2 * box.left : 2 * box.right]

    found = blended(whole.shape, BOXES, SHARED, make, scale=2)
    torch.testing.assert_close(found, whole, rtol=1e-6, atol=1e-6)


def test_over_an_overlap_one_piece_fades_evenly_into_the_next():
    left, right = pair = tiles(28, 16, 16, 4)
    assert (left.right, right.left) == (16, 12)
    found = blended((16, 28), pair, 4, lambda box: torch.full((16, 16), float(box == right)))
    row = found[8].tolist()
    assert row[:12] == [0.0] * 12
    assert row[16:] == [1.0] * 12
    assert row[12:16] == sorted(row[12:16])
    assert row[13] == pytest.approx(1 - row[14])


def test_each_tile_is_told_and_may_stop_the_rest():
    told = []

    def stop(*count):
        told.append(count)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blended((HEIGHT, WIDTH), BOXES, SHARED, lambda box: torch.zeros(16, 16), on_tile=stop)
    assert told == [(1, len(BOXES)), (2, len(BOXES))]
