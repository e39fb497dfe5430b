"""Settings are found in a picture's file wherever a program puts them."""

import json
from io import BytesIO
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from medialab.artifacts.embedded import read_embedded
from medialab.infotext.embedded import is_text_of_settings, settings_among

INFOTEXT = "a café cat\nNegative prompt: rain\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5"
EXIF_IFD = 0x8769
USER_COMMENT, DESCRIPTION, MAKE, MODEL, MAKER_NOTE = 0x9286, 0x010E, 0x010F, 0x0110, 0x927C
SWARM = {"sui_image_params": {"prompt": "a café cat", "seed": 5, "steps": 20, "sampler": "euler"}}
FOOOCUS = {"prompt": "a café cat", "base_model": "x", "performance": "Speed", "seed": "5"}
NOVELAI = {"prompt": "a café cat", "uc": "rain", "seed": 5, "scale": 6, "sampler": "k_euler"}
INVOKEAI = {"app_version": "4", "positive_prompt": "a café cat", "cfg_scale": 7, "seed": 5}
GRAPH = {"3": {"class_type": "KSampler", "inputs": {}}}


def png(texts, how="add_text", **more):
    info = PngImagePlugin.PngInfo()
    for name, value in texts.items():
        getattr(info, how)(name, value, **more)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_exif(kind, tags, *, in_ifd=True):
    exif = Image.Exif()
    target = exif.get_ifd(EXIF_IFD) if in_ifd else exif
    for tag, value in tags.items():
        target[tag] = value
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, kind, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("how", "more"),
    [("add_text", {}), ("add_text", {"zip": True}), ("add_itxt", {}), ("add_itxt", {"zip": True})],
)
def test_every_text_chunk_of_a_png_is_read(how, more):
    found = read_embedded(png({"parameters": INFOTEXT}, how, **more))
    assert (found.settings["prompt"], found.settings["seed"]) == ("a café cat", 5)


def test_utf8_in_a_latin_1_chunk_is_mended_and_told():
    found = read_embedded(png({"parameters": INFOTEXT.encode().decode("latin-1")}))
    assert found.settings["prompt"] == "a café cat"
    assert "repaired" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("texts", "program"),
    [
        ({"parameters": json.dumps(SWARM)}, "SwarmUI"),
        ({"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"}, "Fooocus"),
        ({"Comment": json.dumps(FOOOCUS)}, "Fooocus"),
        (
            {"Software": "NovelAI", "Description": "a café cat", "Comment": json.dumps(NOVELAI)},
            "NovelAI",
        ),
        ({"invokeai_metadata": json.dumps(INVOKEAI), "invokeai_workflow": "{}"}, "InvokeAI"),
        ({"sd-metadata": json.dumps({"app_version": "2", "image": {"seed": 5}})}, "InvokeAI"),
        ({"Dream": '"a café cat [rain]" -s 50 -S 5 -W 512 -H 512 -C 7.5 -A k_lms'}, "InvokeAI"),
        (
            {"prompt": "a café cat", "num_inference_steps": "20", "seed": "5"},
            "Easy Diffusion",
        ),
        ({"prompt": json.dumps(GRAPH), "workflow": json.dumps({"nodes": []})}, "ComfyUI"),
        ({"workflow": json.dumps({"nodes": [], "links": []})}, "ComfyUI"),
        ({"prompt": json.dumps(GRAPH), "parameters": INFOTEXT}, "A1111"),
        ({"Description": INFOTEXT}, "A1111"),
    ],
)
def test_each_programs_words_in_a_png_are_known(texts, program):
    found = read_embedded(png(texts))
    assert found.program == program
    if program != "ComfyUI":
        assert found.settings["seed"] == 5


def test_the_first_form_of_invokeai_is_read():
    texts = {"Dream": '"a cat [rain]" -s 50 -S 5 -W 512 -H 640 -C 7.5 -A k_lms'}
    settings = read_embedded(png(texts)).settings
    assert (settings["prompt"], settings["negative_prompt"]) == ("a cat", "rain")
    assert (settings["steps"], settings["width"], settings["height"]) == (50, 512, 640)
    assert (settings["sampler"], settings["guidance_scale"]) == ("LMS", 7.5)


COMMENTS = {
    "big": b"UNICODE\0" + INFOTEXT.encode("utf-16-be"),
    "little": b"UNICODE\0" + INFOTEXT.encode("utf-16-le"),
    "marked": b"UNICODE\0" + b"\xff\xfe" + INFOTEXT.encode("utf-16-le"),
    "no utf-16 at all": b"UNICODE\0" + INFOTEXT.encode(),
    "bare": INFOTEXT.encode(),
    "bare utf-16": INFOTEXT.encode("utf-16-be"),
    "japanese": b"UNICODE\0" + INFOTEXT.replace("a café cat", "猫" * 400).encode("utf-16-le"),
    "swarm": b"UNICODE\0" + json.dumps(SWARM, ensure_ascii=False).encode("utf-16-be"),
    "novelai": json.dumps({"Comment": json.dumps(NOVELAI), "Software": "NovelAI"}).encode(),
}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("comment", COMMENTS)
def test_a_comment_is_read_in_either_order_of_bytes(kind, comment):
    found = read_embedded(with_exif(kind, {USER_COMMENT: COMMENTS[comment]}))
    prompt = "猫" * 400 if comment == "japanese" else "a café cat"
    assert (found.settings["prompt"], found.settings["seed"]) == (prompt, 5)


def test_fooocus_writes_beside_exifs_own_place():
    tags = {USER_COMMENT: json.dumps(FOOOCUS), MAKER_NOTE: "fooocus"}
    found = read_embedded(with_exif("JPEG", tags, in_ifd=False))
    assert (found.program, found.settings["seed"]) == ("Fooocus", 5)


def test_comfyuis_graph_among_a_cameras_names_is_said():
    tags = {MAKE: f"workflow:{json.dumps({'nodes': [], 'links': []})}"}
    assert read_embedded(with_exif("WEBP", tags, in_ifd=False)).program == "ComfyUI"


@pytest.mark.parametrize("comment", ["Holiday in Rome", "ISO 200, f: 8, t: 3", "\0\0\0\0"])
def test_a_photographers_comment_is_no_prompt(comment):
    content = b"ASCII\0\0\0" + comment.encode()
    assert read_embedded(with_exif("JPEG", {USER_COMMENT: content, DESCRIPTION: "x"})) is None
    assert read_embedded(png({"Comment": comment, "Title": "x"})) is None


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5))
def test_no_texts_make_choosing_fail(texts):
    settings_among(texts)
    for text in texts.values():
        is_text_of_settings(text)


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="…"><rdf:Description {attribute}>'
    "{element}</rdf:Description></rdf:RDF></x:xmpmeta>"
)
ELEMENT = (
    "<exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>{}</rdf:li></rdf:Alt>"
    "</exif:UserComment>"
)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "PNG"])
@pytest.mark.parametrize("as_attribute", [True, False])
def test_settings_in_xmp_are_read(kind, as_attribute):
    text = escape(INFOTEXT, {'"': "&quot;", "\n": "&#10;"})
    xmp = XMP.format(
        attribute=f'exif:UserComment="{text}"' if as_attribute else "",
        element="" if as_attribute else ELEMENT.format(text),
    )
    buffer = BytesIO()
    picture = Image.new("RGB", (8, 8), "teal")
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        picture.save(buffer, kind, pnginfo=info)
    else:
        picture.save(buffer, kind, xmp=xmp.encode())
    found = read_embedded(buffer.getvalue())
    assert (found.settings["prompt"], found.settings["seed"]) == ("a café cat", 5)


def test_a_comment_is_read_from_avif_and_from_a_pngs_exif():
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + INFOTEXT.encode("utf-16-be")
    for kind in ("AVIF", "PNG"):
        buffer = BytesIO()
        Image.new("RGB", (8, 8), "teal").save(buffer, kind, exif=exif.tobytes())
        assert read_embedded(buffer.getvalue()).settings["seed"] == 5
