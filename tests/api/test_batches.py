"""Batches of clients on several devices: real requests to a server with two real processes."""

import json
import signal
import threading
import time
from collections import Counter
from contextlib import closing

import psutil
import pytest

from medialab import PipelineConfig
from medialab.api.service import Service
from medialab.batch import running
from medialab.devices.defects import LOG
from medialab.errors import CancelledError
from tests.api.serving import LONG, QUICK, serving_api

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tiny_models, tmp_path_factory):
    """A server with two devices, both of which are there."""
    with serving_api(tiny_models, tmp_path_factory.mktemp("two"), {"devices": ["cpu"] * 2}) as two:
        jobs = [asked(two, LONG | {"seed": seed}) for seed in (1, 2)]
        for name in jobs:
            two.wait(lambda name=name: two.job(name)["progress"]["step"])
        for name in jobs:
            two.client.delete(f"/jobs/{name}")
            two.until(name, "cancelled")
        yield two


def asked(server, request):
    return server.client.post("/generate", json=request).json()["name"]


def begun(server, name, seeds, **more):
    batch = {"name": name, "settings": QUICK | {"steps": 8} | more, "axes": {"seed": seeds}}
    answer = server.client.post("/batches", json=batch)
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()["name"]


def workers(server):
    """The processes of the devices."""
    children = psutil.Process(server.process.pid).children()
    return [one for one in children if "medialab.worker" in one.cmdline()]


def seeds_of(server, first, last):
    """How often each seed of a range is among the saved pictures."""
    found = server.client.get("/pictures?limit=200").json()["pictures"]
    return Counter(one["seed"] for one in found if first <= one["seed"] <= last)


def events_of(server, job):
    """What is told of a job that has ended, as (kind, data)."""
    parts = server.client.get(f"/jobs/{job}/events").text.split("\n\n")
    found = [dict(line.partition(": ")[::2] for line in one.splitlines()) for one in parts]
    return [(one["event"], json.loads(one["data"])) for one in found if "event" in one]


def counted(server, name):
    """What the server counts under a name so far; 0 for what it has not counted yet."""
    lines = (one.rpartition(" ") for one in server.client.get("/metrics").text.splitlines())
    return next((float(value) for found, _, value in lines if found == name), 0.0)


def rows_of(server, job):
    return [data["row"] for kind, data in events_of(server, job) if kind == "row"]


@pytest.mark.thorough
def test_pictures_of_a_batch_are_drawn_on_all_devices_at_once(server):
    job = begun(server, "both", "1-4", steps=60, width=128, height=128)
    server.until(job, "done")
    events = events_of(server, job)
    begin = [data["row"] for kind, data in events if kind == "stage" and data["stage"] == "txt2img"]
    first_end = next(at for at, (kind, _) in enumerate(events) if kind == "row")
    at_once = {data["row"] for kind, data in events[:first_end] if kind == "stage"}
    assert sorted(begin) == [0, 1, 2, 3]
    assert {0, 1} <= at_once


def test_a_process_that_is_killed_takes_nothing_along(server):
    counts = 'medialab_jobs_ended_total{kind="batch",state="done"}', "medialab_worker_deaths_total"
    before = [counted(server, one) for one in counts]
    job = begun(server, "killed", "101-112", steps=20)  # not all made before one is killed
    server.wait(lambda: server.job(job)["batch"]["done"] >= 2)
    assert [one["name"] for one in server.client.get("/jobs?state=running").json()["jobs"]] == [job]
    first, _ = workers(server)
    first.send_signal(signal.SIGKILL)
    done = server.until(job, "done", "failed", "cancelled")
    assert (done["state"], done["error"]) == ("done", None)
    assert done["batch"] == {"name": "killed", "rows": 12, "done": 12, "failed": 0}
    assert {one["seed"] for one in done["pictures"]} == {*range(101, 113)}
    assert seeds_of(server, 101, 112) == Counter(range(101, 113))
    assert sorted(rows_of(server, job)) == [*range(12)]
    assert [counted(server, one) for one in counts] == [one + 1 for one in before]


def test_a_batch_that_was_cancelled_goes_on_with_what_is_missing(server):
    first = begun(server, "resumed", "301-308", steps=20)
    server.wait(lambda: server.job(first)["batch"]["done"] >= 2)
    server.client.delete(f"/jobs/{first}")
    cancelled = server.until(first, "cancelled", "done")
    assert 2 <= cancelled["batch"]["done"] < 8
    again = server.until(begun(server, "resumed", "301-308", steps=20), "done", "failed")
    assert again["batch"] == {"name": "resumed", "rows": 8, "done": 8, "failed": 0}
    before = {one["file"] for one in cancelled["pictures"]}
    assert before <= {one["file"] for one in again["pictures"]}
    assert seeds_of(server, 301, 308) == Counter(range(301, 309))


def test_a_batch_that_is_asked_for_twice_at_the_same_moment_is_made_once(server):
    jobs, moment = [], threading.Barrier(4)

    def ask():
        moment.wait()
        jobs.append(begun(server, "twice", "401-406"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = [server.until(job, "done", "failed") for job in jobs]
    assert [(one["state"], one["batch"]["done"]) for one in ended] == [("done", 6)] * 4
    assert sum(len(rows_of(server, job)) for job in jobs) == 6
    assert seeds_of(server, 401, 406) == Counter(range(401, 407))


def test_a_picture_is_not_kept_waiting_by_a_batch_of_the_same_client(server):
    batch = begun(server, "patient", "501-520", steps=20)
    server.wait(lambda: server.job(batch)["batch"]["done"])
    name = asked(server, QUICK | {"seed": 521})
    server.until(name, "done")
    assert server.job(batch)["batch"]["done"] < 18
    server.client.delete(f"/jobs/{batch}")
    server.until(batch, "cancelled")


def test_what_is_to_be_measured_of_a_batch_is_measured_when_its_pictures_are_made(server):
    batch = {
        "name": "measured",
        "settings": QUICK | {"seed": 601},
        "axes": {"seed": "601-602"},
        "metrics": ["sharpness"],
    }
    done = server.client.post("/batches?wait=100", json=batch).json()
    assert (done["state"], done["batch"]["done"]) == ("done", 2)
    lines = (server.outputs / "batches" / "measured" / "metrics.jsonl").read_text().splitlines()
    assert sum('"values"' in line for line in lines) == 2


def test_a_batch_that_is_cancelled_before_it_is_measured_is_measured_when_it_is_asked_for_again(
    tiny_models, tmp_path
):
    with closing(Service(tiny_models, tmp_path)) as service:
        seeds = {"seed": "1,2"}
        batch = service.bench.sweep(PipelineConfig(**QUICK), seeds, name="two", metrics="sharpness")
        assert service.batches.submit("two", rows=2, owner="one").error(120) is None
        batch.measured.file.unlink()
        batch.measured.ask("mean_colour")
        service.executor.pause()
        job = service.batches.submit("two", rows=2, owner="one")
        end = time.monotonic() + 60
        while not [one for one in service.executor.jobs() if one.kind == "metrics"]:
            assert time.monotonic() < end
            time.sleep(0.01)
        job.cancel()
        assert isinstance(job.error(60), CancelledError)
        assert (job.state, job.rows["done"]) == ("cancelled", 2)
        assert service.executor.jobs() == []
        service.executor.go_on()
        assert service.batches.submit("two", rows=2, owner="one").error(120) is None
        assert not service.bench.batch("two").table["mean_colour"].isna().any()


def test_a_batch_that_the_machine_cannot_begin_is_a_failed_job_and_the_next_one_begins(
    tiny_models, tmp_path, monkeypatch
):
    """A machine with too many threads; nothing waits for that job for ever."""

    def refused(**_):
        raise RuntimeError("can't start new thread")

    with closing(Service(tiny_models, tmp_path)) as service:
        service.bench.sweep(PipelineConfig(**QUICK), {"seed": "1,2"}, name="two")
        with monkeypatch.context() as machine:
            machine.setattr(running, "ThreadPoolExecutor", refused)
            job = service.batches.submit("two", rows=2, owner="one")
            assert "new thread" in str(job.error(60))
        assert service.batches.jobs() == []
        assert "new thread" in (tmp_path / LOG).read_text()
        assert service.batches.submit("two", rows=2, owner="one").error(120) is None
