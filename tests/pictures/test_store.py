"""Pictures are kept by what they show, and mean what they are used for."""

import json
import os
import stat

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import ArtifactError, PictureError
from medialab.pictures import store as pictures
from medialab.pictures.store import PictureStore

ALPHA = np.tile(np.array([0, 255], np.uint8).repeat(16), (32, 1))  # the right half is opaque


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "inputs")


def with_alpha(colour, alpha=ALPHA):
    image = Image.new("RGB", (32, 32), colour)
    image.putalpha(Image.fromarray(alpha))
    return image


def test_a_photo_lies_on_white_and_that_is_said(store):
    name = store.keep(with_alpha("teal"))
    photo = store.load(name)
    assert photo.mode == "RGB"
    assert (photo.getpixel((3, 3)), photo.getpixel((30, 3))) == ((255, 255, 255), (0, 128, 128))
    assert store.changes(name) == ("its transparent parts were laid on white",)


@pytest.mark.parametrize("colour", ["white", "black", "teal"])
def test_transparency_with_a_shape_is_the_mask_whatever_its_colours(store, colour):
    name = store.keep(with_alpha(colour))
    mask = store.load(name, "mask")
    assert mask.mode == "L"
    assert np.array_equal(np.asarray(mask), ALPHA)
    assert "its transparency is used as the mask" in store.changes(name, "mask")[0]


def test_without_a_shape_the_levels_are_the_mask(store):
    levels = Image.fromarray(ALPHA)
    for given in (levels, levels.convert("RGB"), levels.convert("1")):
        name = store.keep(given)
        assert np.array_equal(np.asarray(store.load(name, "mask")), ALPHA)
        assert store.changes(name, "mask") == ()
    half = levels.convert("RGB")
    half.putalpha(100)
    assert np.array_equal(np.asarray(store.load(store.keep(half), "mask")), ALPHA)


def test_a_mask_on_which_nothing_is_painted_is_empty(store):
    nothing = with_alpha("white", np.zeros((32, 32), np.uint8))
    assert store.load(store.keep(nothing), "mask").getextrema() == (0, 0)


def test_a_control_picture_lies_on_black(store):
    name = store.keep(with_alpha("white"))
    assert store.load(name, "control").getpixel((3, 3)) == (0, 0, 0)
    assert store.changes(name, "control") == ("its transparent parts were laid on black",)


def test_what_was_done_is_kept_with_the_picture(store):
    deep = Image.new("I;16", (8, 8), 40_000)
    name = store.keep(deep)
    assert PictureStore(store.folder).changes(name) == ("its 65,536 levels of grey became 256",)
    assert store.keep(store.load(name)) == name
    assert store.size(name) == (8, 8)


def test_a_file_of_another_kind_in_a_pictures_place_is_named(store):
    name = store.keep(Image.new("RGB", (8, 8), "red"))
    path = store.folder / f"{name}.png"
    Image.new("RGB", (8, 8), "blue").save(path)
    with pytest.raises(PictureError, match="was replaced by another picture"):
        store.load(name)
    path.unlink()
    os.mkfifo(path)
    for work in (store.load, store.changes, store.size):
        with pytest.raises(PictureError, match="is damaged; store the picture again"):
            work(name)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert store.keep(Image.new("RGB", (8, 8), "red")) == name  # and is there again
    assert store.size(name) == (8, 8)


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PictureError, match=r"cannot be stored in .*make the folder writable"):
        PictureStore(tmp_path / "file" / "inputs").keep(Image.new("L", (8, 8)))


def aged(store, names):
    for age, name in enumerate(names):
        os.utime(store.folder / f"{name}.png", (10**9 + age, 10**9 + age))


def test_the_folder_is_bounded_and_what_a_sidecar_names_stays(bench, tmp_path):
    store, outputs = bench.pictures, bench.artifacts.folder
    noise = [Image.effect_noise((64, 64), 90) for _ in range(8)]
    names = [bench.keep(one) for one in noise]
    run = bench.enhance(noise[0].convert("RGB"), quick())
    source = run.config.image
    day = run.artifact.path.parent
    (day / "00009-x.json").write_text(f'{{"broken": "{names[1]}"')  # of a newer version, say
    (outputs / "studio.json").write_text(json.dumps({"config": {"image": names[2]}}))
    other = bench.enhance(noise[3].convert("RGB"), quick())
    other.artifact.sidecar.unlink()  # its infotext speaks for it
    aged(store, [*names, source, other.config.image])
    os.utime(store.folder / f"{names[4]}.png")  # used just now
    assert store.sweep(most=1) == 5
    left = {path.stem for path in store.folder.iterdir()}
    assert left == {source, other.config.image, names[1], names[2], names[4]}
    assert "5 unused pictures were removed" in store.take_news()[0]
    assert bench.execute(run.config).image.tobytes() == run.image.tobytes()


def test_nothing_goes_where_nobody_can_tell_what_is_needed(tmp_path):
    def unknown():
        raise ArtifactError("closed")

    for needed in (unknown, None):
        store = PictureStore(tmp_path / "inputs", needed)
        aged(store, [store.keep(Image.effect_noise((64, 64), 90)) for _ in range(3)])
        assert store.sweep(most=1) == 0


def test_keeping_looks_after_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 3_000)
    store = PictureStore(tmp_path / "inputs", set)
    (tmp_path / "inputs").mkdir()
    old = tmp_path / "inputs" / ".killed.partial"
    old.write_bytes(bytes(4_000))
    os.utime(old, (10**9, 10**9))
    store.keep(Image.new("L", (8, 8)))
    assert not old.exists()


def test_a_picture_that_is_used_again_is_young_again(store):
    name = store.keep(Image.new("L", (8, 8)))
    path = store.folder / f"{name}.png"
    for use in (store.load, store.size, lambda _: store.keep(Image.new("L", (8, 8)))):
        os.utime(path, (10**9, 10**9))
        use(name)
        assert path.stat().st_mtime > 10**9 + 1


def quick(**settings):
    return PipelineConfig(seed=3, steps=2, width=64, height=64, **settings)


def test_the_record_says_what_became_of_a_photo_and_its_mask(bench):
    photo = with_alpha("teal").resize((64, 64), Image.Resampling.NEAREST)
    mask = with_alpha("black").resize((64, 64), Image.Resampling.NEAREST)
    inpaint = {"mask": bench.keep(mask), "mask_blur": 0, "only_masked": False}
    run = bench.enhance(photo, quick(mode="inpaint", inpaint=inpaint), save=False)
    applied = {stage["name"]: stage["applied"] for stage in run.record["stages"]}
    assert applied["source"]["picture"] == ["its transparent parts were laid on white"]
    assert "its transparency is used as the mask" in applied["inpaint"]["mask"][0]
    made = np.asarray(run.image)
    assert (made[:, :32] == 255).all()  # outside the mask every byte is the photo's
    assert (made[:, 32:] != np.array([0, 128, 128])).any()


def test_a_plain_photo_has_nothing_said_of_it(bench):
    photo = Image.effect_noise((64, 64), 90).convert("RGB")
    run = bench.enhance(photo, quick(), save=False)
    (source,) = (one for one in run.record["stages"] if one["name"] == "source")
    assert "picture" not in source["applied"]


def test_finds_that_cannot_be_kept_cost_no_picture(tiny_models, tmp_path):
    (tmp_path / "inputs").write_text("in the way")
    face = {"enabled": True, "detector": "centre"}
    with Workbench(models=tiny_models, outputs=tmp_path, device="cpu") as bench:
        run = bench.execute(quick(prompt="a doll", face=face), save=False)
    assert run.detections == {}
    assert "cannot be edited" in run.record["notices"][0]
