"""What other programs are answered: pictures, and of what is wrong the field and the choices."""

import base64
import json
import os
from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.api.messages import MOST_BYTES
from medialab.api.service import Service
from medialab.errors import OutOfMemoryError
from tests.api.conftest import ask

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def fields(answer):
    return [fault["field"] for fault in answer["error"]["faults"]]


def noise(width=64, height=64):
    return Image.effect_noise((width, height), 90).convert("RGB")


def test_a_request_is_answered_with_the_file_that_execute_would_write(service, bench):
    status, answer = ask(service, "POST", "generate", QUICK)
    assert status == 200
    run = bench.execute(PipelineConfig(**QUICK))
    (picture,) = answer["pictures"]
    assert base64.b64decode(picture["png"]) == run.artifact.path.read_bytes()
    assert (picture["seed"], picture["width"], picture["height"]) == (7, 64, 64)
    assert picture["record"]["stages"][0]["name"] == "prompt"
    kept = bench.artifacts.folder / picture["file"]
    assert kept.read_bytes() == run.artifact.path.read_bytes()
    assert bench.artifacts.load(picture["file"]) == run.config


def test_the_answers_config_sent_back_makes_the_same_picture(service):
    _, first = ask(service, "POST", "generate", QUICK | {"seed": -1})
    assert first["config"]["seed"] == first["seed"] >= 0
    status, again = ask(service, "POST", "generate", first["config"])
    assert status == 200
    assert again["pictures"][0]["png"] == first["pictures"][0]["png"]


def test_each_picture_of_a_batch_comes_with_its_seed(service):
    _, answer = ask(service, "POST", "generate", QUICK | {"batch_size": 2})
    assert [picture["seed"] for picture in answer["pictures"]] == [7, 8]
    assert len({picture["png"] for picture in answer["pictures"]}) == 2


@pytest.mark.parametrize(
    ("settings", "field", "choice"),
    [
        ({"stepz": 3}, "stepz", "steps"),
        ({"steps": 200}, "steps", None),
        ({"width": 0}, "width", None),
        ({"width": 40}, "width", None),
        ({"sampler": "Eular"}, "sampler", "Euler"),
        ({"sampler": "LCM", "schedule": "karras"}, "schedule", "automatic"),
        ({"face": {"strenght": 1}}, "face.strenght", "denoising_strength"),
        ({"face": {"order": "by name"}}, "face.order", "left to right"),
        ({"control": [{"model": "x", "preprocessor": "cany"}]}, "control.0.preprocessor", "canny"),
        ({"loras": [{"name": "x", "weigth": 1}]}, "loras.0.weigth", "weight"),
        ({"image": "a.png"}, "image", None),
        ({"guidance_scale": float("nan")}, "guidance_scale", None),
    ],
)
def test_a_faulty_setting_is_named_with_what_it_may_be(service, settings, field, choice):
    status, answer = ask(service, "POST", "generate", QUICK | settings)
    assert status == 422
    assert fields(answer) == [field]
    assert field in answer["error"]["message"]
    choices = answer["error"]["faults"][0].get("choices", [])
    assert choice in choices if choice else not choices


def test_every_fault_is_told_at_once(service):
    wrong = {"steps": 0, "face": {"confidence": 2}}
    _, answer = ask(service, "POST", "enhance", {"image": "", "config": wrong, "mask": 1})
    assert set(fields(answer)) == {"config.steps", "config.face.confidence", "mask"}
    told = {fault["field"]: fault for fault in answer["error"]["faults"]}
    assert told["config.steps"]["value"] == 0
    assert told["mask"]["choices"] == ["config", "image", "path"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"checkpoint": "paperdol"}, "checkpoint"),
        ({"prompt": "a <lora:night:1> ball"}, "lora"),
        ({"face": {"enabled": True, "detector": "yolo"}}, "detector"),
    ],
)
def test_an_unknown_model_is_not_found_and_those_there_are_are_told(service, settings, field):
    status, answer = ask(service, "POST", "generate", QUICK | settings)
    assert status == 404
    assert fields(answer) == [field]
    assert "known:" in answer["error"]["message"]
    if field == "checkpoint":
        assert answer["error"]["faults"][0]["choices"] == ["paperdoll"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{broken", {}, 400),
        ("", {}, 400),
        ("[" * 100_000, {}, 400),
        ([1, 2], {}, 400),
        ({"prompt": "\ud800"}, {}, 400),
        ("7", {}, 400),
        ({'{"prompt": "x"}': [""]}, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (QUICK, {"Accept": "image/png"}, 406),
    ],
)
def test_what_is_no_request_is_refused_by_its_kind(service, body, headers, status):
    found, answer = ask(service, "POST", "generate", body, headers=headers)
    assert found == status
    assert answer["error"]["message"]


def test_json_with_a_charset_is_read_and_so_is_a_header_that_comes_twice(service):
    headers = {"Content-Type": "application/json; charset=utf-8", "Accept": ["text/html", "*/*"]}
    status, _ = ask(service, "POST", "generate", json.dumps(QUICK), headers=headers)
    assert status == 200


def test_an_unknown_endpoint_is_told_with_the_known_and_a_wrong_verb_with_the_right(service):
    status, answer = ask(service, "GET", "picture")
    assert status == 404
    assert "POST /generate" in answer["error"]["message"]
    wrong = service.answer("GET", json.dumps({"path": {"endpoint": "generate"}}))
    assert wrong.status == 405
    assert json.loads(wrong.head)["headers"]["Allow"] == "POST"


def test_a_picture_is_enhanced_and_only_by_the_stages_that_are_switched_on(service, bench):
    image = noise()
    config = {"upscaler": {"enabled": True, "scale": 2}, "seed": 7}
    status, answer = ask(service, "POST", "enhance", {"image": png(image), "config": config})
    assert status == 200
    run = bench.enhance(image, PipelineConfig(**config))
    assert base64.b64decode(answer["pictures"][0]["png"]) == run.artifact.path.read_bytes()
    assert (answer["pictures"][0]["width"], answer["pictures"][0]["height"]) == (128, 128)


def test_without_settings_and_without_a_checkpoint_a_photo_is_made_larger(tmp_path):
    (tmp_path / "models").mkdir()
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bare:
        service = Service(bare)
        image = Image.effect_noise((96, 64), 40).convert("RGB")
        status, answer = ask(service, "POST", "enhance", {"image": png(image)})
        assert status == 200
        assert answer["config"]["checkpoint_sha256"] == ""
        with Image.open(bare.artifacts.folder / answer["pictures"][0]["file"]) as made:
            assert made.size == (192, 128)
        # The config of the answer makes it again.
        again = ask(service, "POST", "generate", answer["config"])[1]
        assert again["pictures"][0]["png"] == answer["pictures"][0]["png"]
        face = {"image": png(image), "config": {"face": {"enabled": True}}}
        status, answer = ask(service, "POST", "enhance", face)
        assert status == 404
        assert "need no checkpoint: to have these alone" in answer["error"]["message"]


def test_a_picture_of_the_outputs_is_enhanced_by_its_path(service):
    _, made = ask(service, "POST", "generate", QUICK)
    request = {"path": made["pictures"][0]["file"], "config": {"upscaler": {"enabled": True}}}
    status, answer = ask(service, "POST", "enhance", request)
    assert (status, answer["pictures"][0]["width"]) == (200, 128)


def test_a_kept_picture_serves_as_a_mask_and_outside_it_nothing_changes(service):
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    image = noise()
    status, kept = ask(service, "POST", "pictures", {"image": png(mask)})
    assert (status, kept["told"]) == (200, [])
    settings = {"mode": "inpaint", "inpaint": {"mask": kept["picture"], "mask_blur": 0}}
    request = {"image": png(image), "config": QUICK | settings}
    _, answer = ask(service, "POST", "enhance", request)
    painted = Image.open(BytesIO(base64.b64decode(answer["pictures"][0]["png"])))
    right, left = (48, 0, 64, 64), (0, 0, 16, 64)
    assert painted.crop(right).tobytes() == image.crop(right).tobytes()
    assert painted.crop(left).tobytes() != image.crop(left).tobytes()


def test_what_was_done_to_a_picture_is_told(service):
    deep = Image.new("I;16", (8, 8), 40_000)
    _, kept = ask(service, "POST", "pictures", {"image": png(deep)})
    assert kept["told"] == ["its 65,536 levels of grey became 256"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"path": "pipe.png"}, "path"),
        ({"path": "loop.png"}, "path"),
        ({}, "image"),
        ({"image": "", "path": "x.png"}, "image"),
        ({"image": "no base64!"}, "image"),
        ({"image": "café"}, "image"),
        ({"image": base64.b64encode(b"GIF89a").decode()}, "image"),
        ({"image": png(noise())[:400] + "===="}, "image"),
        ({"path": "nothing.png"}, "path"),
        ({"path": "x" * 5000 + ".png"}, "path"),
        ({"path": "a\0.png"}, "path"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused(service, bench, given, field):
    folder = bench.artifacts.folder
    folder.mkdir(exist_ok=True)
    os.mkfifo(folder / "pipe.png")
    (folder / "loop.png").symlink_to("loop.png")
    status, answer = ask(service, "POST", "enhance", given)
    assert (status, fields(answer)) == (422, [field])
    assert "0x" not in answer["error"]["message"]


@pytest.mark.parametrize("how", ["relative", "absolute", "link", "not a picture"])
def test_no_file_outside_the_outputs_is_read_nor_told_to_be_there(service, bench, tmp_path, how):
    secret = tmp_path / "secret.png"
    noise().save(secret)
    folder = bench.artifacts.folder
    folder.mkdir(exist_ok=True)
    (folder / "link.png").symlink_to(secret)
    (folder / "api.log").write_text("a traceback")
    paths = {
        "relative": "../secret.png",
        "absolute": str(secret),
        "link": "link.png",
        "not a picture": "api.log",
    }
    there = ask(service, "POST", "enhance", {"path": paths[how]})
    secret.unlink()
    assert there == ask(service, "POST", "enhance", {"path": paths[how]})
    assert there[0] == 422


def test_a_far_too_large_picture_is_refused_by_its_bytes_and_by_its_pixels(service):
    status, answer = ask(service, "POST", "pictures", {"image": "A" * (MOST_BYTES * 4 // 3 + 8)})
    assert (status, fields(answer)) == (413, ["image"])
    status, answer = ask(service, "POST", "pictures", {"image": png(Image.new("1", (9000, 9000)))})
    assert (status, fields(answer)) == (413, ["image"])


def test_models_are_listed_with_the_refused_and_by_kind(service, bench, tmp_path):
    status, answer = ask(service, "GET", "models")
    assert status == 200
    (model,) = [one for one in answer["models"] if one["name"] == "paperdoll"]
    assert (model["kind"], model["refused"]) == ("checkpoint", None)
    assert (model["prediction_type"], model["zero_terminal_snr"]) == ("v_prediction", False)
    _, loras = ask(service, "GET", "models", args={"kind": ["lora"]})
    assert loras["models"] == []
    status, answer = ask(service, "GET", "models", args={"kind": ["hat"]})
    assert status == 404
    assert "checkpoint" in answer["error"]["message"]


def test_a_defect_is_told_by_its_kind_and_its_traceback_only_logged(service, bench, monkeypatch):
    def broken(*_):
        message = "a secret"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(bench.executor, "_make", broken)
    status, answer = ask(service, "POST", "generate", QUICK)
    assert (status, answer["error"]["kind"]) == (500, "ZeroDivisionError")
    assert "secret" not in json.dumps(answer)
    assert "a secret" in (bench.artifacts.folder / "api.log").read_text()
    monkeypatch.undo()
    assert ask(service, "POST", "generate", QUICK)[0] == 200


def test_too_little_memory_is_told_in_full_since_a_smaller_request_may_fit(
    service, bench, monkeypatch
):
    def too_large(*_):
        message = "txt2img ran out of memory; choose a smaller width and height"
        raise OutOfMemoryError(message)

    monkeypatch.setattr(bench.executor, "_make", too_large)
    status, answer = ask(service, "POST", "generate", QUICK)
    assert (status, answer["error"]["kind"]) == (507, "OutOfMemoryError")
    assert "smaller width" in answer["error"]["message"]


def test_no_answer_names_a_folder_of_this_machine(service, bench, tiny_models, tmp_path):
    (bench.artifacts.folder / "2026-01-01").mkdir(parents=True)
    (bench.artifacts.folder / "2026-01-01" / "bad.png").write_bytes(b"no picture")
    answers = [
        ask(service, "POST", "generate", QUICK),
        ask(service, "POST", "enhance", {"path": "2026-01-01/bad.png"}),
        ask(service, "POST", "enhance", {"path": "2026-01-01/none.png"}),
        ask(service, "POST", "generate", QUICK | {"checkpoint": "../paperdoll"}),
        ask(service, "POST", "generate", QUICK | {"mode": "img2img", "image": "0" * 64}),
        ask(service, "GET", "models"),
        ask(service, "GET", "capabilities"),
    ]
    for folder in (tmp_path, tiny_models):
        assert str(folder) not in json.dumps(answers)


def test_the_service_is_well_as_long_as_it_answers(service):
    assert ask(service, "GET", "health")[1]["status"] == "ok"
