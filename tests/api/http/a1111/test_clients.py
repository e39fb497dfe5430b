"""Two clients that people use with A1111 make, watch, stop and read pictures here.

They are webuiapi and sd-backend-client, as their authors publish them.
"""

import base64
import json
import threading
from io import BytesIO

import httpx
import pytest
import webuiapi
from PIL import Image
from sd_backend_client.api.a1111_webservice import A1111Webservice
from sd_backend_client.api.webui.diffusion_request_body import DiffusionRequestBody
from sd_backend_client.errors import AuthError

from medialab.infotext.text import read
from tests.api.serving import QUICK

SMALL = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}


@pytest.fixture
def webui(api_server):
    """The client webuiapi, which sends the token as a password."""
    api = webuiapi.WebUIApi(
        baseurl=f"{api_server.address}/sdapi/v1", username="anyone", password=api_server.token
    )
    yield api
    api.session.close()


@pytest.fixture
def backend(api_server):
    """The client sd-backend-client, which asks for a password once it is refused."""
    service = A1111Webservice(api_server.address, lambda: ("anyone", api_server.token))
    yield service
    service._session.close()


def ours(api_server, **settings):
    """The file of the picture that /generate makes of these settings."""
    body = {**QUICK, "guidance_scale": 7, "sampler": "Euler a", **settings}
    answer = api_server.client.post("/generate?wait=100&png=true", json=body).json()
    return [base64.b64decode(one["png"]) for one in answer["pictures"]]


def of(result):
    return [base64.b64decode(one) for one in result.json["images"]]


@pytest.mark.thorough
def test_webuiapi_makes_the_picture_that_generate_makes(webui, api_server):
    result = webui.txt2img(**SMALL, negative_prompt="fog", cfg_scale=7)
    assert of(result) == ours(api_server, negative_prompt="fog")
    assert result.image.size == (64, 64)
    info = result.info
    assert (info["seed"], info["all_seeds"], info["sampler_name"]) == (7, [7], "Euler a")
    assert info["not_applied"] == {}
    told = read(info["infotexts"][0]).settings
    assert (told["prompt"], told["seed"], told["steps"]) == ("a red ball", 7, 2)
    assert result.parameters["steps"] == 2


@pytest.mark.thorough
def test_webuiapi_makes_several_with_seeds_that_go_on_and_a_sampler_with_its_schedule(
    webui, api_server
):
    result = webui.txt2img(**SMALL, sampler_name="DPM++ 2M Karras", batch_size=2, n_iter=2)
    assert result.info["all_seeds"] == [7, 8, 9, 10]
    assert of(result) == ours(api_server, sampler="DPM++ 2M", schedule="karras", batch_size=4)


def test_webuiapi_uses_the_hires_fix(webui, api_server):
    result = webui.txt2img(
        **SMALL, enable_hr=True, hr_scale=2, hr_upscaler="Latent", hr_second_pass_steps=1
    )
    hires = {
        "enabled": True,
        "scale": 2,
        "upscaler": "latent",
        "steps": 1,
        "denoising_strength": 0.7,
    }
    assert result.image.size == (128, 128)
    assert of(result) == ours(api_server, refiner=hires)


def test_webuiapi_starts_from_a_picture_and_repaints_a_part(webui, api_server):
    image = Image.new("RGB", (64, 64), "orange")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    names = [
        api_server.client.post(
            "/pictures", content=_png(one), headers={"Content-Type": "image/png"}
        ).json()["picture"]
        for one in (image, mask)
    ]
    result = webui.img2img([image], **SMALL, denoising_strength=0.6, cfg_scale=7)
    settings = {"mode": "img2img", "image": names[0], "img2img": {"denoising_strength": 0.6}}
    assert of(result) == ours(api_server, **settings)
    assert result.parameters["init_images"] is None
    painted = webui.img2img(
        [image],
        mask_image=mask,
        mask_blur=2,
        inpainting_fill=1,
        inpaint_full_res=False,
        inpainting_mask_invert=1,
        denoising_strength=0.6,
        cfg_scale=7,
        **SMALL,
    )
    own = {"mask": names[1], "mask_blur": 2, "inverted": True, "denoising_strength": 0.6}
    own["padding"] = painted.parameters["inpaint_full_res_padding"]
    assert of(painted) == ours(api_server, mode="inpaint", image=names[0], inpaint=own)
    assert painted.image.getpixel((8, 32)) == (255, 165, 0)


def _png(image):
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_webuiapi_is_told_what_was_not_applied(webui):
    result = webui.txt2img(
        **SMALL,
        restore_faces=True,
        tiling=True,
        do_not_save_samples=True,
        eta=0.5,
        script_name="x/y plot",
        alwayson_scripts={"ControlNet": {"args": [{"image": "…"}]}, "idle": {"args": []}},
        override_settings={"sd_vae": "Automatic", "eta_noise_seed_delta": 31337},
    )
    assert result.info["not_applied"].keys() == {
        "restore_faces",
        "tiling",
        "do_not_save_samples",
        "eta",
        "script_name",
        "script: ControlNet",
        "override_settings.eta_noise_seed_delta",
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"eta": 0},
        {"s_noise": 0},
        {"mask_round": False},
        {"initial_noise_multiplier": 0},
        {"override_settings_restore_afterwards": False},
        {"alwayson_scripts": [{}]},
    ],
)
def test_nothing_is_told_where_nothing_is_not_what_is_usual(api_server, asked):
    """Without "eta", A1111's is 1: 0 asks for something."""
    nothing = {"override_settings": {"sd_model_checkpoint": None}, "tiling": False, "s_churn": 0}
    body = SMALL | nothing | asked
    answer = api_server.client.post("/sdapi/v1/txt2img", json=body)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.json()["info"])["not_applied"].keys() == asked.keys()


def test_webuiapi_finds_the_lists_and_reads_a_pictures_settings(webui):
    assert [one.split(" ")[0] for one in webui.util_get_model_names()] == ["paperdoll"]
    assert "Euler a" in webui.util_get_sampler_names()
    assert {"automatic", "karras"} <= set(webui.util_get_scheduler_names())
    assert "Lanczos" in [one["name"] for one in webui.get_upscalers()]
    assert "Latent" in [one["name"] for one in webui.get_latent_upscale_modes()]
    assert all(one["name"] == one["path"] for one in webui.get_loras())
    assert webui.get_scripts() == {"txt2img": [], "img2img": []}
    made = webui.txt2img(**SMALL)
    assert webui.png_info(made.image).info == made.info["infotexts"][0]
    assert webui.png_info(Image.new("RGB", (8, 8))).info == ""
    answer = webui.session.post(
        f"{webui.baseurl}/png-info", json={"image": made.json["images"][0]}
    ).json()
    assert answer["info"] == made.info["infotexts"][0]
    assert answer["parameters"]["Prompt"] == "a red ball"
    assert answer["parameters"]["Seed"] == "7"


def test_webuiapi_chooses_a_checkpoint_and_is_refused_an_unknown_one(webui):
    webui.util_set_model("paperdol")
    assert webui.util_get_current_model().startswith("paperdoll")
    assert webui.set_options({"emphasis": "No norm", "jpeg_quality": 80}) == {
        "not_applied": {
            "jpeg_quality": "this server has no such option; it has sd_model_checkpoint, sd_vae, "
            "CLIP_stop_at_last_layers, emphasis"
        }
    }
    assert "Emphasis: No norm" in webui.txt2img(**SMALL).info["infotexts"][0]
    only = {"emphasis": "Ignore"}
    own = webui.txt2img(**SMALL, override_settings=only)
    assert "Emphasis: Ignore" in own.info["infotexts"][0]
    assert webui.get_options()["emphasis"] == "No norm"
    webui.set_options({"emphasis": "Original", "sd_vae": "Automatic"})
    refused = webui.set_options({"sd_model_checkpoint": "papredoll.safetensors [0123456789]"})
    assert refused["error"]["faults"][0]["choices"] == ["paperdoll"]
    with pytest.raises(RuntimeError, match="no sampler"):
        webui.txt2img(**SMALL, sampler_name="Nope")


def test_webuiapi_without_the_token_is_refused(api_server):
    api = webuiapi.WebUIApi(
        baseurl=f"{api_server.address}/sdapi/v1",
        username="anyone",
        password="wrong",  # noqa: S106
    )
    assert "token" in api.get_options()["error"]["message"]
    api.session.close()


def test_the_other_client_makes_a_picture_of_its_own_shape(backend, api_server):
    body = DiffusionRequestBody(**SMALL, sampler="dpmpp_2m", scheduler="karras", n_iter=2)
    result = backend.submit_txt2img(body).wait(120)
    assert result.seeds == [7, 8]
    assert [image.size for image in result.images] == [(64, 64)] * 2
    expected = ours(api_server, sampler="DPM++ 2M", schedule="karras", batch_size=2)
    images = [Image.open(BytesIO(one)).convert("RGB").tobytes() for one in expected]
    assert [image.convert("RGB").tobytes() for image in result.images] == images
    assert result.raw_info.sd_model_name == "paperdoll"


def test_the_other_client_edits_lists_and_chooses(backend):
    body = DiffusionRequestBody(
        **SMALL, init_images=[Image.new("RGB", (64, 64), "orange")], denoising_strength=0.5
    )
    assert len(backend.submit_img2img(body).wait(120).images) == 1
    body.mask = Image.new("L", (64, 64), 255)
    assert len(backend.submit_inpaint(body).wait(120).images) == 1
    assert [one.name for one in backend.list_checkpoints()] == ["paperdoll"]
    assert "euler_ancestral" in [one.name for one in backend.list_samplers()]
    assert "karras" in [one.name for one in backend.list_schedulers()]
    assert backend.list_upscalers()
    assert backend.list_loras() == backend.list_loras()
    assert backend.list_vaes() is not None
    assert backend.get_capabilities().scheduler
    backend.set_config({"sd_model_checkpoint": "paperdoll"})
    assert backend.get_config()["sd_model_checkpoint"] == "paperdoll"


def test_the_other_client_watches_a_picture_and_stops_it(backend, api_server):
    body = DiffusionRequestBody(**SMALL | {"steps": 150, "width": 256, "height": 256})
    handle = backend.submit_txt2img(body)
    api_server.wait(lambda: backend.progress_check().state.sampling_step)
    told = backend.progress_check()
    assert 0 < told.progress < 1
    assert (told.state.job_count, told.state.sampling_steps) == (1, 150)
    assert handle.cancel()
    api_server.wait(lambda: handle.poll().status.is_terminal)
    idle = api_server.wait(lambda: (told := backend.progress_check()).state.job_count == 0 and told)
    assert idle.progress == 0


def test_the_other_client_without_the_token_is_refused(api_server):
    service = A1111Webservice(api_server.address, lambda: None)
    with pytest.raises(AuthError):
        service.get_samplers()
    service._session.close()


def test_a_client_that_hangs_up_cancels_nothing_and_interrupt_leaves_what_waits(webui, api_server):
    long = SMALL | {"steps": 150, "width": 256, "height": 256, "prompt": "the long one"}
    errors = []

    def make():
        try:
            webui.txt2img(**long)
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    api_server.wait(lambda: webui.get_progress()["state"]["sampling_step"])
    with pytest.raises(httpx.ReadTimeout):
        api_server.client.post("/sdapi/v1/txt2img", json=SMALL | {"seed": 99}, timeout=0.3)
    waiting = api_server.client.post("/generate", json=QUICK | {"seed": 9}).json()
    assert webui.interrupt() == {}
    thread.join()
    assert errors[0].args[0] == 503
    assert "cancelled" in json.loads(errors[0].args[1])["error"]["message"]
    assert api_server.until(waiting["name"], "done", "failed", "cancelled")["state"] == "done"
    jobs = api_server.client.get("/jobs").json()["jobs"]
    assert ("done", 99) in [(one["state"], one["seed"]) for one in jobs]
    assert "Traceback" not in api_server.log.read_text()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("txt2img", {"steps": 0}, "steps"),
        ("txt2img", {"steps": "many"}, "steps"),
        ("txt2img", {"width": 1}, "width"),
        ("txt2img", {"hr_scale": "nan"}, "hr_scale"),
        ("txt2img", {"denoising_strength": "-inf"}, "denoising_strength"),
        ("txt2img", {"n_iter": 10**9}, "batch_size"),
        ("txt2img", {"scheduler": "nope"}, "scheduler"),
        ("txt2img", {"seed": 2**70}, "seed"),
        ("txt2img", {"enable_hr": True, "hr_upscaler": "nope"}, "upscaler"),
        ("txt2img", {"override_settings": {"sd_model_checkpoint": {}}}, "checkpoint"),
        ("txt2img", {"override_settings": {"CLIP_stop_at_last_layers": []}}, "clip_skip"),
        ("txt2img", {"styles": ["no such style"]}, "style"),
        ("img2img", {}, "init_images"),
        ("img2img", {"init_images": ["bm9uZQ=="]}, "init_images"),
        ("img2img", {"init_images": ["no base64!"]}, "init_images"),
        ("img2img", {"init_images": [""], "resize_mode": 7}, "resize_mode"),
        ("options", {"CLIP_stop_at_last_layers": 99}, "clip_skip"),
        ("options", {"sd_vae": "no such vae"}, "vae"),
        ("options", {"emphasis": "loud"}, "emphasis"),
        ("png-info", {}, "image"),
        ("png-info", {"image": "bm9uZQ=="}, ""),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(api_server, path, body, field):
    answer = api_server.client.post(f"/sdapi/v1/{path}", json=body)
    assert answer.status_code in {404, 422}, answer.text
    error = answer.json()["error"]
    assert field in str([one["field"] for one in error["faults"]] or error["message"])
