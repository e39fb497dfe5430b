"""Pictures from anywhere become grey or colour pictures of ours, or are named."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from medialab.errors import MediaLabError, PictureError, PictureTooLargeError
from medialab.pictures.intake import MOST_PIXELS, normalise
from medialab.pictures.png_chunks import MOST_TEXT, split
from tests.examples import examples
from tests.pictures.encoded import RAMP, chunk, file_of, noise, png, profile


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_a_picture(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20)
    image, told = normalise(file_of(picture, "PNG", exif=exif))
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(orientation)
    wanted = picture if turn is None else picture.transpose(Image.Transpose(turn))
    assert (image.size, image.tobytes()) == (wanted.size, wanted.tobytes())
    assert bool(told) == (orientation > 1)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0" + b"\xff" * 1000,
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x02\0\0\0x\0\0\0\0\0\0\0",
        b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
    ],
    ids=["garbage", "text", "loop"],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_broken_exif_costs_a_picture_nothing(exif, kind):
    assert normalise(file_of(noise(), kind, exif=exif)).image.size == (48, 32)


@given(st.sampled_from([1, 2, 4, 8, 16]), st.data())
def test_the_transparent_level_of_a_png_of_any_depth_is_transparent_and_no_other(depth, data):
    """Pillow compares it with the pixels of 2 and 4 bits after they are scaled to 8."""
    levels = data.draw(st.lists(st.integers(0, 2**depth - 1), min_size=1, max_size=9, unique=True))
    clear = data.draw(st.sampled_from(levels))
    bits = "".join(format(level, f"0{depth}b") for level in levels)
    row = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
    told = chunk(b"tRNS", clear.to_bytes(2, "big"))
    image, _ = normalise(png(len(levels), 1, told, depth=depth, colour=0, pixels=b"\0" + row))
    grey, alpha = image.split()
    assert list(alpha.tobytes()) == [255 * (level != clear) for level in levels]
    top = 2**depth - 1
    assert list(grey.tobytes()) == [round(level * 255 / top) for level in levels]


def test_the_transparent_colour_of_a_png_of_16_bits_is_known_by_its_upper_ones():
    clear, other = b"\x12\x34\x56\x78\x9a\xbc", b"\x34\0\x78\0\xbc\0"
    told = chunk(b"tRNS", clear)
    image, _ = normalise(png(2, 1, told, depth=16, pixels=b"\0" + clear + other))
    assert image.getchannel("A").tobytes() == b"\0\xff"


@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
def test_a_long_compressed_text_is_read_and_costs_nothing(kind):
    info = PngImagePlugin.PngInfo()
    add = info.add_text if kind == "zTXt" else info.add_itxt
    add("workflow", "node " * 400_000, zip=True)
    info.add_text("parameters", "a cat")
    content = file_of(noise(), pnginfo=info)
    assert normalise(content).image.size == (48, 32)
    assert split(content).texts == {"workflow": "node " * 400_000, "parameters": "a cat"}


def test_a_text_without_end_is_left_unread():
    bomb = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * (MOST_TEXT + 1), 9))
    content = png(1, 1, bomb, bomb, chunk(b"tEXt", b"k\0v"), pixels=b"\0" * 4)
    parts = split(content)
    assert (parts.texts, parts.too_long) == ({"k": "v"}, {"parameters"})
    assert normalise(content).image.size == (1, 1)


def test_of_an_animation_it_is_the_first_picture_and_said():
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    for kind in ("GIF", "PNG", "WEBP"):
        how = {"save_all": True, "append_images": [second]}
        image, told = normalise(file_of(first, kind, **how))
        assert image.convert("RGB").getpixel((8, 8))[0] > 240
        assert told == ("only the first picture in its file is used",)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I"])
def test_every_mode_comes_in_as_grey_or_colours(mode):
    image, _ = normalise(Image.new(mode, (9, 7)))
    assert image.mode in {"L", "RGB", "LA", "RGBA"}
    assert image.size == (9, 7)


def test_alpha_stays_where_any_of_it_is_transparent():
    clear = Image.new("RGBA", (4, 4), (9, 8, 7, 255))
    assert normalise(clear).image.mode == "RGB"
    clear.putpixel((0, 0), (9, 8, 7, 254))
    assert normalise(file_of(clear)).image.tobytes() == clear.tobytes()
    palette = noise("P")
    assert normalise(file_of(palette, transparency=0)).image.mode == "RGBA"
    deep = Image.new("I;16", (4, 4), 40_000)
    deep.putpixel((1, 1), 7)
    image, _ = normalise(file_of(deep, transparency=7))
    assert [image.getpixel(at) for at in ((0, 0), (1, 1))] == [(156, 255), (0, 0)]


@pytest.mark.parametrize(
    "content",
    [
        png(60_000, 60_000),
        png(16_000, 12_000),
        png(10_000, 9_000),
        png(2**31 - 1, 2**31 - 1),
        png(MOST_PIXELS + 1, 1),
    ],
)
def test_too_many_pixels_are_refused_in_words_before_they_are_decoded(content):
    with pytest.raises(
        PictureTooLargeError, match=r"megapixels are too many, the limit is 67 .* smaller"
    ):
        normalise(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a picture in a supported format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "an HEIC photo; save it as a JPEG"),
        (b"<svg xmlns='x'/>", "an SVG drawing"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "a TIFF of another kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "a PostScript file"),
        (file_of(noise())[:600], "the picture cannot be read"),
        (png(0, 0), "not a picture|no pixels"),
    ],
)
def test_what_is_no_picture_is_named(content, words):
    with pytest.raises(PictureError, match=words):
        normalise(content)


def test_a_cameras_raw_file_is_no_small_picture():
    """Pillow reads the preview that lies before the photo."""
    preview = file_of(noise(), "TIFF", tiffinfo={254: 1})
    with pytest.raises(PictureError, match="only a preview, as in a camera's raw file"):
        normalise(preview)


def test_a_pipe_a_folder_and_a_loop_are_named_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop.png").symlink_to("loop.png")
    for name in ("pipe", "folder", "loop"):
        with pytest.raises(PictureError, match=f"{name}.png"):
            normalise(tmp_path / f"{name}.png")
    with pytest.raises(PictureError, match="not a valid file name"):
        normalise("a\0b.png")
    with pytest.raises(PictureError, match="the picture cannot be read"):
        normalise(Path("/dev/zero"))


FILES = [
    *(file_of(noise(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "TGA")),
    file_of(noise("P"), transparency=3, icc_profile=profile()),
    file_of(noise("CMYK"), "JPEG", icc_profile=profile()),
    file_of(Image.fromarray(RAMP.astype(np.uint16)), "TIFF", compression="tiff_lzw"),
    file_of(noise(), save_all=True, append_images=[noise()]),
]


@settings(max_examples=examples(120), derandomize=True, deadline=None, database=None)
@given(st.data())
def test_whatever_the_bytes_are_only_errors_of_ours_come_out(data):
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=6))
        content[at : at + data.draw(st.integers(0, 6))] = piece
    try:
        image, _ = normalise(bytes(content))
    except MediaLabError:
        return
    assert image.mode in {"L", "RGB", "LA", "RGBA"}
