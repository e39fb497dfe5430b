"""txt2img and img2img: a request is a job, which is waited for."""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from medialab.api.failures import job_answer
from medialab.api.following import until_over
from medialab.api.http.a1111.requests import (
    Drawing,
    Img2ImgRequest,
    Txt2ImgRequest,
    not_applied,
)
from medialab.api.http.a1111.settings import config_of, settings_of_options
from medialab.api.http.operation import Asked, Operation
from medialab.api.messages import Answer, decoded, refused
from medialab.api.requests import FailureAnswer
from medialab.api.service import Service
from medialab.artifacts.embedded import text_in
from medialab.devices.jobs import Job
from medialab.errors import PictureError
from medialab.process.versions import program_version

_LONGEST = 24 * 3600.0  # seconds for which a client is answered
_HIDDEN = ("init_images", "mask")  # pictures that an answer repeats only if it is asked to


class ImagesAnswer(BaseModel):
    """The answer to txt2img and img2img."""

    images: list[str]
    parameters: dict[str, Any]
    info: str


async def txt2img(asked: Asked) -> Answer:
    """Make pictures from A1111's settings, and wait for them."""
    return await _made(asked, asked.body(Txt2ImgRequest))


async def img2img(asked: Asked) -> Answer:
    """Make pictures from one that is sent along, with A1111's settings, and wait for them."""
    return await _made(asked, asked.body(Img2ImgRequest))


async def _made(asked: Asked, request: Drawing) -> Answer:
    """Submit a request as a job and answer once it has ended, as A1111 does.

    A client that hangs up does not cancel it: /sdapi/v1/interrupt does.
    """
    await asked.until_ready()
    told = not_applied(request)
    job = await asked.in_thread(functools.partial(_submit, asked, request, told))
    await until_over(job, _LONGEST, asked.hung_up)
    if not job.is_over:  # and the client is gone
        raise refused(503, f"{job.name} is still being made; GET /jobs/{job.name} tells of it")
    if not job.run:
        return job_answer(job, asked.service.without_folders)
    return await asked.in_thread(functools.partial(_answer, asked.service, job, request, told))


def _submit(asked: Asked, request: Drawing, told: dict[str, str]) -> Job:
    service = asked.service
    own, unknown = settings_of_options(request.override_settings or {})
    told |= {f"override_settings.{name}": why for name, why in unknown.items()}

    def store(text: str, field: str) -> str:
        try:
            return service.bench.keep(decoded(text, field))
        except PictureError as error:
            raise error.about(field) from None

    chosen = service.chosen.get(asked.owner, {}) | own
    config = config_of(request, chosen, store)
    return service.generate(config, owner=asked.owner, key=asked.key)


def _answer(service: Service, job: Job, request: Drawing, told: Mapping[str, str]) -> Answer:
    pictures = service.described(job, png=True, brief=True)["pictures"]
    images = [one["png"] for one in pictures if one["png"] is not None]
    texts = [text_in(base64.b64decode(one), "the picture") or "" for one in images]
    asked = request.model_dump(mode="json")
    if not asked.get("include_init_images"):
        asked |= dict.fromkeys(asked.keys() & _HIDDEN)
    info = _info(job.run["config"], pictures, texts) | {"not_applied": told}
    body = {
        "images": images if request.send_images else [],
        "parameters": asked,
        "info": json.dumps(info, ensure_ascii=False),
    }
    return Answer(200, body)


def _info(
    config: Mapping[str, Any], pictures: list[dict[str, Any]], texts: list[str]
) -> dict[str, Any]:
    """Return what A1111 tells of the pictures, by its own names."""
    count = len(pictures)
    seeds = [one["seed"] for one in pictures]
    mode = config["mode"]
    strength = config[mode].get("denoising_strength") if mode in {"img2img", "inpaint"} else None
    if config["refiner"]["enabled"] and strength is None:
        strength = config["refiner"]["denoising_strength"]
    return {
        "prompt": config["prompt"],
        "all_prompts": [one["prompt"] for one in pictures],
        "negative_prompt": config["negative_prompt"],
        "all_negative_prompts": [config["negative_prompt"]] * count,
        "seed": config["seed"],
        "all_seeds": seeds,
        "subseed": config["variation_seed"],
        "all_subseeds": [config["variation_seed"]] * count,
        "subseed_strength": config["variation_strength"],
        "width": config["width"],
        "height": config["height"],
        "sampler_name": config["sampler"],
        "cfg_scale": config["guidance_scale"],
        "steps": config["steps"],
        "batch_size": count,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": config["checkpoint"],
        "sd_model_hash": (config["checkpoint_sha256"] or "")[:10],
        "sd_vae_name": config["vae"] or None,
        "sd_vae_hash": None,
        "seed_resize_from_w": -1,
        "seed_resize_from_h": -1,
        "denoising_strength": strength,
        "extra_generation_params": {},
        "index_of_first_image": 0,
        "infotexts": texts,
        "styles": list(config["styles"]),
        "job_timestamp": "0",
        "clip_skip": config["clip_skip"],
        "is_using_inpainting_conditioning": False,
        "version": f"Media Lab Studio {program_version()}",
    }


_ANSWERS: Mapping[int, type[BaseModel]] = {
    200: ImagesAnswer,
    **dict.fromkeys((400, 404, 413, 415, 422, 429, 500, 503, 507), FailureAnswer),
}
OPERATIONS = (
    Operation("POST", "/sdapi/v1/txt2img", txt2img, _ANSWERS, bodies=(Txt2ImgRequest,)),
    Operation("POST", "/sdapi/v1/img2img", img2img, _ANSWERS, bodies=(Img2ImgRequest,)),
)
