"""What was made for one picture never reaches another: edited finds, masks; and the way back."""

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.runs.belongings import (
    changes_to_restore,
    picture_before_detailers,
    set_aside_foreign,
    unbind,
)

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
FACE = {"enabled": True, "detector": "centre", "grow": 0, "mask_blur": 0, "guide_size": 64}
CORNER, MIDDLE = [0, 0, 16, 16], [16, 16, 48, 48]


def quick(**settings):
    return PipelineConfig.parse(QUICK | settings)


def drawn(run, stage="face"):
    """The boxes that a detailer drew again."""
    told = {one["name"]: one["applied"] for one in run.record["stages"]}
    return [one["box"] for one in told[stage]["drawn"]]


def in_the_corner(run):
    """The run's finds as a person moved them: one, in the corner."""
    first = run.detections["face"][0]
    return [first.model_copy(update={"box": tuple(CORNER), "mask": None})]


@pytest.fixture
def edited(bench):
    """A picture whose face a person moved into the corner."""
    run = bench.execute(quick(face=FACE))
    assert drawn(run) == [MIDDLE]
    edits = {"face": {"detections": in_the_corner(run)}}
    return bench.rerun(run, from_stage="face", changes=edits)


def noise(seed, size=(64, 64)):
    levels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    return Image.fromarray(levels)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a red car on the beach"},
        {"negative_prompt": "a face"},
        {"seed": 8},
        {"width": 72},
        {"steps": 3},
        {"sampler": "Euler"},
        {"refiner": {"enabled": True, "scale": 1.0}},
    ],
    ids=str,
)
def test_a_box_of_one_picture_is_not_drawn_into_another(bench, edited, changes):
    run = bench.rerun(edited, from_stage="prompt", changes=changes)
    assert CORNER not in drawn(run)
    assert len(drawn(run)) == 1  # what is there was looked for
    (aside,) = run.set_aside
    assert (aside["stage"], aside["setting"], aside["count"]) == ("face", "detections", 1)
    assert aside["why"] == "1 edited detection was made for another picture, and set aside"
    # The file says the same, and makes the same picture again.
    again = bench.artifacts.load(run.artifact.path)
    assert again.face.detections is None
    repeated = bench.execute(again, save=False)
    assert repeated.image.tobytes() == run.image.tobytes()
    assert not repeated.set_aside


@pytest.mark.thorough
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"face": {"denoising_strength": 0.9}},
        {"hand": FACE},
        {"body": FACE},
        {"upscaler": {"enabled": True}},
        {"sharpen": 1.0, "file_name": "[seed]"},
    ],
    ids=str,
)
def test_it_stays_in_its_own_picture_whatever_comes_after(bench, edited, changes):
    run = bench.rerun(edited, from_stage="face", changes=changes)
    assert drawn(run) == [CORNER]
    assert not run.set_aside


def test_its_file_makes_the_picture_again_and_no_other_with_it(bench, edited):
    loaded = bench.artifacts.load(edited.artifact.path)
    again = bench.execute(loaded, save=False)
    assert drawn(again) == [CORNER]
    assert again.image.tobytes() == edited.image.tobytes()
    other = bench.execute(loaded.asked().changed(prompt="a car"), save=False)
    assert drawn(other) == [MIDDLE]
    # With nothing but the infotext, too.
    edited.artifact.sidecar.unlink()
    from_text = bench.artifacts.load(edited.artifact.path)
    assert drawn(bench.execute(from_text, save=False)) == [CORNER]
    assert drawn(bench.execute(from_text.changed(seed=8), save=False)) == [MIDDLE]


def test_there_are_ways_back(bench, edited):
    other = bench.rerun(edited, from_stage="prompt", changes={"seed": 8}, save=False)
    # Back to the picture: its finds are there again.
    back = bench.rerun(other, from_stage="prompt", changes={"seed": 7}, save=False)
    assert drawn(back) == [CORNER]
    assert back.image.tobytes() == edited.image.tobytes()
    # Or into this one all the same, which they belong to from then on.
    here = bench.rerun(
        other, from_stage="face", changes=changes_to_restore(other.set_aside), save=False
    )
    assert drawn(here) == [CORNER]
    assert not here.set_aside
    third = bench.rerun(here, from_stage="prompt", changes={"seed": 9}, save=False)
    assert drawn(third) == [MIDDLE]
    free = bench.execute(unbind(edited.config.asked().changed(seed=8)), save=False)
    assert free.image.tobytes() == here.image.tobytes()


def test_boxes_that_a_person_wrote_are_drawn_and_belong_to_that_picture_then(bench):
    run = bench.execute(quick(face=FACE | {"detections": [{"box": CORNER}]}), save=False)
    assert drawn(run) == [CORNER]
    other = bench.rerun(run, from_stage="prompt", changes={"prompt": "a car"}, save=False)
    assert drawn(other) == [MIDDLE]


def test_finds_of_a_batchs_first_picture_are_drawn_in_that_one_alone(bench, edited):
    batch = edited.config.asked().changed(batch_size=2)
    run = bench.execute(batch, save=False)
    assert [bool(record.get("set_aside")) for record in run.records] == [False, True]


def test_a_given_pictures_finds_go_with_the_picture_not_with_the_words(bench):
    base = quick(mode="enhance", width=None, height=None, face=FACE)
    run = bench.enhance(noise(1), base, save=False)
    edits = {"face": {"detections": in_the_corner(run)}}
    moved = bench.rerun(run, from_stage="face", changes=edits, save=False)
    words = {"prompt": "a car", "seed": 9}
    assert drawn(bench.rerun(moved, from_stage="face", changes=words, save=False)) == [CORNER]
    # The same in any file or way that it comes in; another picture is another.
    assert drawn(bench.enhance(noise(1), moved.config.asked(), save=False)) == [CORNER]
    other = bench.enhance(noise(2), moved.config.asked(), save=False)
    assert drawn(other) == [MIDDLE]
    assert other.set_aside
    changes = {"image": bench.keep(noise(2))}
    assert drawn(bench.rerun(moved, from_stage="source", changes=changes, save=False)) == [MIDDLE]
    smaller = bench.rerun(moved, from_stage="source", changes={"width": 72}, save=False)
    assert smaller.set_aside


@pytest.mark.parametrize("mode", ["enhance", "img2img", "txt2img"])
def test_a_detailers_mask_stays_with_the_picture_that_it_was_painted_for(bench, mode):
    mask = bench.keep(box_mask(Box(*CORNER), 64, 64))
    config = quick(mode=mode, face=FACE | {"mask": mask})
    run = bench.execute(
        config if mode == "txt2img" else config.changed(image=bench.keep(noise(1))), save=False
    )
    assert drawn(run) == [CORNER]
    other = {"prompt": "a car"} if mode == "txt2img" else {"image": bench.keep(noise(2))}
    aside = bench.rerun(run, from_stage="prompt", changes=other, save=False)
    assert drawn(aside) == [MIDDLE]
    assert [one["setting"] for one in aside.set_aside] == ["mask"]
    changes = changes_to_restore(aside.set_aside)
    back = bench.rerun(aside, from_stage="face", changes=changes, save=False)
    assert drawn(back) == [CORNER]
    if mode != "txt2img":  # it is the start picture's, whatever is drawn of that
        words = bench.rerun(run, from_stage="prompt", changes={"prompt": "a car"}, save=False)
        assert drawn(words) == [CORNER]


def test_the_mask_of_inpainting_paints_no_other_picture(bench):
    mask = bench.keep(box_mask(Box(*CORNER), 64, 64))
    config = quick(mode="inpaint", inpaint={"mask": mask})
    run = bench.enhance(noise(1), config, save=False)
    again = bench.rerun(run, from_stage="inpaint", changes={"prompt": "a car"}, save=False)
    assert again.image.tobytes() != run.image.tobytes()
    other = {"image": bench.keep(noise(2))}
    with pytest.raises(ConfigError, match="mask of inpaint was painted for another picture"):
        bench.rerun(run, from_stage="source", changes=other, save=False)
    own = {"inpaint": {"mask": bench.keep(box_mask(Box(*MIDDLE), 64, 64))}}
    bench.rerun(run, from_stage="source", changes=other | own, save=False)
    free = unbind(run.config.asked().changed(**other))
    assert bench.execute(free, save=False).image.size == (64, 64)
    # One that a person names for two pictures in code is theirs to name.
    bench.enhance(noise(2), config, save=False)


def test_a_picture_is_the_same_picture_on_every_machine(bench):
    config = bench.resolve(quick(face=FACE))

    def told(**changes):
        one = config.model_copy(update=changes)
        return picture_before_detailers(one, enlarged=True)

    assert told() == told(threads=7) == told(file_name="x") == told(sharpen=1.0)
    assert len({told(), told(seed=8), told(prompt="x"), told(checkpoint_sha256="1" * 64)}) == 4


def test_a_picture_is_the_same_picture_whatever_its_models_are_called(bench):
    config = bench.resolve(quick(face=FACE))

    def told(lora, sha256, **changes):
        prompt, hashes = f"a ball <lora:{lora}:0.5>", {f"lora/{lora}": sha256}
        changes |= {"prompt": prompt, "models_sha256": hashes}
        return picture_before_detailers(config.model_copy(update=changes), enlarged=True)

    own = told("ink", "2" * 64)
    assert own == told("inked", "2" * 64) == told("ink", "2" * 64, checkpoint="doll")
    assert own != told("ink", "3" * 64)
    word = config.model_copy(update={"prompt": "glow", "models_sha256": {"embedding/glow": "4"}})
    other = word.model_copy(update={"models_sha256": {"embedding/glow": "5"}})
    ids = {picture_before_detailers(one, enlarged=True) for one in (word, other)}
    assert len(ids) == 2


@pytest.mark.parametrize("enlarged", [False, True])
def test_a_given_picture_that_nothing_draws_is_itself_whatever_would_draw(bench, enlarged):
    refiner = {"enabled": enlarged, "denoising_strength": 0.0, "scale": 2.0}
    config = quick(mode="enhance", image=bench.keep(noise(1)), face=FACE, refiner=refiner)
    config = bench.resolve(config)

    def told(**changes):
        return picture_before_detailers(config.model_copy(update=changes), enlarged=True)

    assert told() == told(checkpoint_sha256="1" * 64) == told(prompt="x") == told(steps=9)
    larger = config.refiner.model_copy(update={"enabled": True, "scale": 3.0})
    assert told() != told(refiner=larger)


def test_of_a_stages_edits_those_of_another_picture_alone_are_set_aside():
    own, foreign = ({"label": "face", "box": (x, 0, x + 30, 30)} for x in (0, 32))
    edits = [own, foreign | {"made_for": "f" * 64}]
    asked = quick(face={"enabled": True, "detections": edits})
    config = ResolvedConfig.parse(asked.model_dump() | {"checkpoint_sha256": "a" * 64})
    left, aside = set_aside_foreign(config)
    assert [edit.box for edit in left.face.detections] == [(0, 0, 30, 30)]
    assert [(one.stage, one.count) for one in aside] == [("face", 1)]
    again, nothing = set_aside_foreign(left)
    assert (again, nothing) == (left, [])
