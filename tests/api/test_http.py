"""The API as another program meets it: a real server, a real worker, real HTTP."""

import base64
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from io import BytesIO

import httpx
import psutil
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from medialab import PipelineConfig, Workbench
from tests.api.serving import LONG, QUICK, ROOT, TIMEOUT, environment, free_port, serving_api

pytestmark = pytest.mark.slow

MAKE = "/generate?wait=100"


@pytest.fixture(scope="module")
def client(api_server):
    return api_server.client


@pytest.fixture
def busy(api_server):
    """A job that runs until it is cancelled."""
    name = api_server.client.post("/generate", json=LONG).json()["name"]
    api_server.wait(lambda: api_server.job(name)["progress"]["step"])
    yield name
    api_server.client.delete(f"/jobs/{name}")
    api_server.until(name, "cancelled", "failed")


def in_base64(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def worker_of(api_server):
    """The process that makes the pictures."""
    children = psutil.Process(api_server.process.pid).children()
    return next(one for one in children if "medialab.worker" in one.cmdline())


def place_of(api_server):
    return "127.0.0.1", int(api_server.address.rpartition(":")[2])


def events_of(lines):
    """The server-sent events of a stream, as (id, kind, data)."""
    found = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            found[name] = value
        elif "event" in found:
            yield int(found["id"]), found["event"], json.loads(found["data"])
            found = {}


def test_the_same_seed_gives_the_bytes_that_the_workbench_gives(
    client, api_server, tiny_models, tmp_path
):
    answer = client.post(f"{MAKE}&png=true", json=QUICK)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with Workbench(tiny_models, tmp_path / "outputs", device="cpu") as bench:
        content = bench.execute(PipelineConfig(**QUICK)).artifact.path.read_bytes()
    (picture,) = answer.json()["pictures"]
    assert base64.b64decode(picture["png"]) == content
    assert (api_server.outputs / picture["file"]).read_bytes() == content
    shown = client.get(picture["url"])
    assert (shown.content, shown.headers["Content-Type"]) == (content, "image/png")
    assert answer.headers["Location"] == f"jobs/{answer.json()['name']}"
    assert client.get(answer.headers["Location"]).json()["config"] == answer.json()["config"]


def test_a_request_is_a_job_that_is_followed_event_by_event(client):
    answer = client.post("/generate", json=QUICK | {"seed": 21, "steps": 6})
    assert answer.status_code == 202
    job = answer.json()
    assert job["state"] in {"queued", "running"}
    with client.stream("GET", f"/jobs/{job['name']}/events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        events = list(events_of(stream.iter_lines()))
    kinds = [kind for _, kind, _ in events]
    assert kinds[0] == "queued"
    assert kinds[-1] == "done"
    assert [number for number, _, _ in events] == sorted({number for number, _, _ in events})
    assert events[-1][2]["pictures"][0]["seed"] == 21
    # Cut off after the third event, a client goes on with the one after it.
    last = {"Last-Event-ID": str(events[2][0])}
    with client.stream("GET", f"/jobs/{job['name']}/events", headers=last) as stream:
        again = list(events_of(stream.iter_lines()))
    assert again[0][0] > events[2][0]
    assert again[-1] == events[-1]


def test_no_id_of_an_event_is_too_long_and_a_jobs_location_is_its_own(client):
    made = client.post(MAKE, json=QUICK)
    place = f"/jobs/{made.json()['name']}"
    assert made.url.join(made.headers["Location"]).path == place
    assert "Location" not in client.delete(place).headers
    refused = client.get(f"{place}/events", headers={"Last-Event-ID": "9" * 5000})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (422, "RequestError")
    assert not client.get(f"{place}/events", headers={"Last-Event-ID": "9" * 18}).text


def test_previews_come_with_the_steps_of_a_running_job(client, busy):
    with client.stream("GET", f"/jobs/{busy}/events") as stream:
        for _, kind, data in events_of(stream.iter_lines()):
            if kind == "step" and "preview" in data:
                break
    preview = Image.open(BytesIO(base64.b64decode(data["preview"])))
    assert (data["steps"], preview.format) == (LONG["steps"], "PNG")


def test_a_running_job_and_a_waiting_one_are_cancelled(client, api_server, busy):
    waiting = client.post("/generate", json=QUICK | {"seed": 22}).json()["name"]
    assert api_server.job(waiting)["place"] == 0
    listed = [job["name"] for job in client.get("/jobs").json()["jobs"]]
    assert listed[:2] == [busy, waiting]
    cancelled = client.delete(f"/jobs/{waiting}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert client.delete(f"/jobs/{busy}").status_code in {200, 202}
    assert api_server.until(busy, "cancelled")["error"]["kind"] == "CancelledError"
    names = [job["name"] for job in client.get("/jobs?state=cancelled").json()["jobs"]]
    assert {busy, waiting} <= set(names)


def test_who_waits_for_a_while_gets_the_job_as_far_as_it_is(client, busy):
    answer = client.post("/generate?wait=0.3", json=QUICK | {"seed": 23})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    client.delete(f"/jobs/{answer.json()['name']}")


@pytest.mark.thorough
@pytest.mark.parametrize("wish", ["true", "false"])
def test_who_hangs_up_cancels_the_job_if_that_was_asked_for(client, api_server, busy, wish):
    before = {job["name"] for job in client.get("/jobs").json()["jobs"]}
    with pytest.raises(httpx.ReadTimeout):
        client.post(f"/generate?wait=60&cancel={wish}", json=QUICK | {"seed": 24}, timeout=1)
    (name,) = {job["name"] for job in client.get("/jobs").json()["jobs"]} - before
    if wish == "true":
        api_server.until(name, "cancelled")
    else:
        assert api_server.job(name)["state"] == "queued"
        client.delete(f"/jobs/{name}")


@pytest.fixture(scope="module")
def limited(tiny_models, tmp_path_factory):
    """A server for two clients, where each may have two jobs waiting."""
    folder = tmp_path_factory.mktemp("limited")
    with serving_api(tiny_models, folder, {"most_waiting": 2}, token="one,two") as server:  # noqa: S106
        yield server


@pytest.mark.thorough
def test_clients_take_turns_see_their_own_jobs_and_wait_up_to_a_limit(limited):
    def ask(token, method, path, **more):
        headers = {"Authorization": f"Bearer {token}"}
        where = f"{limited.address}{path}"
        return httpx.request(method, where, headers=headers, timeout=TIMEOUT, **more)

    first = ask("one", "POST", "/generate", json=LONG | {"steps": 40}).json()["name"]
    limited.wait(lambda: limited.job(first)["state"] == "running")
    ones = [ask("one", "POST", "/generate", json=QUICK | {"seed": seed}) for seed in (41, 42)]
    refused = ask("one", "POST", "/generate", json=QUICK | {"seed": 43})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (429, "TooManyJobsError")
    assert int(refused.headers["Retry-After"]) > 0
    two = ask("two", "POST", "/generate", json=QUICK | {"seed": 44})
    assert two.status_code == 202
    name = ones[0].json()["name"]
    assert ask("two", "GET", f"/jobs/{name}").status_code == 404
    assert ask("two", "DELETE", f"/jobs/{name}").status_code == 404
    assert [job["name"] for job in ask("two", "GET", "/jobs").json()["jobs"]] == [
        two.json()["name"]
    ]
    limited.until(ones[1].json()["name"], "done")
    made = [one["seed"] for one in limited.client.get("/pictures").json()["pictures"]]
    assert made.index(44) > made.index(42)  # the newest first: the second client came before
    assert ask("three", "GET", "/health").status_code == 401


def test_a_batch_is_made_row_by_row_and_asked_for_again_it_is_there(client):
    batch = {"name": "hats", "settings": QUICK | {"prompt": "a hat"}, "axes": {"seed": "31-33"}}
    job = client.post("/batches", json=batch).json()
    assert (job["kind"], job["batch"]["rows"]) == ("batch", 3)
    with client.stream("GET", f"/jobs/{job['name']}/events") as stream:
        events = list(events_of(stream.iter_lines()))
    assert [data["row"] for _, kind, data in events if kind == "row"] == [0, 1, 2]
    assert events[-1][1] == "done"
    done = client.get(f"/jobs/{job['name']}").json()
    assert done["batch"] == {"name": "hats", "rows": 3, "done": 3, "failed": 0}
    assert [picture["seed"] for picture in done["pictures"]] == [31, 32, 33]
    again = client.post("/batches?wait=60", json=batch)
    assert (again.status_code, again.json()["pictures"]) == (200, done["pictures"])
    other = client.post("/batches", json=batch | {"axes": {"seed": "31-34"}})
    assert (other.status_code, other.json()["error"]["kind"]) == (422, "BatchError")


@pytest.mark.thorough
def test_a_batch_that_runs_is_cancelled_and_lets_others_in_between(client, api_server):
    batch = {"name": "long", "settings": LONG | {"steps": 20}, "axes": {"seed": "1-50"}}
    job = client.post("/batches", json=batch).json()["name"]
    api_server.wait(lambda: api_server.job(job)["batch"]["done"])
    assert client.post(MAKE, json=QUICK | {"seed": 34}).status_code == 200
    assert api_server.job(job)["state"] == "running"
    client.delete(f"/jobs/{job}")
    cancelled = api_server.until(job, "cancelled")
    assert 0 < cancelled["batch"]["done"] < 50
    assert len(cancelled["pictures"]) == cancelled["batch"]["done"]


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"axes": {"seed": "1-3"}}, "name"),
        ({"name": "../up", "axes": {"seed": "1-3"}}, "'../up'"),
        ({"name": "x", "axes": {"stepz": "1-3"}}, "stepz"),
        ({"name": "x", "axes": {"seed": "1-2000"}}, "2,000 pictures are more than"),
        ({"name": "x", "axes": {"prompt": {"file": "/etc/passwd"}}}, "other files are not read"),
        ({"name": "x", "axes": {"seed": "1"}, "metrics": ["smell"]}, "smell"),
        ({"name": "x", "axes": {"seed": "1"}, "settings": {"batch_size": 2}}, "batch_size"),
    ],
)
def test_a_batch_that_cannot_be_made_is_refused(client, api_server, batch, said):
    answer = client.post("/batches", json=batch)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
    assert not (api_server.outputs / "batches" / "x").exists()


def test_numbers_are_told_in_the_format_of_prometheus(client):
    client.post(MAKE, json=QUICK | {"seed": 35})
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    numbers = {one.name: one for one in text_string_to_metric_families(answer.text)}
    ended = numbers["medialab_jobs_ended"].samples
    done = {(one.labels["kind"], one.labels["state"]): one.value for one in ended}
    assert done["pictures", "done"] >= 1
    stages = {one.labels["stage"] for one in numbers["medialab_stage_seconds"].samples}
    assert {"prompt", "txt2img", "finish"} <= stages
    memory = {one.labels["process"]: one.value for one in numbers["medialab_memory_bytes"].samples}
    assert memory["worker"] > memory["server"] > 0
    queue = {tuple(one.labels.values()) for one in numbers["medialab_jobs"].samples}
    assert ("pictures", "queued") in queue


def test_one_key_is_one_job(client):
    keyed = {"Idempotency-Key": "order 7"}
    first = client.post("/generate", json=QUICK | {"seed": 25}, headers=keyed).json()["name"]
    again = client.post(MAKE, json=QUICK | {"seed": 25}, headers=keyed)
    assert (again.status_code, again.json()["name"]) == (200, first)
    other = client.post("/generate", json=QUICK | {"seed": 26}, headers=keyed)
    assert (other.status_code, other.json()["error"]["kind"]) == (422, "RepeatedKeyError")


@pytest.mark.thorough
def test_a_process_that_is_killed_comes_back_and_what_waited_goes_on(client, api_server):
    running = client.post("/generate", json=LONG).json()["name"]
    waiting = client.post("/generate", json=QUICK | {"seed": 27}).json()["name"]
    api_server.wait(lambda: api_server.job(running)["progress"]["step"])
    worker_of(api_server).send_signal(signal.SIGKILL)
    failed = api_server.until(running, "failed")
    assert failed["error"]["kind"] == "WorkerEndedError"
    assert "signal 9" in failed["error"]["message"]
    assert client.get("/health").json()["status"] == "ok"
    assert api_server.until(waiting, "done")["pictures"][0]["seed"] == 27
    told = threading.Thread(target=lambda: answers.append(client.post(MAKE, json=LONG)))
    answers = []
    told.start()
    api_server.wait(lambda: client.get("/health").json()["running"])
    worker_of(api_server).send_signal(signal.SIGKILL)
    told.join(TIMEOUT)
    assert answers[0].status_code == 503
    assert "lack of memory" in answers[0].json()["error"]["message"]


@pytest.mark.thorough
def test_two_hundred_ask_at_once_and_each_is_answered(api_server, busy):
    answers = []

    def ask(number):
        with httpx.Client(
            base_url=api_server.address, headers=api_server.client.headers, timeout=TIMEOUT
        ) as one:
            if number % 5 == 4:
                same = {"Idempotency-Key": "all of them"}
                answers.append(one.post("/generate", json=QUICK, headers=same).status_code)
                return
            path = ("/health", "/jobs", "/models", "/pictures?limit=5")[number % 5]
            answers.append(one.get(path).status_code)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert sorted(answers) == [200] * 160 + [202] * 40
    assert api_server.job(busy)["state"] == "running"


def test_ten_slow_clients_keep_nobody_waiting(client, api_server, busy):
    head = (
        f"POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {api_server.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    ).encode()
    slow = [socket.create_connection(place_of(api_server)) for _ in range(10)]
    readers = [socket.create_connection(place_of(api_server)) for _ in range(10)]
    try:
        for one in slow:
            one.sendall(head)
        for one in readers:  # they ask for every step of a job, and read none
            request = f"GET /jobs/{busy}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            one.sendall(f"{request}Authorization: token {api_server.token}\r\n\r\n".encode())
        for _ in range(5):
            assert client.get("/health").status_code == 200
            assert client.get("/jobs").status_code == 200
    finally:
        for one in (*slow, *readers):
            one.close()


@pytest.mark.thorough
def test_a_server_on_two_devices_makes_two_pictures_at_the_same_time(tiny_models, tmp_path):
    with serving_api(tiny_models, tmp_path, {"devices": ["cpu", "cpu"]}) as server:
        assert server.client.get("/health").json()["devices"] == 2
        names = [
            server.client.post("/generate", json=LONG | {"seed": seed}).json()["name"]
            for seed in (1, 2)
        ]
        server.wait(lambda: server.client.get("/health").json()["running"] == 2)
        assert {server.job(name)["state"] for name in names} == {"running"}
        for name in names:
            server.client.delete(f"/jobs/{name}")
            assert server.until(name, "cancelled", "failed")["state"] == "cancelled"


def test_devices_that_are_not_there_are_told_and_nothing_is_served():
    command = [sys.executable, "-m", "medialab.api", f"--port={free_port()}", "--devices", "cuda:9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no 'cuda:9' here; known: cpu" in done.stderr
    assert "token" not in done.stdout


@pytest.mark.parametrize("authorization", [None, "token wrong", "Bearer wrong", ""])
@pytest.mark.parametrize("path", ["/generate", "/models", "/jobs", "/nothing", "/health"])
def test_nobody_without_the_token_is_answered(api_server, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    method = "POST" if path == "/generate" else "GET"
    answer = httpx.request(method, f"{api_server.address}{path}", headers=headers, json={"seed": 1})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "token")
    assert answer.json()["error"]["kind"] == "RequestError"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_a_foreign_host_and_a_foreign_page_are_refused_with_a_token_too(client, headers, status):
    assert client.get("/health", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/generate", b"{broken", 400, "not valid JSON"),
        ("/generate", b"", 400, "not valid JSON"),
        ("/generate", b"[1]", 400, "list"),
        ("/generate", '{"prompt": "grün"}'.encode("latin-1"), 400, "UTF-8"),
        ("/generate", gzip.compress(b'{"seed": 1}', mtime=0), 400, "UTF-8"),
        ("/generate", QUICK | {"stepz": 3}, 422, "stepz"),
        ("/generate", QUICK | {"sampler": "Eular"}, 422, "DPM++ 2M"),
        ("/generate", QUICK | {"checkpoint": "pony"}, 404, "known: paperdoll"),
        ("/generate?wait=-1", QUICK, 422, "wait"),
        ("/generate?weit=1", QUICK, 422, "weit"),
        ("/enhance", {"image": "bm8gcGljdHVyZQ=="}, 422, "not a picture"),
        ("/enhance", {"path": "../models/x.png"}, 422, "no picture"),
        ("/pictures", {"image": in_base64(Image.new("1", (9000, 9000)))}, 413, "too many"),
        ("/nothing", QUICK, 404, "POST /generate"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_with_it(client, path, body, status, said):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    assert said in answer.json()["error"]["message"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/generate", {}, 405),
        ("PUT", "/generate", {}, 405),
        ("DELETE", "/health", {}, 405),
        ("POST", "/generate", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/generate", {"Content-Encoding": "gzip%"}, 415),
        ("GET", "/jobs?state=%FF", {}, 400),
        ("GET", "/jobs/none", {}, 404),
        ("GET", "/jobs/none/events", {}, 404),
        ("DELETE", "/jobs/none", {}, 404),
        ("GET", "/pictures/..%2F..%2Fetc%2Fpasswd.png", {}, 404),
        ("GET", "/pictures/2026-01-01/none.png?form=gif", {}, 422),
        ("GET", "/pictures?text=stepz%3A3", {}, 422),
    ],
)
def test_a_wrong_verb_type_or_name_is_refused(client, method, path, headers, status):
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert ("Allow" in answer.headers) == (status == 405)
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("told", [True, False])
def test_a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not(api_server, told):
    length = f"Content-Length: {2**27}" if told else "Transfer-Encoding: chunked"
    head = (
        f"POST /pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {api_server.token}"
        f"\r\nContent-Type: image/png\r\n{length}\r\n\r\n"
    )
    piece = b"%x\r\n%b\r\n" % (2**20, bytes(2**20))
    with socket.create_connection(place_of(api_server), timeout=TIMEOUT) as connection:
        connection.sendall(head.encode())
        with suppress(OSError):  # the server reads no more of it
            for _ in range(0 if told else 80):
                connection.sendall(piece)
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_picture_is_stored_by_its_bytes_and_shown_smaller(client):
    image = Image.frombytes("RGB", (512, 384), os.urandom(512 * 384 * 3))
    buffer = BytesIO()
    image.save(buffer, "PNG")
    stored = client.post(
        "/pictures", content=buffer.getvalue(), headers={"Content-Type": "image/png"}
    ).json()
    assert stored["told"] == []
    config = QUICK | {"mode": "img2img", "image": stored["picture"]}
    assert client.post(MAKE, json=config).status_code == 200


def test_no_secret_stands_in_a_file_a_log_or_the_process_list(client, api_server):
    token = api_server.token
    client.get(f"/health?token={token}")
    client.get(f"/nothing?token={token}")
    client.post("/generate", json={"steps": 0})
    assert api_server.log.read_text().count(token) == 1
    read = [path.read_bytes() for path in api_server.home.rglob("*") if path.is_file()]
    read += [path.read_bytes() for path in api_server.outputs.rglob("*") if path.is_file()]
    assert not [content for content in read if token.encode() in content]
    server = psutil.Process(api_server.process.pid)
    for process in (server, *server.children(recursive=True)):
        assert token not in " ".join(process.cmdline())
    assert "MEDIALAB_TOKEN" not in worker_of(api_server).environ()


@pytest.mark.parametrize("path", ["/api/kernels", "/api/contents", "/api/terminals", "/files/log"])
def test_who_has_the_token_reaches_no_file_and_no_kernel(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path, json={}).status_code == 404


def test_only_this_machine_is_listened_to(api_server):
    with socket.socket() as other:
        # Were the port taken on every address, this one could not have it too.
        other.bind(("127.0.0.2", place_of(api_server)[1]))


@pytest.mark.thorough
def test_a_port_that_is_taken_is_an_error_and_no_other_is_tried(make, api_server, tiny_models):
    second = subprocess.run(
        make("api", f"PORT={place_of(api_server)[1]}"),
        cwd=ROOT,
        env=environment(api_server.home, tiny_models, api_server.outputs),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert second.returncode != 0
    assert "is in use" in second.stderr


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
def test_the_lines_for_curl_run_as_they_stand(tiny_models, tmp_path):
    """With the models that docs/api.md names beside the tiny checkpoint; Klein is a tiny one."""
    from tests.tiny.flux2_klein import make_pipeline

    page = (ROOT / "docs" / "api.md").read_text()
    (script,) = (one for one in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "curl" in one)
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    make_pipeline().save_pretrained(models / "checkpoints" / "flux-2-klein-4b")
    for name in ("checkpoints/paperdoll-edit", "upscalers/paperdoll-2x.safetensors"):
        copy = shutil.copytree if (ROOT / "models" / name).is_dir() else shutil.copy2
        (models / name).parent.mkdir(exist_ok=True)
        copy(ROOT / "models" / name, models / name)
    for name, colour in (("room", "white"), ("chair", "red")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    some_picture = re.compile(r"\d{4}-\d\d-\d\d/\d{5}-[^\"]*\.png")
    assert some_picture.search(script)
    script = some_picture.sub("""'"$(jq -r '.pictures[0].file' answer.json)"'""", script)
    with serving_api(models, tmp_path / "server") as server:
        script = script.replace("http://127.0.0.1:8000", server.address)
        done = subprocess.run(
            [
                "bash",
                "-euo",
                "pipefail",
                "-c",
                script.replace("http://127.0.0.1:8000", server.address),
            ],
            cwd=tmp_path,
            env=os.environ | {"MEDIALAB_TOKEN": server.token},
            capture_output=True,
            text=True,
            timeout=2 * TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        again, larger, edited, by_others, followed, cars = answers_in(done.stdout)
        first = json.loads((tmp_path / "answer.json").read_text())["pictures"][0]
        kept = (server.outputs / again["pictures"][0]["file"]).read_bytes()
    assert (tmp_path / "tree.png").read_bytes() == kept
    assert larger["pictures"][0]["width"] == 2 * first["width"]
    assert edited["pictures"][0]["width"] == first["width"]
    assert by_others["config"]["instruct"]["references"], by_others
    assert followed["state"] == "done"
    assert "event: done" in (tmp_path / "events.txt").read_text()
    assert (cars["batch"]["done"], len(cars["pictures"])) == (4, 4)
    assert json.loads((tmp_path / "found.json").read_text())["count"] == 2
    assert (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
