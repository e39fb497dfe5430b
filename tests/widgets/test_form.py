"""The form: every setting by its name, the models that are here, and what follows from what."""

import shutil
import sys
import threading
from itertools import count

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.settings.samplers import SAMPLERS
from medialab.stages import MODES
from widgets.catalogue import AvailableNames

PHOTO = Image.new("RGB", (400, 300), "teal")


@pytest.fixture
def form(studio):
    return studio.form


def field(sheet, name):
    """The field of this name in a sheet, or None."""
    return next((one for one in sheet.fields if one["name"] == name), None)


def choices(sheet, name):
    return [value for _, value in field(sheet, name)["choices"]]


def rows(form):
    return {row["name"]: row for row in form.stages.list.rows}


def change(sheet, name, value):
    """A person's change in the browser."""
    content = {"kind": "change", "name": name, "value": value, "moving": False, "serial": "1"}
    sheet._hear(sheet, content, [])


def press(sheet, name, action="next", detail=None):
    sheet._hear(sheet, {"kind": "act", "field": name, "action": action, "detail": detail}, [])


def test_an_untouched_form_is_the_default_config(form):
    assert PipelineConfig.parse(form.read()) == PipelineConfig()


def test_what_a_person_changes_is_told_once_and_read(form):
    told = []
    form.on_change(lambda: told.append(1))
    change(form.basics, "steps", 33)
    change(form.stages.list, "sharpen", 0.5)
    config = PipelineConfig.parse(form.read())
    assert (config.steps, config.sharpen, told) == (33, 0.5, [1, 1])
    form.set({"steps": 33})
    assert told == [1, 1]
    form.show(PipelineConfig())
    assert told == [1, 1, 1]
    assert form.basics.values["steps"] is None  # the checkpoint's own


def test_a_name_that_is_no_setting_is_refused(form):
    with pytest.raises(KeyError, match="stepz"):
        form.set({"stepz": 3})


def test_without_a_start_picture_a_picture_is_drawn_from_noise(form, studio):
    assert form.mode == "txt2img"
    assert [one["name"] for one in form.start.fields] == ["image"]
    assert field(form.basics, "size") is not None
    form.set({"image": studio.bench.keep(PHOTO)})
    assert form.mode == "enhance"
    assert field(form.basics, "size") is None
    # No checkpoint here edits in words.
    assert set(choices(form.start, "use")) == set(MODES) - {"txt2img", "instruct"}
    change(form.start, "use", "inpaint")
    assert form.mode == "inpaint"
    assert [name for name in rows(form) if name in MODES] == ["inpaint"]
    change(form.start, "image", None)
    assert form.mode == "txt2img"
    assert not [name for name in rows(form) if name in MODES]


def test_a_large_start_picture_is_fitted_and_the_line_says_so(form, studio):
    form.set({"image": studio.bench.keep(PHOTO), "use": "img2img"})
    assert form.said("fit") == "400 × 300 → 144 × 112, enlarged again at the end."
    assert form.start.messages["fit"]["level"] == "note"
    assert studio.bench.resolve(studio.config()).width == 144
    change(form.start, "fit", "keep")
    assert "far from the model's 128 × 128" in form.said("fit")
    press(form.start, "fit")
    assert form.value("fit") == "model"
    change(form.start, "fit", "custom")
    change(form.start, "start.size", {"width": 200, "height": 152})
    assert (studio.config().width, studio.config().height) == (200, 152)


def test_a_size_far_from_the_models_is_told_beside_it_with_a_button(form, studio):
    change(form.basics, "size", {"width": 1024, "height": 1024})
    assert "128 × 128" in form.said("size")
    assert form.basics.messages["size"]["action"]["label"] == "Use 128 × 128"
    press(form.basics, "size")
    assert (studio.config().width, studio.config().height) == (128, 128)
    assert form.said("size") == ""
    assert form.basics.values["size"] is None  # the model's own, not a custom size


def test_a_wrong_value_is_told_beside_its_field_until_it_is_mended(form):
    change(form.basics, "size", {"width": 100_000, "height": 128})
    assert "65,535" in form.said("size")
    change(form.basics, "size", None)
    assert form.said("size") == ""
    form.set({"face.enabled": True, "face.iou": 2})
    assert rows(form)["face"]["message"] == "Must be less than or equal to 1."
    form.open_sheet("face")
    sheet = form.stages.place.sheet
    assert sheet.messages["face.iou"]["text"] == "Must be less than or equal to 1."
    change(sheet, "face.iou", 0.4)
    assert (sheet.messages, rows(form)["face"]["message"]) == ({}, "")


def test_a_stage_is_added_and_its_row_stays_while_it_is_off(form):
    assert [one["name"] for one in form.stages.list.more] == [
        "control", "refiner", "body", "face", "hand", "upscaler",
    ]  # fmt: skip
    form.stages.list._hear(form.stages.list, {"kind": "add", "name": "face"}, [])
    assert form.value("face.enabled")
    assert rows(form)["face"]["main"] == "face.denoising_strength"
    change(form.stages.list, "face.enabled", False)
    assert "face" in rows(form)
    form.show(PipelineConfig(hand={"enabled": True}))
    assert {"face", "hand"} & set(rows(form)) == {"hand"}


def test_a_controlnet_is_added_with_a_first_unit_where_there_is_a_model(form, monkeypatch):
    form.add_stage("control")
    assert (form.value("control"), form.stages.opened) == ([], "control")
    known = form._catalogue.of

    def with_lines(kind):
        return AvailableNames(("lines",)) if kind == "controlnet" else known(kind)

    monkeypatch.setattr(form._catalogue, "of", with_lines)
    for _ in range(2):
        form.add_stage("control")
        assert [unit["model"] for unit in form.value("control")] == ["lines"]


def test_a_stages_sheet_is_made_when_it_is_first_opened_and_kept(form):
    made = form.stages._sheets
    assert made == {}
    form.open_sheet("face")
    sheet = form.stages.place.sheet
    assert [one["title"] for one in sheet.groups] == ["Find", "Area", "Draw", "Model"]
    assert "mls-form-opened" in form._dom_classes
    form.open_sheet("")
    assert form.stages.place.layout.display == "none"
    form.open_sheet("face")
    assert form.stages.place.sheet is sheet


def test_what_is_inherited_is_shown_and_follows_the_whole_picture(form):
    form.open_sheet("face")
    sheet = form.stages.place.sheet
    assert sheet.values["face.steps"] is None
    assert sheet.inherited["face.steps"] == {"value": 20, "note": "as the picture"}
    assert sheet.inherited["face.denoising_strength"]["value"] == 0.6  # of the paper dolls
    form.set({"steps": 44, "prompt": "a cat"})
    assert sheet.inherited["face.steps"]["value"] == 44
    assert sheet.inherited["face.prompt"]["value"] == "a cat"
    change(sheet, "face.steps", 9)
    assert PipelineConfig.parse(form.read()).face.steps == 9


def test_a_row_tells_what_its_stage_has_of_its_own(form):
    own = {"enabled": True, "prompt": "a smile", "detections": [{"box": [0, 0, 8, 8]}] * 2}
    form.show(PipelineConfig.parse({"face": own}))
    assert rows(form)["face"]["note"] == "2 edited boxes · its own prompt"


def test_one_of_a_kind_is_told_as_one(form):
    own = {"enabled": True, "detections": [{"box": [0, 0, 8, 8]}], "loras": [{"name": "ink"}]}
    form.show(PipelineConfig.parse({"face": own}))
    assert rows(form)["face"]["note"] == "1 edited box · 1 LoRA"
    form.set({"face.loras": [{"name": "ink"}, {"name": "pen"}]})
    assert rows(form)["face"]["note"] == "1 edited box · 2 LoRAs"


@pytest.mark.parametrize(
    ("prompt", "text", "then"),
    [
        ("a catalogue", "cat", "a catalogue, cat"),
        ("a cat, asleep", "cat", "a cat, asleep"),
        ("concatenated", "cat", "concatenated, cat"),
        ("a red<lora:ink:1>", "<lora:ink:1>", "a red<lora:ink:1>"),
        ("a <lora:inkwell:1>", "<lora:ink:1>", "a <lora:inkwell:1>, <lora:ink:1>"),
        ("", "(wash)", "(wash)"),
        ("a (wash)", "(wash)", "a (wash)"),
        ("größer", "gr", "größer, gr"),
    ],
)
def test_a_word_is_added_to_the_prompt_unless_it_stands_there_whole(form, prompt, text, then):
    form.set({"prompt": prompt})
    form.add_to_prompt(text)
    assert form.value("prompt") == then


def test_what_is_shown_is_what_is_set_while_the_worker_draws_too(form):
    """The worker notes each picture's seed in the form, on a thread of its own."""
    switched, ended = sys.getswitchinterval(), threading.Event()

    def work():
        for seed in count():
            if ended.is_set():
                return
            form.remember_seed(seed)

    sys.setswitchinterval(1e-5)
    worker = threading.Thread(target=work, name="worker")
    worker.start()
    try:
        for steps in range(1, 100):
            form.set({"steps": steps})
            assert form.basics.values["steps"] == steps
    finally:
        ended.set()
        worker.join()
        sys.setswitchinterval(switched)


@pytest.mark.parametrize("sampler", ["Euler", "LCM", "Heun", "DPM++ SDE"])
def test_only_schedules_that_the_sampler_can_honour_are_offered(form, sampler):
    form.open_sheet("more")
    form.set({"sampler": sampler})
    offered = set(choices(form.stages.place.sheet, "schedule"))
    assert offered == {"automatic", *SAMPLERS[sampler].schedules}


def test_a_schedule_that_the_new_sampler_lacks_becomes_automatic(form):
    form.set({"schedule": "karras"})
    form.set({"sampler": "Heun"})
    assert form.value("schedule") == "karras"
    form.set({"sampler": "LCM"})
    assert form.in_force("schedule") == "automatic"


def test_a_random_seed_can_be_held(form):
    assert form.value("seed") is None
    form.hold_seed()  # there is no picture yet
    assert form.value("seed") is None
    form.remember_seed(2**40)
    assert form.basics.inherited["seed"] == 2**40
    form.hold_seed()
    assert PipelineConfig.parse(form.read()).seed == 2**40
    change(form.basics, "seed", -1)
    assert form.value("seed") is None


def test_a_field_in_a_closed_sheet_can_be_revealed(form):
    sent = []
    form.basics.send = lambda content, buffers=None: sent.append(content)
    form.reveal("steps")
    assert sent == [{"kind": "reveal", "name": "steps"}]
    form.reveal("face.iou")
    assert form.stages.opened == "face"
    form.reveal("variation_strength")
    assert form.stages.opened == "more"


def test_a_refused_checkpoint_is_not_offered(tiny_models, tmp_path, studio_over):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "checkpoints" / "old.ckpt").write_bytes(b"a pickle")
    assert choices(studio_over(tmp_path / "models").form.basics, "checkpoint") == ["paperdoll"]


def test_refresh_finds_a_checkpoint_that_came_later(tiny_models, tmp_path, studio_over):
    form = studio_over(tmp_path / "models").form
    assert choices(form.basics, "checkpoint") == []
    shutil.copytree(tiny_models, tmp_path / "models")
    press(form.basics, "checkpoint", "refresh")
    assert choices(form.basics, "checkpoint") == ["paperdoll"]


def test_without_any_checkpoint_generate_says_where_they_belong(tmp_path, studio_over, press_in):
    studio = studio_over(tmp_path / "models")
    press_in(studio, "generate")
    assert "models/checkpoints" in studio.form.said("checkpoint")
    assert studio.canvas.foot.error_text == ""  # said once


def test_the_prompt_completes_what_the_models_folder_has(tiny_models, tmp_path, studio_over):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "wildcards" / "people").mkdir(parents=True)
    (tmp_path / "models" / "wildcards" / "people" / "hair.txt").write_text("red\n")
    words = studio_over(tmp_path / "models").form.basics.words
    assert {"label": "people/hair", "insert": "__people/hair__", "kind": "wildcard"} in words


def test_a_vae_that_is_gone_stays_chosen_until_another_is(form, studio):
    form.show(PipelineConfig(vae="gone", handover_checkpoint="gone-too"))
    studio.catalogue.refresh()
    config = PipelineConfig.parse(form.read())
    assert (config.vae, config.handover_checkpoint) == ("gone", "gone-too")


def test_a_lora_goes_to_another_stage_with_its_weight(form):
    form.set({"face.enabled": True, "loras": [{"name": "ink", "weight": 0.5}]})
    assert field(form.basics, "loras")["also"] == [["Face", "face.loras"]]
    press(form.basics, "loras", "also", {"name": "ink", "to": "face.loras"})
    assert form.value("face.loras") == [{"name": "ink", "weight": 0.5}]
    press(form.basics, "loras", "insert", "ink wash")
    press(form.basics, "loras", "insert", "ink wash")
    assert form.value("prompt") == "ink wash"


def test_a_field_that_can_be_varied_has_a_button_which_tells_its_setting(form):
    told = []
    form.on_sweep(told.append)
    form.set({"loras": [{"name": "ink"}]})
    assert field(form.basics, "steps")["sweep"]
    assert field(form.basics, "loras")["sweep"]
    assert "sweep" not in field(form.basics, "size")
    press(form.basics, "steps", "sweep")
    press(form.basics, "loras", "sweep", ":ink")
    form.open_sheet("face")
    press(form.stages.place.sheet, "face.grow", "sweep")
    assert told == ["steps", "loras:ink", "face.grow"]
