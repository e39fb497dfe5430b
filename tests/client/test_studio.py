"""A studio on a server is used as a workbench is used here, and says what is wrong by name."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.client import RemoteJob, Studio, connection, jobs
from medialab.client.pictures import made_picture
from medialab.errors import (
    ArtifactError,
    BatchError,
    CancelledError,
    ConfigError,
    JobLostError,
    JobNotFoundError,
    ModelNotFoundError,
    PictureError,
    ServerError,
    ServerUnreachableError,
    TokenError,
    WorkerEndedError,
)
from tests.api.serving import LONG, QUICK, free_port

ROOT = Path(__file__).parents[2]
CONFIG = PipelineConfig.parse(QUICK)


@pytest.fixture
def studio(api_server):
    with Studio(api_server.address, api_server.token) as studio:
        yield studio


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    with Workbench(tiny_models, tmp_path_factory.mktemp("here"), device="cpu") as bench:
        yield bench


@contextmanager
def foreign_server(status, content, kind="text/html"):
    """A server that is no studio, and answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.thorough
def test_a_picture_of_a_server_is_that_of_the_workbench_byte_for_byte(studio, bench, tmp_path):
    there, here = studio.execute(CONFIG), bench.execute(CONFIG)
    assert there.artifact.read() == here.artifact.path.read_bytes()
    assert there.config.model_dump(exclude={"created"}) == here.config.model_dump()
    assert there.image.tobytes() == here.image.tobytes()
    assert [one["name"] for one in there.record["stages"]][:2] == [
        one["name"] for one in here.record["stages"]
    ][:2]
    assert (there.artifact.seed, there.artifact.prompt) == (here.artifact.seed, "a red ball")
    assert there._repr_png_() == here._repr_png_()
    assert repr(there) == f"RemoteRun(seed=7, 64 × 64, {there.artifact.name})"
    # A resolved config, sent back, makes the same picture again.
    assert studio.execute(there.config).artifact.read() == there.artifact.read()
    (path,) = there.save(tmp_path / "new")
    assert path.read_bytes() == there.artifact.read()
    assert bench.read_settings(path).config.prompt == "a red ball"
    assert json.loads(path.with_suffix(".json").read_text())["config"]["seed"] == 7
    with pytest.raises(ArtifactError, match="cannot be written"):
        there.artifact.save(path / "below a file")


@pytest.mark.thorough
def test_a_batch_of_one_request_comes_in_order_and_only_what_is_looked_at_is_fetched(
    studio, monkeypatch
):
    asked = []
    content = connection.Connection.content
    monkeypatch.setattr(
        connection.Connection,
        "content",
        lambda self, path, **query: asked.append(path) or content(self, path, **query),
    )
    run = studio.execute(CONFIG.model_copy(update={"batch_size": 2}))
    assert asked == []
    assert [one.seed for one in run.artifacts] == [7, 8]
    assert len(run.images) == 2
    assert run.images[1].size == (64, 64)
    assert asked == [f"pictures/{run.artifacts[1].name}"]
    assert [image.size for image in run.images[:1]] == [(64, 64)]


def test_a_job_is_followed_by_its_events_to_its_run(studio):
    job = studio.submit(PipelineConfig.parse(QUICK | {"seed": 11, "steps": 5}))
    events = list(job.events())
    kinds = [event.kind for event in events]
    assert kinds[0] == "queued"
    assert kinds[-1] == "done"
    assert kinds.index("started") < kinds.index("planned") < kinds.index("stage")
    assert {event.job for event in events} == {job.name}
    assert events[-1].result is job.result()
    assert events[-1].result.config.seed == 11
    # Once it is over, its steps are forgotten; its end is still told.
    assert [event.kind for event in job.events()][-1] == "done"
    assert job.state == "done"
    assert job.seconds > 0
    assert studio.job(job.name).result().artifact.name == job.result().artifact.name
    assert job.name in [one.name for one in studio.jobs()]
    (listed,) = [one for one in studio.jobs() if one.name == job.name]
    assert listed.result().config == job.result().config  # though a list tells no config


def test_steps_have_progress_and_previews(studio, api_server):
    job = studio.submit(PipelineConfig.parse(LONG))
    seen = []
    for event in job.events():
        if event.kind == "step":
            seen.append(event)
            if event.preview is not None:
                break
    assert seen[-1].preview.width > 0
    assert seen[-1].stage == "txt2img"
    assert 0 < seen[-1].step <= seen[-1].steps == 150
    assert job.progress["steps"] == 150
    job.cancel()
    with pytest.raises(CancelledError):
        job.result()
    assert job.state == "cancelled"
    assert [event.kind for event in job.events()][-1] == "cancelled"


def test_waiting_ends_when_it_should_and_ctrl_c_cancels(studio, monkeypatch):
    job = studio.submit(PipelineConfig.parse(LONG | {"seed": 2}))
    assert not job.wait(0.2)
    with pytest.raises(TimeoutError, match="has not ended within"):
        job.result(0)
    job.cancel()
    assert job.wait(60)

    def interrupted(self, timeout=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs.RemoteJob, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        studio.execute(PipelineConfig.parse(LONG | {"seed": 3}))
    assert [one for one in studio.jobs() if one.label == LONG["prompt"]][-1].wait(60)


def test_a_picture_is_sent_along_and_kept_under_the_name_it_has_here(studio, bench, tmp_path):
    image = Image.new("RGB", (48, 32), "orange")
    path = tmp_path / "a photo.png"
    image.save(path)
    assert studio.keep(image) == studio.keep(path) == studio.keep(str(path)) == bench.keep(image)
    assert studio.keep(path.read_bytes()) == bench.keep(image)
    there = studio.enhance(path, CONFIG)
    assert there.artifact.read() == bench.enhance(path, CONFIG).artifact.path.read_bytes()
    for wrong in (tmp_path / "none.png", b"no picture", b""):
        with pytest.raises(PictureError):
            studio.enhance(wrong)


def test_the_servers_pictures_and_models_are_found(studio):
    made = studio.execute(CONFIG).artifact
    assert made.name in [one.name for one in studio.pictures("red ball", seed=7)]
    assert studio.pictures("no such words at all") == []
    assert [one["name"] for one in studio.models("checkpoint")] == ["paperdoll"]
    assert studio.capabilities()["device"]
    with pytest.raises(ConfigError):
        studio.pictures("", order="largest")
    with pytest.raises(ConfigError, match="one at a time"):
        studio.pictures(tag=["one", "two"])
    with pytest.raises(ModelNotFoundError, match="checkpoint, lora"):
        studio.models("no such kind")


@pytest.mark.parametrize(
    ("settings", "kind", "setting", "choice"),
    [
        ({"checkpoint": "papredoll"}, ModelNotFoundError, "checkpoint", "paperdoll"),
        ({"steps": 151}, ConfigError, "steps", ""),
    ],
)
def test_a_refusal_has_its_name_its_setting_and_the_choices(
    studio, settings, kind, setting, choice
):
    # Past the limits of the settings themselves, as another version's would be.
    config = CONFIG.model_copy(update=settings)
    with pytest.raises(kind) as error:
        studio.submit(config)
    assert setting in error.value.setting
    assert not choice or (choice in error.value.choices and choice in str(error.value))


def test_what_a_server_cannot_do_is_refused_before_it_is_asked(studio):
    with pytest.raises(ConfigError, match="a server saves every picture"):
        studio.execute(CONFIG, save=False)
    with pytest.raises(ConfigError, match="no setting 'stepz'"):
        studio.sweep(CONFIG, {"stepz": [1]}, name="wrong")


def test_a_sweep_is_made_by_the_server_and_goes_on_with_what_is_missing(studio):
    axes = {"steps": "1-2", ("width", "height"): [[64, 64], [64, 128]], "prompt": ["a cat", "007"]}
    batch = studio.sweep(CONFIG, axes, name="cats")
    assert len(batch) == 8
    with pytest.raises(BatchError, match="was not started"):
        batch.pictures  # noqa: B018 - it is a property that asks the server
    batch.run()
    assert (batch.failed, len(batch.pictures)) == (0, 8)
    assert [one.prompt for one in batch.pictures].count("007") == 4
    assert {(one.width, one.height) for one in batch.pictures} == {(64, 64), (64, 128)}
    assert batch.pictures[0].image.width == 64
    with pytest.raises(BatchError, match="look at its `pictures`"):
        batch.job.result()
    again = studio.sweep(CONFIG, axes, name="cats").run()
    assert again.failed == 0
    with pytest.raises(BatchError):
        studio.sweep(CONFIG, {"steps": [3]}, name="cats").run()
    with pytest.raises(BatchError):
        studio.sweep(CONFIG, {"steps": [3]}, name="../up")
    some = studio.sweep(CONFIG, {"steps": "1-4"}, "random", count=2, seed=1, name="some").run()
    assert len(some.pictures) == 2


def test_a_job_that_the_server_does_not_know_is_told_as_lost(studio):
    with pytest.raises(JobNotFoundError):
        studio.job("none")
    with pytest.raises(JobNotFoundError):
        studio.job("../health")
    lost = RemoteJob(studio._connection, {"name": "none", "state": "running", "label": "a ball"})
    for ask in (lost.result, lost.cancel, lost.events().__next__, lambda: lost.state):
        with pytest.raises(JobLostError, match="submit the request again"):
            ask()


@pytest.mark.parametrize("token", ["wrong", "a-token-of-the-test"])
def test_a_wrong_token_is_told_as_one(api_server, token):
    with (
        Studio(api_server.address, token) as studio,
        pytest.raises(TokenError, match="does not know this token"),
    ):
        studio.models()
    # It hangs up on what is sent along.
    with (
        Studio(api_server.address, token) as studio,
        pytest.raises(TokenError, match="does not know this token"),
    ):
        studio.enhance(Image.effect_noise((512, 512), 99))


def test_a_token_comes_from_the_environment_or_the_address_and_is_shown_nowhere(
    api_server, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.delenv("MEDIALAB_TOKEN", raising=False)
    for token in (None, "", " "):
        with pytest.raises(TokenError, match="MEDIALAB_TOKEN"):
            Studio(api_server.address, token)
    for token in ("schlüssel", "two\nlines"):
        with pytest.raises(TokenError) as error:
            Studio(api_server.address, token)
        assert token not in str(error.value)
    monkeypatch.setenv("MEDIALAB_TOKEN", api_server.token)
    with (
        Studio(f"{api_server.address}/?token={api_server.token}", "") as with_token,
        Studio(api_server.address) as studio,
        Studio(f"{api_server.address}/none") as elsewhere,
    ):
        run = studio.execute(CONFIG)
        job = with_token.submit(CONFIG)
        job.wait()
        with pytest.raises(ServerError) as error:
            elsewhere.models()
        shown = [studio, with_token, studio._connection, run, run.artifact, job, error.value]
        assert api_server.token not in repr(shown) + str(error.value) + caplog.text
        assert with_token.address == api_server.address


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://ada:s3cret@h", ""],
)
def test_what_is_no_address_is_refused_without_what_may_be_a_secret(address):
    with pytest.raises(ConfigError, match="is not a server's address") as error:
        Studio(address, "token")
    assert "s3cret" not in str(error.value)


def test_where_no_server_is_the_address_and_what_to_try_are_told(monkeypatch):
    port = free_port()
    with pytest.raises(ServerUnreachableError, match=rf"127.0.0.1:{port}.*make api"):
        Studio(f"http://127.0.0.1:{port}", "token").models()
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    with socket.socket() as deaf, socket.socket() as one, socket.socket() as two:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)  # takes one connection, and answers none
        for full in (one, two):
            full.setblocking(False)
            full.connect_ex(deaf.getsockname())
        with pytest.raises(ServerUnreachableError, match="did not answer within"):
            Studio(f"http://127.0.0.1:{deaf.getsockname()[1]}", "token").models()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, b"<html>", "text/html"),
        (404, b"<html>", "text/html"),
        (502, b"", "text/plain"),
        (302, b"", "text/html"),
        (404, b'{"error": "none"}', "application/json"),
        (404, b'["error"]', "application/json"),
    ],
)
def test_what_is_no_studio_is_told_as_such(status, content, kind):
    with (
        foreign_server(status, content, kind) as address,
        Studio(address, "token") as studio,
        pytest.raises(ServerError, match="not the studio's API"),
    ):
        studio.models()


def test_a_servers_error_of_an_unknown_name_is_still_told():
    told = {
        "error": {
            "kind": "NewError",
            "message": "too new",
            "faults": [{"field": "a", "choices": ["b"]}],
        }
    }
    content = json.dumps(told).encode()
    with (
        foreign_server(422, content, "application/json") as address,
        Studio(address, "token") as studio,
        pytest.raises(ServerError) as error,
    ):
        studio.models()
    assert str(error.value) == "too new; known: b"
    assert (error.value.setting, error.value.choices) == ("a", ("b",))


def test_no_picture_is_written_outside_the_folder(tmp_path):
    told = {"seed": 1, "prompt": "", "width": 1, "height": 1}
    with foreign_server(200, b"content") as address:
        link = connection.Connection(address, "token")
        for name, file in {"../../up.png": "up.png", "a\\..\\up.png": "up.png", "..": ""}.items():
            picture = made_picture(told | {"file": name}, link)
            if file:
                assert picture.save(tmp_path / "in") == tmp_path / "in" / file
            else:
                with pytest.raises(ServerError):
                    picture.save(tmp_path / "in")
        link.close()
    assert sorted(one.name for one in tmp_path.rglob("*.*")) == ["up.json", "up.png"]


@pytest.mark.thorough
def test_importing_the_client_loads_neither_torch_nor_the_server():
    code = "import sys, medialab.client; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    heavy = {"torch", "diffusers", "transformers", "jupyter_server", "tornado", "IPython", "pandas"}
    assert heavy & set(loaded) == set()
    assert [name for name in loaded if name.startswith("medialab.api")] == []


@pytest.mark.thorough
def test_when_the_process_that_makes_a_picture_dies_the_reason_is_told(studio, api_server):
    job = studio.submit(PipelineConfig.parse(LONG | {"seed": 5}))
    api_server.wait(lambda: job.progress["step"])
    (worker,) = psutil.Process(api_server.process.pid).children()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerEndedError):
        job.result(60)
