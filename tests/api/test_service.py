"""The service gives jobs for requests, and of what is wrong the field and the choices."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig, ResolvedConfig, Workbench
from medialab.api.failures import answer_of
from medialab.api.messages import MOST_BYTES, RefusedError
from medialab.api.requests import BatchRequest, EnhanceRequest, PictureRequest, PicturesQuery
from medialab.api.service import Service
from medialab.errors import (
    CancelledError,
    JobNotFoundError,
    MediaLabError,
    ModelNotFoundError,
    PictureError,
    RepeatedKeyError,
)

SOON = 120
QUICK = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def noise(width=64, height=64):
    return Image.effect_noise((width, height), 90).convert("RGB")


def made(service, job, **options):
    """A job once it is done, as a client is told of it."""
    assert job.error(SOON) is None
    return service.described(job, **options)


def refusal(service, ask):
    """The answer to what is refused."""
    with pytest.raises((MediaLabError, RefusedError)) as raised:
        ask()
    error = raised.value
    is_answer = isinstance(error, RefusedError)
    return error.answer if is_answer else answer_of(error, service.without_folders)


def fields(error):
    return [one["field"] for one in error.answer.body["error"]["faults"]]


@pytest.mark.thorough
def test_a_request_is_answered_with_the_file_that_execute_would_write(
    service, tiny_models, tmp_path
):
    answer = made(service, service.generate(QUICK), png=True)
    with Workbench(tiny_models, tmp_path, device="cpu") as bench:
        run = bench.execute(QUICK)
    (picture,) = answer["pictures"]
    assert base64.b64decode(picture["png"]) == run.artifact.path.read_bytes()
    assert service.picture(picture["file"]) == (run.artifact.path.read_bytes(), "image/png")
    assert (picture["seed"], picture["width"], picture["height"]) == (7, 64, 64)
    assert picture["record"]["stages"][0]["name"] == "prompt"
    assert (answer["state"], answer["seed"], answer["error"]) == ("done", 7, None)


@pytest.mark.thorough
def test_the_process_of_the_service_imports_neither_torch_nor_diffusers(tiny_models, tmp_path):
    code = (
        "import sys\nfrom medialab import PipelineConfig\n"
        "from medialab.api.requests import BatchRequest\n"
        "from medialab.api.service import Service\n"
        f"service = Service({str(tiny_models)!r}, {str(tmp_path)!r}, 'cpu')\n"
        "job = service.generate(PipelineConfig(steps=2, width=64, height=64))\n"
        "assert job.error(120) is None, job.error()\n"
        "small = {'steps': 2, 'width': 64, 'height': 64}\n"
        "more = {'axes': {'seed': [1]}, 'metrics': ['sharpness']}\n"
        "batch = BatchRequest(name='b', settings=small, **more)\n"
        "job = service.batch(batch)\n"
        "assert job.error(120) is None, job.error()\n"
        "assert len(service.described(job)['pictures']) == 1\n"
        "service.described(job, png=True), service.capabilities(), service.models()\n"
        "service.close()\nprint(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"torch", "diffusers", "transformers"} & set(loaded)


@pytest.mark.thorough
def test_the_answers_config_sent_back_makes_the_same_picture(service):
    first = made(service, service.generate(QUICK.changed(seed=-1)), png=True)
    assert first["config"]["seed"] == first["seed"] >= 0
    config = ResolvedConfig.model_validate(json.loads(json.dumps(first["config"])))
    again = made(service, service.generate(config), png=True)
    assert again["pictures"][0]["png"] == first["pictures"][0]["png"]


def test_each_picture_of_several_comes_with_its_seed(service):
    answer = made(service, service.generate(QUICK.changed(batch_size=2)))
    assert [picture["seed"] for picture in answer["pictures"]] == [7, 8]
    assert len({picture["file"] for picture in answer["pictures"]}) == 2
    brief = service.described(service.job(answer["name"]), brief=True)
    assert brief["config"] is None
    assert [picture["record"] for picture in brief["pictures"]] == [{}, {}]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"checkpoint": "paperdol"}, "checkpoint"),
        ({"prompt": "a <lora:night:1> ball"}, "lora"),
        ({"face": {"enabled": True, "detector": "yolo"}}, "detector"),
    ],
)
def test_an_unknown_model_is_refused_before_a_job_is_made(service, settings, field):
    before = len(service.jobs())
    with pytest.raises(ModelNotFoundError) as raised:
        service.generate(QUICK.changed(**settings))
    answer = answer_of(raised.value, service.without_folders)
    (fault,) = answer.body["error"]["faults"]
    assert (answer.status, fault["field"]) == (404, field)
    assert "known:" in fault["message"]
    assert len(service.jobs()) == before


def test_one_key_is_one_job_and_not_two_requests(service):
    first = service.generate(QUICK, owner="a", key="k")
    assert service.generate(QUICK, owner="a", key="k") is first
    with pytest.raises(RepeatedKeyError, match="'k'"):
        service.generate(QUICK.changed(seed=8), owner="a", key="k")
    assert service.generate(QUICK, owner="b", key="k") is not first
    assert service.generate(QUICK, owner="a") is not first


@pytest.mark.thorough
def test_a_job_cancelled_on_its_way_to_the_process_is_not_made(tiny_models, tmp_path, monkeypatch):
    long = QUICK.changed(steps=150, width=256, height=256)
    with closing(Service(tiny_models, tmp_path, "cpu")) as service:
        worker = service.executor.devices[0].process
        send, is_killed = worker.send, iter([False, True])

        def cancelled_meanwhile(message):
            if "make" in message and (dies := next(is_killed, None)) is not None:
                if dies:
                    os.kill(worker.pid, signal.SIGKILL)
                # By another client, who is let in when the job is sent.
                cancels = threading.Thread(target=service.cancel, args=[message["task"]])
                cancels.start()
            return send(message)

        monkeypatch.setattr(worker, "send", cancelled_meanwhile)
        for _ in range(2):
            job = service.generate(long)
            assert isinstance(job.error(SOON), CancelledError)
            assert job.state == "cancelled"
        made(service, service.generate(QUICK))
        assert not [*is_killed]


def test_a_batch_that_many_begin_at_once_is_begun_once(service):
    request = BatchRequest(
        name="at once", axes={"seed": [1, 2]}, settings={"steps": 1, "width": 64, "height": 64}
    )
    with ThreadPoolExecutor(8) as pool:
        jobs = [*pool.map(lambda _: service.batch(request), range(8))]
    assert [job.error(SOON) for job in jobs] == [None] * 8
    assert {service.described(job)["batch"]["done"] for job in jobs} == {2}


def test_a_client_sees_its_own_jobs_alone(service):
    job = service.generate(QUICK, owner="one")
    assert service.job(job.name, "one") is job
    assert job in service.jobs("one")
    assert job not in service.jobs("other")
    for owner, name in (("other", job.name), ("one", "nothing")):
        with pytest.raises(JobNotFoundError, match="GET /jobs"):
            service.cancel(name, owner)
    assert job.error(SOON) is None


def test_a_picture_is_enhanced_and_only_by_the_stages_that_are_switched_on(
    service, tiny_models, tmp_path
):
    image = noise()
    config = PipelineConfig(upscaler={"enabled": True, "scale": 2}, seed=7)
    request = EnhanceRequest(image=png(image), config=config)
    answer = made(service, service.enhance(request), png=True)
    with Workbench(tiny_models, tmp_path, device="cpu") as bench:
        run = bench.enhance(image, config)
    assert base64.b64decode(answer["pictures"][0]["png"]) == run.artifact.path.read_bytes()
    assert (answer["pictures"][0]["width"], answer["pictures"][0]["height"]) == (128, 128)
    request = EnhanceRequest(path=answer["pictures"][0]["file"], config=config)
    assert made(service, service.enhance(request))["pictures"][0]["width"] == 256


@pytest.mark.thorough
def test_without_settings_and_without_a_checkpoint_a_photo_is_made_larger(tmp_path):
    (tmp_path / "models").mkdir()
    with closing(Service(tmp_path / "models", tmp_path / "outputs", "cpu")) as bare:
        image = Image.effect_noise((96, 64), 40).convert("RGB")
        answer = made(bare, bare.enhance(EnhanceRequest(image=png(image))), png=True)
        assert answer["config"]["checkpoint_sha256"] == ""
        assert answer["pictures"][0]["width"] == 192
        # The config of the answer makes it again.
        again = made(bare, bare.generate(ResolvedConfig.model_validate(answer["config"])), png=True)
        assert again["pictures"][0]["png"] == answer["pictures"][0]["png"]
        face = EnhanceRequest(image=png(image), config=PipelineConfig(face={"enabled": True}))
        refused = refusal(bare, lambda: bare.enhance(face))
        assert refused.status == 404
        assert "need no checkpoint: to have these alone" in refused.text


def test_a_kept_picture_serves_as_a_mask_and_outside_it_nothing_changes(service):
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    image = noise()
    kept = service.store_given(PictureRequest(image=png(mask)))
    assert kept["told"] == []
    config = QUICK.changed(mode="inpaint", inpaint={"mask": kept["picture"], "mask_blur": 0})
    job = service.enhance(EnhanceRequest(image=png(image), config=config))
    painted = Image.open(
        BytesIO(base64.b64decode(made(service, job, png=True)["pictures"][0]["png"]))
    )
    right, left = (48, 0, 64, 64), (0, 0, 16, 64)
    assert painted.crop(right).tobytes() == image.crop(right).tobytes()
    assert painted.crop(left).tobytes() != image.crop(left).tobytes()


def test_what_was_done_to_a_picture_is_told(service):
    deep = Image.new("I;16", (8, 8), 40_000)
    kept = service.store_given(PictureRequest(image=png(deep)))
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
def test_a_picture_that_cannot_be_read_is_refused(service, given, field):
    folder = service.bench.artifacts.folder
    folder.mkdir(exist_ok=True)
    if not (folder / "pipe.png").exists():
        os.mkfifo(folder / "pipe.png")
        (folder / "loop.png").symlink_to("loop.png")
    answer = refusal(service, lambda: service.enhance(EnhanceRequest(**given)))
    (fault,) = answer.body["error"]["faults"]
    assert (answer.status, fault["field"]) == (422, field)
    assert "0x" not in answer.text


@pytest.mark.parametrize("how", ["relative", "absolute", "link", "not a picture"])
def test_no_file_outside_the_outputs_is_read_nor_told_to_be_there(service, tmp_path, how):
    secret = tmp_path / "secret.png"
    noise().save(secret)
    folder = service.bench.artifacts.folder
    folder.mkdir(exist_ok=True)
    (folder / f"{how}.png").symlink_to(secret)
    (folder / "api.log").write_text("a traceback")
    name = {
        "relative": os.path.relpath(secret, folder),
        "absolute": str(secret),
        "link": f"{how}.png",
        "not a picture": "api.log",
    }[how]

    def told():
        for form in ("file", "thumbnail", "sidecar", "webp"):
            with pytest.raises(RefusedError) as raised:
                service.picture(name, form)
            yield raised.value.answer.status, raised.value.answer.text
        with pytest.raises(RefusedError) as raised:
            service.enhance(EnhanceRequest(path=name))
        yield raised.value.answer.status, raised.value.answer.text

    there = list(told())
    secret.unlink()
    assert there == list(told())
    assert {status for status, _ in there} == {404, 422}


def test_a_picture_is_given_in_each_form(service):
    file = made(service, service.generate(QUICK))["pictures"][0]["file"]
    content, kind = service.picture(file)
    pixels = Image.open(BytesIO(content)).convert("RGB").tobytes()
    assert service.picture(file, "png") == (content, kind)
    webp, kind = service.picture(file, "webp")
    assert kind == "image/webp"
    assert Image.open(BytesIO(webp)).convert("RGB").tobytes() == pixels
    small, kind = service.picture(file, "thumbnail")
    assert (kind, max(Image.open(BytesIO(small)).size)) == ("image/webp", 64)
    sidecar, kind = service.picture(file, "sidecar")
    assert (kind, json.loads(sidecar)["config"]["prompt"]) == ("application/json", "a red ball")


@pytest.mark.parametrize("broken", [False, True], ids=["too wide", "broken"])
def test_a_picture_that_a_format_does_not_take_is_still_given_as_its_file(service, broken):
    path = service.bench.artifacts.folder / "wide.png"
    Image.new("RGB", (16384, 1)).save(path)
    if broken:
        path.write_bytes(path.read_bytes()[:40])
    answer = refusal(service, lambda: service.picture("wide.png", "webp"))
    assert (answer.status, answer.body["error"]["faults"][0]["field"]) == (422, "form")
    assert service.picture("wide.png") == (path.read_bytes(), "image/png")


def test_pictures_are_found_by_what_they_were_made_with_page_by_page(service):
    for seed in (501, 502, 503):
        job = service.generate(QUICK.changed(prompt="a yellow hat", seed=seed))
        assert job.error(SOON) is None
    page = service.find(PicturesQuery(text="yellow", limit=2))
    assert (page["count"], [one["seed"] for one in page["pictures"]]) == (3, [503, 502])
    page = service.find(PicturesQuery(text="yellow", limit=2, offset=2))
    assert [one["seed"] for one in page["pictures"]] == [501]
    assert service.find(PicturesQuery(text="yellow", seed=502))["count"] == 1
    assert service.find(PicturesQuery(since="2000-01-01", until="2000-01-02"))["count"] == 0
    with pytest.raises(MediaLabError):
        service.find(PicturesQuery(text="stepz:3"))


def test_a_far_too_large_picture_is_refused_by_its_bytes_and_by_its_pixels(service):
    with pytest.raises(RefusedError) as raised:
        service.store_given(PictureRequest(image="A" * (MOST_BYTES * 4 // 3 + 8)))
    assert (raised.value.answer.status, fields(raised.value)) == (413, ["image"])
    with pytest.raises(PictureError) as raised:
        service.store_given(PictureRequest(image=png(Image.new("1", (9000, 9000)))))
    assert answer_of(raised.value, service.without_folders).status == 413


def test_models_are_listed_with_the_refused_and_by_kind(service):
    (model,) = [one for one in service.models()["models"] if one["name"] == "paperdoll"]
    assert (model["kind"], model["refused"]) == ("checkpoint", None)
    assert (model["prediction_type"], model["zero_terminal_snr"]) == ("v_prediction", False)
    assert service.models("lora")["models"] == []
    with pytest.raises(ModelNotFoundError, match="checkpoint"):
        service.models("hat")


def test_no_answer_names_a_folder_of_this_machine(service, tiny_models):
    folder = service.bench.artifacts.folder
    (folder / "2026-01-01").mkdir(parents=True, exist_ok=True)
    (folder / "2026-01-01" / "bad.png").write_bytes(b"no picture")
    told = [json.dumps([service.models(), service.capabilities(), service.health()])]
    asked = (
        lambda: service.generate(QUICK.changed(checkpoint="../paperdoll")),
        lambda: service.enhance(EnhanceRequest(path="2026-01-01/bad.png")),
        lambda: service.picture("2026-01-01/bad.png", "thumbnail"),
        lambda: service.picture("2026-01-01/bad.png", "sidecar"),
        lambda: service.picture("2026-01-01/bad.png", "webp"),
    )
    told += [refusal(service, ask).text for ask in asked]
    job = service.generate(QUICK.changed(mode="img2img", image="0" * 64))
    assert job.error(SOON) is not None
    told.append(json.dumps(service.described(job)))
    for place in (folder.parent, tiny_models):
        assert str(place) not in "".join(told)
