"""ADetailer's items in an infotext, read and written."""

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.infotext import text as infotext
from medialab.infotext.adetailer import read_detailers, write_detailers

THEIRS = (
    "a doll\nNegative prompt: blue\n"
    "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, "
    'ADetailer model: face_yolov8n.pt, ADetailer prompt: "smiling, [PROMPT]", '
    "ADetailer confidence: 0.35, ADetailer mask only top k largest: 2, "
    "ADetailer mask min ratio: 0.01, ADetailer dilate erode: 8, ADetailer mask blur: 6, "
    "ADetailer mask merge invert: Merge and Invert, "
    "ADetailer denoising strength: 0.45, ADetailer inpaint only masked: True, "
    "ADetailer inpaint padding: 48, ADetailer use separate steps: True, ADetailer steps: 28, "
    "ADetailer use separate VAE: True, ADetailer VAE: mse-840000.safetensors, "
    "ADetailer use separate sampler: True, ADetailer sampler: DPM++ 2M Karras, "
    "ADetailer ControlNet model: control_v11p, "
    "ADetailer model 2nd: hand_yolov8n.pt, ADetailer confidence 2nd: 0.2, "
    "ADetailer method to decide top k masks 2nd: Confidence, ADetailer mask only top k 2nd: 4, "
    "ADetailer use inpaint width height 2nd: True, ADetailer inpaint width 2nd: 640, "
    "ADetailer inpaint height 2nd: 512, ADetailer model 3rd: mediapipe_face_full, "
    "ADetailer version: 24.9.0"
)


def test_the_passes_of_a_picture_of_theirs_become_detailers_by_their_parts():
    parsed = infotext.read(THEIRS)
    config = PipelineConfig.parse(parsed.settings)
    face, hand = config.face, config.hand
    assert (face.enabled, hand.enabled, config.body.enabled) == (True, True, False)
    assert (face.prompt, face.confidence, face.top_k) == ("smiling, [PROMPT]", 0.35, 2)
    assert (face.min_ratio, face.grow, face.mask_blur) == (0.01, 8, 6)
    assert (face.merge, face.denoising_strength) == ("merge and invert", 0.45)
    assert (face.crop, face.padding, face.only_masked) == ("padding", 48, True)
    assert (face.steps, face.sampler, face.schedule) == (28, "DPM++ 2M", "karras")
    assert (hand.confidence, hand.top_k, hand.top_k_by) == (0.2, 4, "confidence")
    assert (hand.width, hand.height) == (640, 512)
    assert (face.vae, hand.vae) == ("mse-840000", None)


def test_what_has_no_place_here_is_left_as_it_stood():
    rest = infotext.read(THEIRS).rest
    assert rest == {
        "ADetailer ControlNet model": "control_v11p",
        "ADetailer model 3rd": "mediapipe_face_full",
        "ADetailer version": "24.9.0",
    }


def test_a_value_that_cannot_be_used_is_left_alone():
    items = {"ADetailer model": "face_yolov8n.pt", "ADetailer confidence": "very"}
    found, used = read_detailers(items)
    assert found == {"face": {"enabled": True, "crop": "padding"}}
    assert used == {"ADetailer model"}
    assert read_detailers({"ADetailer model": "cat.pt"}) == ({}, set())


def resolved(**settings):
    return ResolvedConfig(
        width=64, height=64, seed=3, checkpoint_sha256="0" * 64, prompt="a doll", **settings
    )


def test_ours_are_written_in_their_words_in_the_order_in_which_they_run():
    config = resolved(
        face={"enabled": True, "prompt": "smiling, close", "steps": 12, "top_k": 3},
        hand={"enabled": True, "detector": "my_hands", "crop": "padding", "padding": 8},
    )
    items = write_detailers(config)
    assert items["ADetailer model"] == "face_yolov8n.pt"
    assert items["ADetailer use separate steps"] == "True"
    assert items["ADetailer steps"] == "12"
    assert items["ADetailer mask only top k"] == "3"
    assert items["ADetailer model 2nd"] == "my_hands"
    assert items["ADetailer inpaint padding 2nd"] == "8"
    assert not any("3rd" in key or "body" in key for key in items)
    assert write_detailers(resolved()) == {}


def test_a_reader_of_their_words_alone_finds_what_was_set():
    settings = {
        "enabled": True,
        "prompt": "one [SEP] two, three",
        "negative_prompt": "bad",
        "confidence": 0.4,
        "words": ["left eye", "right eye"],
        "top_k": 2,
        "top_k_by": "confidence",
        "min_ratio": 0.1,
        "max_ratio": 0.9,
        "x_offset": 3,
        "y_offset": -2,
        "grow": -4,
        "merge": "merge",
        "mask_blur": 0,
        "denoising_strength": 0.6,
        "crop": "padding",
        "padding": 16,
        "width": 640,
        "height": 512,
        "steps": 12,
        "guidance_scale": 6.5,
        "checkpoint": "dreamy",
        "vae": "kl-f8",
        "sampler": "DPM++ 2M",
        "schedule": "karras",
        "noise_multiplier": 1.1,
        "clip_skip": 2,
    }
    config = resolved(face=settings)
    items = dict(write_detailers(config).items())
    found, used = read_detailers(items)
    assert PipelineConfig.parse(found).face == config.face
    assert used == set(items)


def test_our_own_item_counts_for_more_than_theirs():
    config = resolved(face={"enabled": True, "guide_size": 64, "crop_factor": 2.0, "top_k": 1})
    text = infotext.write(config, checkpoint_hash="0" * 10, version="test")
    assert "ADetailer model: face_yolov8n.pt" in text
    parsed = infotext.read(text)
    assert PipelineConfig.parse(parsed.settings).face == config.face
    assert not [key for key in parsed.rest if key.startswith("ADetailer")]
