"""`make api` as another program meets it: a real gateway, a real kernel, real HTTP."""

import base64
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TIMEOUT = 120  # seconds: the first picture imports torch on a busy machine
QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}


@pytest.fixture(scope="module")
def started(serving, own_home):
    """The running server: its port, and the file of what it says."""
    with serving("api", own_home[0]) as server:
        yield server


@pytest.fixture(scope="module")
def token(started):
    return re.search(r"Authorization: token (\S+)", started[1].read_text())[1]


@pytest.fixture(scope="module")
def ask(started, token):
    """Asks the server; gives status, headers and body."""

    def asked(path, body=None, *, method=None, authorization=f"token {token}", **headers):
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            named.setdefault("Content-Type", "application/json")
        if authorization:
            named["Authorization"] = authorization
        request = urllib.request.Request(
            f"http://127.0.0.1:{started[0]}{path}", data=content, headers=named, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - http
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    return asked


def of_picture(body):
    return base64.b64decode(json.loads(body)["pictures"][0]["png"])


def in_base64(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_the_same_seed_gives_the_bytes_that_the_workbench_gives(ask, tiny_checkout, tmp_path):
    status, headers, body = ask("/generate", QUICK)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    with Workbench(tiny_checkout / "models", tmp_path / "outputs", device="cpu") as bench:
        run = bench.execute(PipelineConfig(**QUICK))
        assert of_picture(body) == run.artifact.path.read_bytes()
    file = json.loads(body)["pictures"][0]["file"]
    assert (tiny_checkout / "outputs" / file).read_bytes() == of_picture(body)


def test_a_picture_of_two_megabytes_comes_back_enlarged(ask):
    image = Image.frombytes("RGB", (1024, 768), os.urandom(1024 * 768 * 3))
    config = {"upscaler": {"enabled": True, "scale": 1.5}, "seed": 1}
    status, _, body = ask("/enhance?png=true", {"image": in_base64(image), "config": config})
    assert status == 200
    assert Image.open(BytesIO(of_picture(body))).size == (1536, 1152)


def test_what_there_is_is_told(ask):
    models = json.loads(ask("/models?kind=checkpoint")[2])["models"]
    assert [model["name"] for model in models] == ["paperdoll"]
    capabilities = json.loads(ask("/capabilities")[2])
    assert "txt2img" in [stage["name"] for stage in capabilities["stages"]]
    assert json.loads(ask("/health")[2])["status"] == "ok"


@pytest.mark.parametrize("authorization", [None, "token wrong", "Bearer wrong", ""])
@pytest.mark.parametrize("path", ["/generate", "/enhance", "/models", "/_api/spec/swagger.json"])
def test_nobody_without_the_token_is_answered(ask, path, authorization):
    body = QUICK if path in {"/generate", "/enhance"} else None
    status, _, said = ask(path, body, authorization=authorization)
    assert status == 401
    assert "pictures" not in said.decode()


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/generate", b"{broken", 400, "not valid JSON"),
        ("/generate", b"", 400, "not valid JSON"),
        ("/generate", [1], 400, "list"),
        ("/generate", QUICK | {"stepz": 3}, 422, "stepz"),
        ("/generate", QUICK | {"sampler": "Eular"}, 422, "DPM++ 2M"),
        ("/generate", QUICK | {"checkpoint": "pony"}, 404, "known: paperdoll"),
        ("/enhance", {"image": "bm8gcGljdHVyZQ=="}, 422, "not a picture"),
        ("/enhance", {"path": "../models/x.png"}, 422, "no picture"),
        ("/pictures", {"image": in_base64(Image.new("1", (9000, 9000)))}, 413, "too many"),
        ("/nothing", QUICK, 404, "POST /generate"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_with_it(ask, path, body, status, said):
    found, headers, answer = ask(path, body)
    assert (found, headers["Content-Type"]) == (status, "application/json")
    assert said in json.loads(answer)["error"]["message"]
    assert b"Traceback" not in answer


def test_a_wrong_verb_a_form_and_a_wish_for_a_bare_png_are_refused(ask):
    status, headers, _ = ask("/generate")
    assert (status, headers["Allow"]) == (405, "POST")
    assert ask("/generate", QUICK, method="PUT")[0] == 405
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert ask("/generate", b'{"prompt": "x"}', **form)[0] == 415
    assert ask("/generate", QUICK, Accept="image/png")[0] == 406


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (gzip.compress(b'{"seed": 1}', mtime=0), {"Content_Encoding": "gzip"}, 415),
        (gzip.compress(b'{"seed": 1}', mtime=0), {}, 400),
        ('{"prompt": "grün"}'.encode("latin-1"), {}, 400),
        ('{"seed": 1}'.encode("utf-16"), {}, 400),
    ],
)
def test_a_body_that_is_no_text_is_refused_and_the_log_has_no_traceback(
    ask, started, body, headers, status
):
    found, told, answer = ask("/generate", body, **headers)
    assert (found, told["Content-Type"]) == (status, "application/json")
    assert json.loads(answer)["error"]["kind"] == "RequestError"
    assert "Traceback" not in started[1].read_text()


def kernel():
    """The process that makes the pictures."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # or a zombie: the one before it
            if "ipykernel_launcher" in " ".join(one.cmdline()):
                found.append(one)
    return found[-1]


def test_who_waits_for_a_process_that_dies_is_told_and_the_next_request_is_answered(ask):
    told = {}

    def wait():
        told["answer"] = ask("/generate", QUICK | {"steps": 150, "width": 512, "height": 512})

    assert ask("/health")[0] == 200
    waiting = threading.Thread(target=wait)
    waiting.start()
    process = kernel()
    before = process.cpu_times().user
    while process.cpu_times().user < before + 0.5:  # it is at work
        time.sleep(0.05)
    process.kill()
    waiting.join(TIMEOUT)
    status, headers, body = told["answer"]
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert "lack of memory" in json.loads(body)["error"]["message"]
    assert ask("/generate", QUICK)[0] == 200
    kernel().kill()  # and one that dies while nobody waits for it
    first, second = (ask("/health")[0] for _ in range(2))
    assert first in {200, 503}  # it may be asked before it is quite gone
    assert second == 200


def test_two_who_ask_at_once_each_get_their_own_picture(ask):
    answers = {}

    def fetch(seed):
        answers[seed] = ask("/generate", QUICK | {"seed": seed})

    threads = [threading.Thread(target=fetch, args=(seed,)) for seed in (21, 22)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {json.loads(body)["seed"] for _, _, body in answers.values()} == {21, 22}
    for seed, (status, _, body) in answers.items():
        assert status == 200
        assert json.loads(body)["pictures"][0]["seed"] == seed
        assert of_picture(body) == of_picture(ask("/generate", QUICK | {"seed": seed})[2])


def test_the_token_is_said_once_and_stands_in_no_file(ask, started, token, own_home, tiny_checkout):
    ask("/generate", QUICK)
    ask("/generate", QUICK | {"steps": 0})
    assert started[1].read_text().count(token) == 1
    files = (*own_home[1].rglob("*"), *(tiny_checkout / "outputs").rglob("*"))
    read = [path.read_bytes() for path in files if path.is_file()]
    assert any(b"SQLite" in content for content in read)  # IPython's history is among them
    assert not [content for content in read if token.encode() in content]


@pytest.fixture
def more_models(tiny_checkout):
    """The models that docs/api.md names, beside the tiny checkpoint; Klein is a tiny one, too."""
    from tests.tiny.flux2_klein import make_pipeline

    klein = "checkpoints/flux-2-klein-4b"
    make_pipeline().save_pretrained(tiny_checkout / "models" / klein)
    names = ("checkpoints/paperdoll-edit", "upscalers/paperdoll-2x.safetensors")
    for name in names:
        copy = shutil.copytree if (ROOT / "models" / name).is_dir() else shutil.copy2
        (tiny_checkout / "models" / name).parent.mkdir(exist_ok=True)
        copy(ROOT / "models" / name, tiny_checkout / "models" / name)
    yield
    for name in (*names, klein):
        place = tiny_checkout / "models" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()


def answers_in(text):
    """The JSON values that stand one after another in a text."""
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        yield value
        text = text[end:]


@pytest.mark.thorough
@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="needs bash, curl and jq"
)
def test_the_lines_for_curl_run_as_they_stand(started, token, more_models, tiny_checkout, tmp_path):
    page = (ROOT / "docs" / "api.md").read_text()
    (script,) = (one for one in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "curl" in one)
    for name, colour in (("room", "white"), ("chair", "red")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    script = script.replace(":8000", f":{started[0]}")
    some_picture = re.compile(r"\d{4}-\d\d-\d\d/\d{5}-[^\"]*\.png")
    assert some_picture.search(script)
    script = some_picture.sub("""'"$(jq -r '.pictures[0].file' answer.json)"'""", script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"MEDIALAB_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    again, larger, edited, by_others = answers_in(done.stdout)
    first = json.loads((tmp_path / "answer.json").read_text())["pictures"][0]
    assert (tmp_path / "tree.png").read_bytes() == base64.b64decode(first["png"])
    kept = tiny_checkout / "outputs" / again["pictures"][0]["file"]
    assert kept.read_bytes() == base64.b64decode(first["png"])
    assert larger["pictures"][0]["width"] == 2 * first["width"]
    assert edited["pictures"][0]["width"] == first["width"]
    assert list(by_others) == list(edited), by_others
    assert by_others["config"]["instruct"]["references"], by_others["config"]


def test_only_this_machine_is_listened_to(started):
    with socket.socket() as other:
        # Were the port taken on every address, this one could not have it too.
        other.bind(("127.0.0.2", started[0]))


def test_a_port_that_is_taken_is_an_error_and_no_other_is_tried(
    make, started, own_home, tiny_checkout
):
    second = subprocess.run(
        make("api", f"PORT={started[0]}"),
        cwd=tiny_checkout,
        env=own_home[0],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert second.returncode != 0
    assert "no available port" in second.stderr
