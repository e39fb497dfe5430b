"""Pictures as PNG, JPEG and WebP: what they show, and the settings in them."""

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, formats, publishing
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ConfigError

FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
every_format = pytest.mark.parametrize("name", FORMATS)
PROMPT = "a Röd ball, 猫 🙂\nin two lines: ü"


@pytest.fixture
def manager(tmp_path):
    return ArtifactManager(tmp_path / "outputs")


@pytest.fixture
def image():
    return Image.effect_noise((64, 48), 60).convert("RGB")


def config(**settings):
    known = {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64}
    return ResolvedConfig.model_validate(known | {"prompt": PROMPT} | settings)


@every_format
def test_a_picture_and_its_sidecar_are_there_and_read_back(manager, image, name):
    asked = config(format=name, steps=9)
    saved = manager.save(image, asked, {})
    assert saved.path.suffix == FORMATS[name]
    assert saved.sidecar == saved.path.with_suffix(".json")
    with Image.open(saved.path) as found:
        assert (found.format, found.size) == (name.upper(), (64, 48))
    for path in (saved.path, saved.sidecar):
        assert manager.load(path) == asked
    assert [one.path for one in manager.find("ball")] == [saved.path]
    assert manager.annotate(saved.path, stars=3).path == saved.path
    assert manager.find("ball")[0].stars == 3
    assert manager.rebuild_index() == 1


@every_format
def test_without_its_sidecar_the_infotext_in_the_file_speaks(manager, image, name):
    saved = manager.save(image, config(format=name, sampler="Heun", steps=9), {})
    saved.sidecar.unlink()
    found = manager.load(saved.path)
    assert type(found) is PipelineConfig
    assert (found.prompt, found.sampler, found.steps, found.seed) == (PROMPT, "Heun", 9, 7)
    assert found.format == name


def test_a_comment_is_what_a1111_writes_and_reads(manager, image):
    """UserComment of EXIF: eight bytes that say UNICODE, then UTF-16BE."""
    for name in ("jpeg", "webp"):
        with Image.open(manager.save(image, config(format=name), {}).path) as found:
            comment = found.getexif().get_ifd(0x8769)[0x9286]
        assert comment[:8] == b"UNICODE\0"
        assert comment[8:].decode("utf-16-be").startswith(PROMPT)


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + "cat\nSteps: 3, Seed: 5, Size: 64x64".encode("utf-16-le"),
        b"ASCII\0\0\0" + b"cat\nSteps: 3, Seed: 5, Size: 64x64",
        b"cat\nSteps: 3, Seed: 5, Size: 64x64",
    ],
)
def test_comments_of_other_programs_are_read_too(manager, image, comment):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    manager.folder.mkdir()
    image.save(manager.folder / "theirs.jpg", exif=exif)
    found = manager.load("theirs.jpg")
    assert (found.prompt, found.steps, found.seed) == ("cat", 3, 5)


def test_png_and_lossless_webp_keep_every_byte_and_the_others_do_not(manager, image):
    def pixels(**settings):
        with Image.open(manager.save(image, config(**settings), {}).path) as found:
            return found.convert("RGB").tobytes()

    assert pixels(format="png") == pixels(format="webp") == image.tobytes()
    lossy = [pixels(format="webp", lossless=False), pixels(format="jpeg")]
    assert image.tobytes() not in lossy


@pytest.mark.parametrize("settings", [{"format": "jpeg"}, {"format": "webp", "lossless": False}])
def test_more_quality_is_a_larger_file(manager, image, settings):
    sizes = [
        manager.save(image, config(**settings, quality=quality), {}).path.stat().st_size
        for quality in (20, 60, 95)
    ]
    assert sizes == sorted(set(sizes))


@every_format
def test_the_same_picture_is_the_same_bytes(manager, image, name):
    one, other = (manager.save(image, config(format=name), {}).path for _ in range(2))
    assert one.read_bytes() == other.read_bytes()


def test_what_a_format_has_no_room_for_is_named_and_nothing_is_left(manager, image):
    long = "word " * 3_900
    for settings, picture in (
        ({"format": "jpeg", "prompt": long, "negative_prompt": long}, image),
        ({"format": "webp"}, Image.new("RGB", (16_384, 8))),
    ):
        with pytest.raises(ArtifactError, match="choose format='png'"):
            manager.save(picture, config(**settings), {})
    assert not manager.folder.exists()


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"format='gif'.*png, jpeg, webp"):
        PipelineConfig.parse({"format": "gif"})


def test_the_pattern_names_the_file(manager, image):
    asked = config(file_name="[model_name]/../[width]x[height] [seed]", format="webp")
    saved = manager.save(image, asked, {})
    assert saved.path.name == "00001-paperdoll-.-64x48-7.webp"
    assert saved.path.parent.parent == manager.folder


@every_format
def test_a_dead_writers_picture_is_swept_whatever_its_format(manager, image, name):
    saved = manager.save(image, config(format=name), {})
    day, suffix = saved.path.parent, FORMATS[name]
    partial = day / f".00002{suffix}.partial"
    orphan = day / "00002-7-x.json"
    for path in (partial, orphan, day / ".00002.partial"):
        path.write_bytes(b"half")
    publishing.sweep(day)
    assert sorted(day.iterdir()) == sorted([saved.path, saved.sidecar])


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_png_is_deflated_at_the_fastest_level_so_that_saving_is_quick(manager, mode):
    saved = manager.save(Image.effect_noise((64, 64), 90).convert(mode), config(), {})
    data = saved.path.read_bytes()
    # The two bits of a zlib stream's second byte that tell its level; 0 is the fastest.
    assert data[data.index(b"IDAT") + 5] >> 6 == 0


def test_every_format_has_the_media_type_that_pillow_gives_it():
    Image.init()
    for name, suffix in formats.SUFFIX_OF.items():
        assert formats.MEDIA_TYPES[suffix] == Image.MIME[name.upper()]
