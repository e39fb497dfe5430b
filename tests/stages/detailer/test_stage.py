"""The detailer on pictures: what changes, where, how much, for each of its settings."""

import numpy as np
import pytest
from PIL import Image

from medialab.errors import CancelledError, MissingLibraryError, NotFiniteError
from medialab.stage import EncodedPrompts, Frame
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.detailer.stage import DetailerStage
from medialab.vision.detections import boxed
from tests.stages.conftest import MASK, PICTURES

BASE = {
    "checkpoint": "paperdoll",
    "vae": "",
    "prompt": "a red ball",
    "negative_prompt": "blue",
    "steps": 2,
    "guidance_scale": 5.0,
    "sampler": "Euler",
    "schedule": "automatic",
    "seed": 1,
    "emphasis": "original",
    "clip_skip": 1,
    "prediction_type": "automatic",
    "text_encoder": "",
    "distilled_guidance_scale": 3.5,
    "guidance_start": 0.0,
    "guidance_end": 1.0,
    "loras": (),
    "control": (),
}
LEFT, RIGHT = (8, 24, 24, 40), (72, 24, 88, 40)
STAGE = DetailerStage("face")


@pytest.fixture(scope="module")
def image():
    noise = np.random.default_rng(3).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return Image.fromarray(noise)


class Finds:
    """A detector that finds these boxes, or cannot be used."""

    def __init__(self, *boxes, error=None, label=None):
        self.boxes, self.error, self.label, self.asked = boxes, error, label, []

    def find(self, image, *words):
        self.asked.append(words)
        if self.error is not None:
            raise self.error
        return [boxed(image, self.label or words[0], 0.9, box) for box in self.boxes]


@pytest.fixture
def detail(context, image):
    """Runs the stage; gives the picture, what was applied, and the frame."""

    def run(*, detectors=None, on=None, on_step=None, **settings):
        here = context()
        if on_step is not None:
            here.step = lambda step, steps, latents=None: on_step(latents.clone())
        found = detectors or {"finder": Finds(LEFT, RIGHT)}
        here.detector = lambda name: found[name]
        settings = {"detector": "finder", "grow": 0, "mask_blur": 0, "crop_factor": 2.0} | settings
        whole = DetailerConfig(enabled=True, **settings).filled(BASE)
        frame = Frame(
            prompts=EncodedPrompts(prompt=BASE["prompt"], negative_prompt=BASE["negative_prompt"]),
            image=on or image,
        )
        result = STAGE.run(frame, whole, here)
        return result.image, result.applied["face"], result

    return run


def changed(before, after, box=None):
    """How far two pictures differ, in grey levels; within a box, or all over."""
    pair = [np.asarray(one.crop(box) if box else one).astype(int) for one in (before, after)]
    return float(np.abs(pair[0] - pair[1]).mean())


def where(before, after):
    differs = np.any(np.asarray(before) != np.asarray(after), axis=2)
    return Image.fromarray(differs).getbbox()


def test_each_find_is_drawn_and_every_byte_outside_their_masks_stays(detail, image):
    painted, applied, _ = detail(denoising_strength=0.8)
    assert changed(image, painted, LEFT) > 5
    assert changed(image, painted, RIGHT) > 5
    outside = np.ones((64, 96), bool)
    for left, top, right, bottom in (LEFT, RIGHT):
        outside[top:bottom, left:right] = False
    assert (np.asarray(painted)[outside] == np.asarray(image)[outside]).all()
    assert [one["box"] for one in applied["drawn"]] == [list(LEFT), list(RIGHT)]
    assert applied["detectors"] == [{"name": "finder", "found": 2, "kept": 2}]


def test_more_strength_changes_more_and_none_nothing(detail, image):
    some, more = (
        changed(image, detail(denoising_strength=strength, steps=6)[0]) for strength in (0.3, 1.0)
    )
    assert 0 < some < more
    assert detail(denoising_strength=0)[0].tobytes() == image.tobytes()


def test_dynamic_power_weakens_large_parts_and_a_negative_one_strengthens_them(detail, image):
    large = {"finder": Finds((8, 8, 88, 56))}
    share = 80 * 48 / (96 * 64)
    told = {}
    for power in (0, 1, -1):
        _painted, applied, _ = detail(
            detectors=large, dynamic_power=power, denoising_strength=0.3, steps=10
        )
        told[power] = applied["drawn"][0]["model_calls"]
    assert told[1] < told[0] < told[-1]
    assert told[1] == int(10 * 0.3 * (1 - share))
    whole = {"finder": Finds((0, 0, 96, 64))}
    assert detail(detectors=whole, dynamic_power=1)[1]["drawn"][0]["skipped"]
    assert "skipped" not in detail(detectors=whole, dynamic_power=-1)[1]["drawn"][0]


def test_finds_are_drawn_with_seeds_of_their_own_unless_they_share_one(detail, image):
    flat = Image.new("RGB", image.size, (90, 120, 60))
    for same, equal in ((False, False), (True, True)):
        painted, _, _ = detail(on=flat, same_seed=same, denoising_strength=1.0)
        left, right = painted.crop(LEFT), painted.crop(RIGHT)
        assert (left.tobytes() == right.tobytes()) is equal


def test_cycles_draw_a_find_again_with_the_next_seed(detail, image):
    one = {"finder": Finds(LEFT)}
    once = detail(detectors=one, cycles=1)[0]
    twice = detail(detectors=one, cycles=2)[0]
    by_hand = detail(detectors=one, on=once, seed=2)[0]
    assert twice.tobytes() == by_hand.tobytes()
    assert twice.tobytes() != once.tobytes()


def test_the_noise_may_be_stronger(detail, image):
    plain, same, strong = (detail(noise_multiplier=value)[0] for value in (1.0, 1.0, 1.4))
    assert plain.tobytes() == same.tobytes()
    assert changed(plain, strong, LEFT) > 0
    assert where(image, strong)[0] >= LEFT[0]


def test_a_feathered_noise_mask_frees_the_edge_of_a_part_later_than_its_middle(detail, image):
    large = {"finder": Finds((16, 0, 80, 64))}
    settings = {"detectors": large, "crop_factor": 1.4, "denoising_strength": 1.0, "steps": 8}

    def moved(feather):
        """How far two prompts part the latents, by step and column of the crop."""
        runs = []
        for prompt in ("a red ball", "a blue hat"):
            seen = []
            painted, _, _ = detail(
                on_step=seen.append, prompt=prompt, noise_mask_feather=feather, **settings
            )
            runs.append(seen)
            assert where(image, painted)[0] >= 16
        return [(one - two).abs().amax((0, 1, 2)) for one, two in zip(*runs, strict=True)]

    hard, soft = moved(0), moved(40)
    middle = len(hard[0]) // 2
    inside = [column for column, far in enumerate(hard[0]) if far > 0]
    assert inside[0] < middle < inside[-1]
    freed = [column for column, far in enumerate(soft[1]) if far > 0]
    assert inside[0] < freed[0] < middle < freed[-1] < inside[-1]
    assert soft[6][inside[0]] > 0


def test_the_whole_picture_may_be_seen(detail, image):
    painted, applied, _ = detail(only_masked=False)
    assert [(one["crop"], one["size"]) for one in applied["drawn"]] == [
        ([0, 0, 96, 64], [96, 64])
    ] * 2
    assert where(image, painted) == (LEFT[0], 24, RIGHT[2], 40)
    assert painted.tobytes() != detail()[0].tobytes()


def test_prompts_part_by_find_and_may_leave_one_alone(detail, image):
    painted, applied, _ = detail(prompt="[SKIP][SEP]a blue ball")
    assert [one.get("skipped", False) for one in applied["drawn"]] == [True, False]
    assert applied["drawn"][0]["reason"] == "its prompt says [SKIP]"
    assert where(image, painted)[0] >= RIGHT[0]
    other = detail(prompt="[SKIP][SEP]a green hat")[0]
    assert painted.crop(RIGHT).tobytes() != other.crop(RIGHT).tobytes()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "settings",
    [
        {"prompt": "[CONCAT] a blue hat"},
        {"prompt": "[LAB][face] a blue hat"},
        {"prompt": "a blue hat, [PROMPT]"},
        {"negative_prompt": "[SEP]red"},
        {"steps": 5},
        {"guidance_scale": 9.0},
        {"seed": 5},
        {"sampler": "DPM++ 2M"},
    ],
)
def test_settings_of_its_own_change_what_is_drawn(detail, settings):
    several = {"denoising_strength": 0.9, "steps": 3}
    assert detail(**several | settings)[0].tobytes() != detail(**several)[0].tobytes()


def test_a_blank_prompt_is_the_bases(detail):
    assert detail(prompt="")[0].tobytes() == detail()[0].tobytes()
    assert detail(prompt="[SEP]")[0].tobytes() == detail()[0].tobytes()


def test_the_first_detector_that_finds_anything_is_taken_and_each_has_a_word(detail, image):
    detectors = {
        "absent": Finds(error=MissingLibraryError("needs onnxruntime")),
        "blind": Finds(),
        "unsure": Finds((0, 0, 2, 2)),
        "good": Finds(LEFT),
        "late": Finds(RIGHT),
    }
    painted, applied, _ = detail(
        detectors=detectors, detector="absent, blind, unsure, good, late", min_size=8
    )
    assert applied["detectors"] == [
        {"name": "absent", "skipped": "needs onnxruntime"},
        {"name": "blind", "found": 0, "kept": 0},
        {"name": "unsure", "found": 1, "kept": 0},
        {"name": "good", "found": 1, "kept": 1},
    ]
    assert applied["found_by"] == "good"
    (dropped,) = applied["dropped"]
    assert dropped["reason"] == "its short side of 2 px is below min_size 8"
    assert where(image, painted) == LEFT
    assert detectors["late"].asked == []


def test_nothing_found_changes_nothing_unless_the_middle_was_asked_for(detail, image):
    blind = {"finder": Finds()}
    painted, applied, _frame = detail(detectors=blind)
    assert painted.tobytes() == image.tobytes()
    assert applied == {
        "found": 0,
        "found_by": "finder",
        "drawn": [],
        "detectors": [{"name": "finder", "found": 0, "kept": 0}],
    }
    painted, applied, _ = detail(detectors=blind, fallback="centre")
    assert applied["fallback"] == "centre"
    assert where(image, painted) == (24, 16, 72, 48)
    assert where(image, detail(detectors=blind, detector="finder, centre")[0]) is not None


def test_a_find_that_cannot_be_drawn_is_left_and_the_others_are_drawn(detail, image, monkeypatch):
    from medialab.stages.detailer import stage as detailer

    plain = detailer.repaint
    boxes = []

    def failing(model, image, job, *rest):
        boxes.append(job.crop)
        if len(boxes) == 1:
            message = "no numbers"
            raise NotFiniteError(message)
        return plain(model, image, job, *rest)

    monkeypatch.setattr(detailer, "repaint", failing)
    painted, applied, _ = detail()
    assert [one.get("failed") for one in applied["drawn"]] == ["no numbers", None]
    assert where(image, painted) == RIGHT


def test_a_refined_mask_is_what_is_painted(detail, image):
    import torch

    from medialab.vision.refiners.sam import MaskRefiner
    from tests.tiny.detectors import tiny_sam

    torch.manual_seed(0)  # of random weights: these mask a part of the box, others none of it
    refiner = MaskRefiner(*_ready(tiny_sam()), "cpu")
    detectors = {"finder": Finds((16, 8, 80, 56)), "sam": refiner}
    painted, _applied, frame = detail(detectors=detectors, mask_refiner="sam", denoising_strength=1)
    (found,) = frame.detections["face"]
    inside = np.asarray(found.mask) > 0
    assert 0 < inside.sum() < 64 * 48
    differs = np.any(np.asarray(painted) != np.asarray(image), axis=2)
    assert differs.any()
    assert not (differs & ~inside).any()


def _ready(made):
    network, processor = made
    return network.eval(), processor


def edits(*boxes, **settings):
    return [{"label": "face", "box": box} | settings for box in boxes]


def test_edited_finds_are_drawn_in_the_tables_order_each_with_its_own_seed(detail, image):
    full = detail()[0]
    turned = [{"box": RIGHT, "index": 1}, {"box": LEFT, "index": 0}]
    painted, applied, _ = detail(detections=turned)
    assert [one["box"] for one in applied["drawn"]] == [list(RIGHT), list(LEFT)]
    # Far apart, so that neither sees the other: the order changes nothing but the order.
    assert painted.tobytes() == full.tobytes()


def test_order_matters_where_finds_see_each_other(detail, image):
    near = ((20, 24, 44, 40), (40, 24, 64, 40))
    first, second = (
        detail(detections=edits(*boxes), denoising_strength=1.0)[0] for boxes in (near, near[::-1])
    )
    assert first.crop((40, 24, 44, 40)).tobytes() != second.crop((40, 24, 44, 40)).tobytes()


def test_one_box_alone_is_as_in_the_full_run(detail, image):
    full = detail()[0]
    table = [{"box": LEFT, "enabled": False, "index": 0}, {"box": RIGHT, "index": 1}]
    alone = detail(detections=table)[0]
    assert alone.crop(RIGHT).tobytes() == full.crop(RIGHT).tobytes()
    assert alone.crop(LEFT).tobytes() == image.crop(LEFT).tobytes()


def test_a_find_takes_its_own_prompt_and_strength(detail, image):
    table = [{"box": LEFT, "denoising_strength": 0.0}, {"box": RIGHT, "prompt": "a hat, [PROMPT]"}]
    painted, applied, _ = detail(detections=table)
    assert applied["drawn"][0]["skipped"]
    assert changed(painted, detail()[0], RIGHT) > 0


def test_a_shape_goes_with_its_box(detail, image, context):
    # The kept mask is white at 16 to 40 of a 64 × 64 picture.
    on = Image.new("RGB", (64, 64), (90, 120, 60))
    mask = next(name for name, kept in PICTURES.items() if kept.mode == "L")
    for box in ((16, 16, 40, 40), (30, 8, 46, 24)):
        painted, _, frame = detail(on=on, detections=[{"box": box, "mask": mask}])
        assert frame.detections["face"][0].mask.getbbox() == box
        assert where(on, painted) == box


def test_a_cancel_is_noticed_within_a_step(context, image):
    here = context(steps_left=1)
    here.detector = lambda name: Finds(LEFT, RIGHT)
    settings = DetailerConfig(enabled=True, detector="finder").filled(BASE)
    with pytest.raises(CancelledError):
        STAGE.run(Frame(image=image), settings, here)
    assert here.steps_left == -1


def test_what_a_find_came_by_is_told(detail):
    told = {
        "finder": detail()[1],
        "centre": detail(detector="centre")[1],
        "a given mask": detail(mask=MASK)[1],
        "edited boxes": detail(detections=[{"box": LEFT}, {"box": RIGHT, "enabled": False}])[1],
    }
    assert {name: applied["found_by"] for name, applied in told.items()} == {
        name: name for name in told
    }
    drawn = told["edited boxes"]["drawn"]
    assert [one.get("reason") for one in drawn] == [None, "switched off by hand"]
    assert drawn[0]["prompt"] == f"a close-up of the face of {BASE['prompt']}"
    assert drawn[0]["negative_prompt"] == BASE["negative_prompt"]
