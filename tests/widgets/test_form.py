"""The form has an input for every setting, with the config's own limits, defaults and help."""

import shutil

import pytest

from medialab import PipelineConfig
from medialab.settings.choices import EMPHASES
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import StageConfig, SwitchedConfig
from medialab.settings.loras import LoRAConfig
from medialab.settings.samplers import SAMPLERS
from medialab.stages import MODES
from widgets.shapes import shapes_of

SHAPES = shapes_of(PipelineConfig)
STAGES = [
    name
    for name, shape in SHAPES.items()
    if not shape.many and isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig)
]


@pytest.fixture
def form(studio):
    return studio.form


def test_every_setting_there_is_has_an_input(form):
    form.task = "enhance"
    shown = set(form.read()) | {"image", "width", "height"}  # empty ones are left out
    assert shown == set(PipelineConfig.model_fields) - {"schema_version"}


def test_every_stage_with_settings_of_its_own_has_a_card(form):
    assert set(form.cards) == set(STAGES)
    for name, card in form.cards.items():
        assert set(card.read()) == set(SHAPES[name].kind.model_fields)
        is_switched = issubclass(SHAPES[name].kind, SwitchedConfig)
        assert (card.switch is not None) == is_switched


def test_an_untouched_form_is_the_default_config(form):
    assert PipelineConfig.parse(form.read()) == PipelineConfig()


def test_a_config_that_is_shown_is_read_back(form):
    config = PipelineConfig(
        prompt="a cat",
        negative_prompt="rain",
        width=112,
        height=144,
        steps=33,
        guidance_scale=7.5,
        sampler="Euler",
        schedule="karras",
        seed=2**64 - 1,
        batch_size=2,
        sharpen=0.5,
        styles=("ink", "gold"),
        emphasis="no norm",
        clip_skip=2,
        loras=(LoRAConfig(name="ink", weight=0.5),),
        control=(ControlUnit(model="canny", preprocessor="canny", weight=0.5),),
        face={"enabled": True, "prompt": "a face", "loras": ()},
        refiner={"enabled": True, "upscaler": "lanczos", "steps": 7},
    )
    told = []
    form.on_change(lambda: told.append(1))
    form.show(config)
    assert PipelineConfig.parse(form.read()) == config
    assert told == [1]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "txt2img"])
def test_a_config_that_starts_from_a_picture_is_read_back_in_enhance(form, studio, mode):
    name = studio.bench.keep(picture())
    config = PipelineConfig(mode=mode, image=name, width=64, height=96)
    form.task = "enhance"
    form.show(config)
    assert PipelineConfig.parse(form.read()) == config
    form.task = "generate"
    assert PipelineConfig.parse(form.read()).mode == "txt2img"


def test_of_stage_threes_cards_that_of_the_mode_is_seen(form):
    form.source.mode.value = "inpaint"
    seen = [name for name in MODES if name in form.cards and shows(form.cards[name])]
    assert seen == ["inpaint"]
    form.source.mode.value = "enhance"
    assert not [name for name in MODES if name in form.cards and shows(form.cards[name])]


def test_limits_and_help_are_those_of_the_config(form):
    steps = form["steps"]
    assert (steps.min, steps.max, steps.value) == (1, 150, 20)
    assert steps.tooltip == PipelineConfig.model_fields["steps"].description


def test_what_brackets_do_is_chosen_and_styles_are_named(form):
    assert tuple(form["emphasis"].options) == EMPHASES
    assert form["styles"].description == "Styles"
    form["styles"].value = ["ink"]
    assert PipelineConfig.parse(form.read()).styles == ("ink",)


def test_every_input_has_a_class_to_find_it_by(form, parts_of):
    classes = {cls for part in parts_of(form) for cls in part._dom_classes}
    flat = {name for name in SHAPES if name not in {*STAGES, "schema_version", "image"}}
    assert {f"mls-{name.replace('_', '-')}" for name in flat} <= classes


def test_a_stages_own_setting_starts_with_that_of_the_whole_picture(form):
    form["steps"].value = 44
    form["prompt"].value = "a cat"
    card = form.cards["face"].fields
    card.add.value = "steps"
    card.add.value = "prompt"
    assert (card["steps"].value, card["prompt"].value) == (44, "a cat")


@pytest.mark.parametrize("sampler", ["Euler", "LCM", "Heun", "DPM++ SDE"])
def test_only_schedules_that_the_sampler_can_honour_are_offered(form, sampler):
    form["sampler"].value = sampler
    assert set(form["schedule"].options) == {"automatic", *SAMPLERS[sampler].schedules}


def test_a_schedule_that_the_new_sampler_lacks_becomes_automatic(form):
    form["schedule"].value = "karras"
    form["sampler"].value = "Heun"
    assert form["schedule"].value == "karras"
    form["sampler"].value = "LCM"
    assert form["schedule"].value == "automatic"


def test_tokens_are_counted_while_one_writes(form):
    form["prompt"].value = "a green tree"
    assert form["prompt"].tokens == "3 / 38 tokens"


def test_a_prompt_too_long_to_be_used_is_not_counted_but_measured(form):
    form["prompt"].value = "a" * 50_000
    assert form["prompt"].tokens == "50,000 of at most 20,000 characters"


def test_the_prompt_completes_what_the_models_folder_has(tiny_models, tmp_path, studio_over):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "wildcards" / "people").mkdir(parents=True)
    (tmp_path / "models" / "wildcards" / "people" / "hair.txt").write_text("red\n")
    words = studio_over(tmp_path / "models").form["prompt"].words
    assert {"label": "people/hair", "insert": "__people/hair__", "kind": "wildcard"} in words


def test_a_refused_checkpoint_cannot_be_chosen_and_says_why(tiny_models, tmp_path, studio_over):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "checkpoints" / "old.ckpt").write_bytes(b"a pickle")
    studio = studio_over(tmp_path / "models")
    assert studio.form["checkpoint"].options == ("paperdoll",)
    assert "old.ckpt" in studio.form.refused
    assert "pickle" in studio.form.refused


def test_refresh_finds_a_checkpoint_that_came_later(tiny_models, tmp_path, studio_over, press_in):
    studio = studio_over(tmp_path / "models")
    assert studio.form["checkpoint"].options == ()
    shutil.copytree(tiny_models, tmp_path / "models")
    press_in(studio, "refresh")
    assert studio.form["checkpoint"].options == ("paperdoll",)


def test_without_any_checkpoint_generate_says_where_they_belong(tmp_path, studio_over, press_in):
    studio = studio_over(tmp_path / "models")
    press_in(studio, "generate")
    assert "models/checkpoints" in studio.canvas.error.value


def test_a_vae_and_a_checkpoint_that_takes_over_are_chosen_from_menus_or_are_none(
    tiny_models, tmp_path, studio_over, parts_of
):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    shutil.copytree(models / "checkpoints" / "paperdoll" / "vae", models / "vae" / "mse")
    form = studio_over(models).form
    assert form["vae"].options == (("the checkpoint's own", ""), ("mse", "mse"))
    assert form["vae"].description == "VAE"
    assert form["handover_checkpoint"].options == (("none", ""), ("paperdoll", "paperdoll"))
    assert PipelineConfig.parse(form.read()) == PipelineConfig()
    model = next(part for part in parts_of(form) if "mls-fold-model" in part._dom_classes)
    assert {form["checkpoint"], form["vae"]} <= set(parts_of(model))
    told = []
    form.on_change(lambda: told.append(1))
    form["vae"].value = "mse"
    form["handover_checkpoint"].value = "paperdoll"
    config = PipelineConfig.parse(form.read())
    assert (config.vae, config.handover_checkpoint, told) == ("mse", "paperdoll", [1, 1])
    form.show(PipelineConfig())
    assert PipelineConfig.parse(form.read()) == PipelineConfig()


def test_a_vae_that_is_gone_stays_chosen_until_another_is(form, studio):
    form.show(PipelineConfig(vae="gone", handover_checkpoint="gone-too"))
    studio.catalogue.refresh()
    config = PipelineConfig.parse(form.read())
    assert (config.vae, config.handover_checkpoint) == ("gone", "gone-too")


def test_a_stages_own_vae_starts_with_that_of_the_whole_picture(form):
    form["vae"].choose("mse")
    card = form.cards["face"].fields
    assert card.read()["vae"] is None
    card.add.value = "vae"
    assert card["vae"].value == "mse"
    card["vae"].value = ""
    assert PipelineConfig.parse(form.read()).face.vae == ""


def shows(card):
    return card.layout.display != "none"


def picture():
    from PIL import Image

    return Image.new("RGB", (64, 96), "teal")
