"""What comes from outside is read for what it is: settings, a picture to start from, or neither."""

import json
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from medialab import PipelineConfig
from medialab.errors import PictureError
from widgets.canvas import encode_png

TEXT = (
    "a cat on a mat\nNegative prompt: rain\nSteps: 12, Sampler: Euler, CFG scale: 6, "
    "Seed: 9007199254740993, Size: 128x192, Token merging ratio: 0.5"
)
COMFYUI = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 1}}})
FOOOCUS = json.dumps(
    {"prompt": "a fox", "base_model": "x", "performance": "Speed", "seed": "5", "steps": 30}
)


def dropped(studio, texts):
    info = PngImagePlugin.PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    buffer = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "PNG", pnginfo=info)
    for callback in studio.canvas.viewer._heard_drop:
        callback("theirs.png", buffer.getvalue())


def test_a_text_of_settings_in_the_prompt_fills_the_form(studio):
    studio.form.set({"prompt": "what was there"})
    studio.form.set({"prompt": TEXT})
    config = studio.config()
    assert (config.prompt, config.negative_prompt) == ("a cat on a mat", "rain")
    assert (config.steps, config.seed, config.height) == (12, 9007199254740993, 192)
    said = studio.canvas.foot.notice
    assert "prompt, negative prompt, seed 9007199254740993, 12 steps" in said
    assert "<b>Token merging ratio</b> is not set" in said
    studio.undo.take_back()
    assert studio.config().prompt == "what was there"


def test_another_programs_json_is_read_and_never_the_prompt(studio):
    studio.form.set({"prompt": FOOOCUS})
    assert (studio.config().prompt, studio.config().seed) == ("a fox", 5)
    assert "no checkpoint 'x' here" in studio.canvas.foot.notice.replace("&#x27;", "'")


@pytest.mark.parametrize("how", ["pasted", "dropped"])
def test_a_graph_of_comfyui_is_said_and_the_inputs_stay(studio, how):
    studio.form.set({"prompt": "a cat"})
    before = studio.config()
    if how == "pasted":
        studio.form.set({"prompt": COMFYUI})
    else:
        dropped(studio, {"prompt": COMFYUI, "workflow": json.dumps({"nodes": []})})
    assert "made by ComfyUI" in studio.canvas.foot.notice
    assert studio.config() == before


@pytest.mark.parametrize(
    "prompt", ["a cat", "{a|b} cat", "{}", "Steps: 3 to success", "light: soft, lens: long"]
)
def test_a_prompt_is_left_alone(studio, prompt):
    studio.form.set({"prompt": prompt})
    assert studio.config().prompt == prompt


def test_a_script_reads_a_text_or_a_file(studio, tmp_path):
    studio.read_settings(TEXT)
    assert studio.config().seed == 9007199254740993
    path = tmp_path / "note.txt"
    path.write_text(TEXT.replace("a cat", "a dog"))
    studio.read_settings(path)
    assert studio.config().prompt == "a dog on a mat"


def test_a_picture_of_novelai_is_dropped(studio):
    comment = {"prompt": "{a girl}", "steps": 28, "seed": 7, "scale": 5, "sampler": "k_euler"}
    texts = {"Software": "NovelAI", "Source": "NovelAI V3", "Comment": json.dumps(comment)}
    dropped(studio, texts)
    config = studio.config()
    assert (config.prompt, config.seed, config.sampler) == ("(a girl:1.05)", 7, "Euler")


def drop(studio, name, content):
    for callback in studio.canvas.viewer._heard_drop:
        callback(name, content)


def test_a_dropped_photo_is_shown_and_chosen_for_enhance(studio):
    photo = Image.radial_gradient("L").resize((128, 96)).convert("RGB")
    drop(studio, "photo.png", encode_png(photo))
    assert studio.form.mode == "enhance"
    assert studio.bench.pictures.load(studio.form.value("image")).tobytes() == photo.tobytes()
    assert Image.open(BytesIO(studio.canvas.picture)).tobytes() == photo.tobytes()


def test_of_a_dropped_picture_with_a_damaged_text_it_is_said(studio):
    whole = encode_png(Image.new("RGB", (64, 64), "teal"))
    text = b"zTXtparameters\0\0no zlib"
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    at = whole.index(b"IDAT") - 4
    drop(studio, "theirs.png", whole[:at] + chunk + whole[at:])
    assert studio.form.value("image") is not None
    said = studio.canvas.foot.notice.replace("&#x27;", "'")
    assert "No settings were taken from theirs.png; its text 'parameters' is damaged" in said


def test_a_dropped_picture_of_ours_fills_every_setting(drawn):
    run = drawn.wait(120)
    drawn.form.show(PipelineConfig())
    drop(drawn, "ours.png", run.artifact.path.read_bytes())
    assert drawn.config() == run.config.asked()
    assert "All settings taken from ours.png" in drawn.canvas.foot.notice
    drawn.undo.take_back()
    assert drawn.config() == PipelineConfig()


def test_settings_of_a_picture_without_any_are_not_used(studio):
    with pytest.raises(LookupError, match="not known"):
        studio.importer.use_settings()


def test_without_a_history_there_is_no_newest_picture(studio):
    studio.importer.show_newest()
    assert studio.canvas.picture is None


def test_what_is_no_picture_is_refused_and_the_tab_stays(studio):
    with pytest.raises(PictureError):
        drop(studio, "note.png", b"not a picture")
    assert studio.form.value("image") is None


def test_with_a_start_picture_a_dropped_one_takes_its_place_whatever_text_it_holds(studio):
    dropped(studio, {})
    before = studio.config().prompt
    dropped(studio, {"parameters": TEXT})
    assert studio.form.value("image") is not None
    assert studio.config().prompt == before
