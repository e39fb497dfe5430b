"""Pictures of every kind come in as what they show; what is no picture is named."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from medialab.errors import MediaLabError, PictureError, PictureTooLargeError
from medialab.pictures.intake import MOST_PIXELS, normalise
from medialab.pictures.png_chunks import MOST_TEXT, split

RAMP = np.linspace(0, 65_535, 64 * 64).reshape(64, 64)
LEVELS = (RAMP / 257).round().astype(np.uint8)


def file_of(image, kind="PNG", **how):
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def noise(mode="RGB", size=(48, 32)):
    return Image.effect_noise(size, 90).convert(mode)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks, depth=8, colour=2, pixels=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(pixels)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def profile(kind=b"RGB ", gamma=2.2, name=b"wide"):
    """A colour profile by hand: Display P3's primaries, or a grey of that gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    told = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" * 79
    place = b"XYZ \0\0\0\0"
    tags = {b"desc": told + b"\0" * (-len(told) % 4), b"wtpt": place + fixed(0.9642, 1, 0.8249)}
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    if kind == b"RGB ":
        primaries = {
            b"r": (0.51512, 0.2412, -0.00105),
            b"g": (0.29198, 0.69225, 0.04189),
            b"b": (0.1571, 0.06657, 0.78407),
        }
        for one, at in primaries.items():
            tags[one + b"XYZ"], tags[one + b"TRC"] = place + fixed(*at), curve
    else:
        tags[b"kTRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        begin = 132 + 12 * len(tags) + len(body)
        table, body = table + tag + struct.pack(">II", begin, len(content)), body + content
    head = struct.pack(">I", 128 + len(table) + len(body)) + b"\0\0\0\0\x02\x10\0\0mntr" + kind
    head += b"XYZ \x07\xe6\0\1\0\1\0\0\0\0\0\0acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249)
    return head + b"\0" * 48 + table + body


def printing_profile():
    """A CMYK profile by hand: a table of two points an ink, each of which takes light away."""
    identity = struct.pack(">9i", *(65_536 if n % 4 == 0 else 0 for n in range(9)))
    straight = bytes(range(256))
    grid = b""
    for number in range(16):
        cyan, magenta, yellow, black = ((number >> bit) & 1 for bit in (3, 2, 1, 0))
        light = 0 if black else round(255 * (1 - 0.3 * (cyan + magenta + yellow)))
        grid += bytes([light, 128, 128])
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + straight * 4 + grid + straight * 3
    told = b"desc\0\0\0\0" + struct.pack(">I", 6) + b"paper\0" + b"\0" * 78
    tags = {b"desc": told, b"A2B0": table + b"\0" * (-len(table) % 4)}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249)
    index, body = struct.pack(">I", len(tags)), b""
    for tag, unpadded in tags.items():
        content = unpadded + b"\0" * (-len(unpadded) % 4)
        begin = 132 + 12 * len(tags) + len(body)
        index, body = index + tag + struct.pack(">II", begin, len(content)), body + content
    head = struct.pack(">I", 128 + len(index) + len(body)) + b"\0\0\0\0\x02\x10\0\0prtrCMYKLab "
    head += b"\x07\xe6\0\1\0\1\0\0\0\0\0\0acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249)
    return head + b"\0" * 48 + index + body


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_printing_colours_are_what_their_profile_says(kind):
    inks = Image.new("CMYK", (32, 16), (255, 0, 0, 0))
    inks.paste((0, 0, 0, 0), (16, 0, 32, 16))
    image, told = normalise(file_of(inks, kind, icc_profile=printing_profile()))
    assert told == ("its colours were converted from paper to sRGB",)
    assert min(image.getpixel((28, 8))) > 250  # bare paper
    grey = image.getpixel((4, 8))
    assert max(grey) - min(grey) <= 3  # in this profile cyan is a grey
    assert 150 < grey[0] < 190  # of lightness 70


def big_endian():
    return Image.frombytes("I;16B", (64, 64), RAMP.astype(">u2").tobytes())


@pytest.mark.parametrize(
    "given",
    [
        lambda: file_of(Image.fromarray(RAMP.astype(np.uint16))),
        lambda: file_of(Image.fromarray(RAMP.astype(np.uint16)), "TIFF"),
        lambda: file_of(big_endian(), "TIFF"),
        big_endian,
        lambda: Image.fromarray(RAMP.astype(np.int32)),
        lambda: Image.fromarray((RAMP * 32_767).astype(np.int32)),
        lambda: Image.fromarray(LEVELS.astype(np.int32)),
        lambda: Image.fromarray(LEVELS.astype(np.float32)),
        lambda: Image.fromarray(RAMP.round().astype(np.float32)),
        lambda: file_of(Image.fromarray((RAMP / 65_535).astype(np.float32)), "TIFF"),
        lambda: Image.fromarray((RAMP / 65_535 * 2 - 1).astype(np.float32)),
        lambda: Image.fromarray((RAMP / 1234.5).astype(np.float32)),
    ],
    ids=[
        *("16 bit", "16-bit TIFF", "big-endian TIFF", "I;16B", "16 bit in 32", "31 bit"),
        *("8 bit in 32", "levels", "16 bit in floats", "0 to 1", "-1 to 1", "metres"),
    ],
)
def test_a_ramp_of_any_depth_stays_a_ramp(given):
    image, _ = normalise(given())
    assert image.mode == "L"
    assert np.abs(np.asarray(image).astype(int) - LEVELS).max() <= 1


def test_a_dark_picture_of_16_bits_stays_dark():
    assert normalise(file_of(Image.new("I;16", (8, 8), 200))).image.getextrema() == (1, 1)
    assert normalise(Image.new("F", (8, 8), 0.1)).image.getextrema() == (26, 26)


@pytest.mark.parametrize("values", [LEVELS, RAMP.astype(np.uint16), RAMP.astype("f4") / 65_535])
def test_where_a_tiff_says_that_0_is_white_it_is(values):
    photometric = {262: 0}
    image, _ = normalise(file_of(Image.fromarray(values), "TIFF", tiffinfo=photometric))
    upside_down = normalise(Image.fromarray(values)).image.point(lambda level: 255 - level)
    # Of 8 bits Pillow writes the levels the other way round, and reads them so.
    wanted = LEVELS if values.dtype == np.uint8 else upside_down
    assert np.abs(np.asarray(image).astype(int) - np.asarray(wanted).astype(int)).max() <= 1


def test_levels_of_8_bits_with_fractions_stay_these_levels():
    image, told = normalise(Image.fromarray(np.linspace(63.3, 191.7, 64, dtype="f4")[None]))
    assert (image.getextrema(), told) == ((63, 192), ())


def test_colours_of_16_bits_are_scaled_and_that_is_said():
    row = b"\0" + b"\x80\x80\x40\x40\xff\xff" * 4
    image, told = normalise(png(4, 4, depth=16, pixels=row * 4))
    assert image.getpixel((1, 1)) == (128, 64, 255)
    assert told == ("its 65,536 levels per channel became 256",)
    assert normalise(file_of(noise())).changes == ()


def test_what_is_no_number_becomes_black_or_white_and_is_counted():
    values = np.full((4, 4), 0.5, np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    image, told = normalise(Image.fromarray(values))
    assert [image.getpixel((x, 0)) for x in range(4)] == [0, 255, 0, 128]
    assert "3 of its values were NaN or infinite" in told[0]
    assert normalise(Image.new("F", (8, 8), float("nan"))).image.getextrema() == (0, 0)


def test_a_profile_is_followed_and_named():
    red = Image.new("RGB", (16, 16), (200, 60, 60))
    wanted = ImageCms.profileToProfile(
        red, ImageCms.ImageCmsProfile(io.BytesIO(profile())), ImageCms.createProfile("sRGB")
    )
    for content in (
        file_of(red, icc_profile=profile()),
        file_of(red, "TIFF", icc_profile=profile()),
        file_of(red.quantize(), icc_profile=profile()),
    ):
        image, told = normalise(content)
        off = np.abs(np.asarray(image).astype(int) - np.asarray(wanted).astype(int)).max()
        assert off <= 4
        assert told == ("its colours were converted from wide to sRGB",)


def test_a_profile_of_grey_changes_greys_and_leaves_them_grey():
    grey = Image.new("L", (16, 16), 128)
    image, told = normalise(file_of(grey, icc_profile=profile(b"GRAY", 1.0, b"linear")))
    assert image.mode == "L"
    assert abs(image.getpixel((3, 3)) - 188) <= 1  # sRGB's half of the light
    assert "from linear to sRGB" in told[0]


def test_a_grey_picture_with_a_profile_of_colours_has_the_greys_of_that():
    image, told = normalise(file_of(Image.new("L", (16, 16), 128), icc_profile=profile(gamma=1.0)))
    assert image.mode == "L"
    assert abs(image.getpixel((3, 3)) - 188) <= 1
    assert told == ("its colours were converted from wide to sRGB",)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_that_is_srgb_leaves_every_byte(mode):
    picture = noise(mode)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image, told = normalise(file_of(picture, icc_profile=srgb))
    assert (image.tobytes(), told) == (picture.tobytes(), ())


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"nonsense" * 40, "is damaged and was ignored"),
        (profile()[:200], "is damaged and was ignored"),
        (profile(b"GRAY"), "is for another colour space and was ignored"),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_profile_that_cannot_be_used_is_ignored_with_a_word(bad, why, kind):
    picture = noise()
    image, told = normalise(file_of(picture, kind, icc_profile=bad))
    assert image.tobytes() == picture.tobytes()
    assert [why in word for word in told] == [True]


def test_a_profile_of_printing_colours_is_used_if_it_can_be_and_cmyk_is_said():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image, told = normalise(file_of(cyan, "JPEG"))
    assert image.mode == "RGB"
    assert image.getpixel((8, 8))[0] < 30
    assert "CMYK colours" in told[0]
    _, told = normalise(file_of(cyan, "JPEG", icc_profile=profile()))
    assert len(told) == 2  # not for such pictures, and a plain rule instead


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


@settings(max_examples=120, derandomize=True, deadline=None, database=None)
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


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.binary(max_size=600))
def test_a_profile_of_any_bytes_is_no_error(content):
    picture = Image.new("RGB", (4, 4), (10, 20, 30))
    begin = profile()
    for one in (content, begin[:128] + content, begin + content):
        picture.info["icc_profile"] = one
        assert normalise(picture).image.size == (4, 4)
