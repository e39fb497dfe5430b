"""What every executor must do: the kernel's own, and that of other processes, one or several."""

import threading

import pytest

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError, MediaLabError, ModelRefusedError
from medialab.runs.executor import Executor
from medialab.runs.request import Request

SOON = 120
QUICK = PipelineConfig(prompt="a red ball", steps=3, width=64, height=64, seed=7)
LONG = QUICK.changed(steps=150, prompt="a long one")
ENDS = {"done", "failed", "cancelled"}
PLACES = {"in the kernel": None, "in another process": "cpu", "in two processes": "cpu, cpu"}


def workbench_on(devices, models, outputs):
    if devices is None:
        return Workbench(models, outputs, "cpu")
    return Workbench(models, outputs, devices=devices)


@pytest.fixture(scope="module", params=PLACES)
def bench(request, tiny_models, tmp_path_factory):
    """A workbench on one of the executors."""
    outputs = tmp_path_factory.mktemp("outputs")
    with workbench_on(PLACES[request.param], tiny_models, outputs) as workbench:
        workbench.execute(QUICK)  # its workers begin here, and outlive each test
        for device in getattr(workbench.executor, "devices", ()):
            device.start()
            device.process.device()
        yield workbench


@pytest.fixture
def executor(bench):
    return bench.executor


@pytest.fixture
def heard(executor):
    """Every event from now on."""
    events = []
    forget = executor.listen(events.append)
    yield events
    forget()


@pytest.fixture
def ask(bench, executor):
    """Submits a request with its config resolved, as any executor takes it."""

    def submit(config=QUICK, **options):
        request = Request(bench.resolve(config), **{"save": False} | options)
        return executor.submit(request, label=config.prompt)

    return submit


@pytest.fixture
def busy(ask, executor):
    """A job that runs until it is cancelled; gives it when nothing else can be begun."""
    began, all_began = set(), threading.Event()

    def hear(event):
        if event.kind == "step":
            began.add(event.job)
        if len(began) == executor.at_once:
            all_began.set()

    forget = executor.listen(hear)
    jobs = [ask(LONG.changed(seed=seed), anew_from="prompt") for seed in range(executor.at_once)]
    assert all_began.wait(SOON)
    forget()
    yield jobs[0]
    for job in jobs:
        job.cancel()
        assert isinstance(job.error(SOON), CancelledError)


def of(events, job):
    return [event for event in events if event.job == job.name]


def test_it_is_an_executor(executor):
    assert isinstance(executor, Executor)


def test_a_request_comes_back_as_a_run_with_the_bytes_of_any_other_executor(
    bench, ask, tiny_models, tmp_path
):
    with Workbench(tiny_models, tmp_path, "cpu") as plain:
        expected = plain.execute(QUICK.changed(seed=8), save=False)
    job = ask(QUICK.changed(seed=8), save=True)
    run = job.result(SOON)
    assert (job.state, job.label) == ("done", QUICK.prompt)
    assert run.image.tobytes() == expected.image.tobytes()
    assert run.config.seed == 8
    assert run.artifact.path.is_relative_to(bench.artifacts.folder)
    assert [stage["name"] for stage in run.record["stages"]] == [
        stage["name"] for stage in expected.record["stages"]
    ]


def test_events_come_in_order_and_the_last_before_the_run(ask, heard):
    job = ask(QUICK.changed(seed=9))
    job.result(SOON)
    own = of(heard, job)
    kinds = [event.kind for event in own]
    assert kinds[:3] == ["queued", "started", "planned"]
    assert kinds[-1] == "done"
    assert kinds.count("done") == 1
    steps = [event.step for event in own if event.kind == "step" and event.stage == "txt2img"]
    assert steps == [1, 2, 3]
    assert any(event.preview is not None for event in own)
    assert own[-1].result.image.tobytes() == job.result().image.tobytes()


def test_one_that_runs_is_cancelled_at_its_next_step(busy, executor, heard):
    assert executor.find(busy.name) is not None
    executor.cancel(busy.name)
    with pytest.raises(CancelledError):
        busy.result(SOON)
    assert busy.state == "cancelled"
    assert [event.kind for event in of(heard, busy)][-1] == "cancelled"
    assert executor.find(busy.name) is None


def test_one_that_waits_leaves_at_once(busy, ask, executor, heard):
    waiting = ask()
    assert [job.name for job in executor.jobs()][:: executor.at_once] == [busy.name, waiting.name]
    executor.cancel(waiting.name)
    with pytest.raises(CancelledError):
        waiting.result(0)
    assert [event.kind for event in of(heard, waiting)] == ["queued", "cancelled"]
    assert executor.find(waiting.name) is None
    assert executor.find(busy.name) is busy


def test_those_that_wait_run_in_the_order_they_were_moved_to(busy, ask, executor, heard):
    first, second, third = (ask(QUICK.changed(seed=seed)) for seed in (11, 12, 13))
    executor.move(third.name, 0)
    waiting = executor.jobs()[executor.at_once :]
    assert [job.name for job in waiting] == [third.name, first.name, second.name]
    executor.cancel(busy.name)
    for job in (first, second, third):
        job.result(SOON)
    began = [event.job for event in heard if event.kind == "started"]
    assert began == [third.name, first.name, second.name]


def test_a_failure_has_its_name_and_its_message(bench, executor, heard):
    config = bench.resolve(QUICK).model_copy(update={"checkpoint_sha256": "0" * 64})
    job = executor.submit(Request(config, save=False))
    with pytest.raises(ModelRefusedError, match="is another file now"):
        job.result(SOON)
    assert job.state == "failed"
    last = of(heard, job)[-1]
    assert (last.kind, type(last.error)) == ("failed", ModelRefusedError)
    assert executor.jobs() == []


def test_a_listener_that_stopped_hears_nothing_more(ask, executor):
    events = []
    executor.listen(events.append)()
    ask().result(SOON)
    assert events == []


@pytest.mark.parametrize("kind", ["step", "done"])
def test_a_listener_that_fails_keeps_no_job_from_its_end_and_the_next_ones_are_made(
    ask, executor, kind
):
    def fail(event):
        if event.kind == kind:
            raise ZeroDivisionError

    forget = executor.listen(fail)
    jobs = [ask(anew_from="prompt") for _ in range(2 * executor.at_once)]
    for job in jobs:
        job.error(SOON)  # a kernel's step that fails is a failed job
    forget()
    assert executor.jobs() == []
    again = [ask(anew_from="prompt") for _ in range(2 * executor.at_once)]
    assert [job.result(SOON).config.seed for job in again] == [QUICK.seed] * len(again)


def test_a_workbench_on_it_makes_saves_and_reruns(bench):
    run = bench.execute(QUICK.changed(prompt="a blue hat", seed=-1))
    assert bench.artifacts.load(run.artifact.path).seed == run.config.seed >= 0
    again = bench.rerun(run, from_stage="txt2img", save=False)
    assert again.image.tobytes() == run.image.tobytes()
    assert again.artifacts == []


@pytest.mark.thorough
def test_all_are_cancelled_together_and_a_closed_one_takes_nothing(tiny_models, tmp_path):
    for devices in PLACES.values():
        with workbench_on(devices, tiny_models, tmp_path) as bench:
            jobs = [bench.submit(LONG.changed(seed=seed), save=False) for seed in (1, 2, 3)]
            bench.executor.cancel_all()
            assert [type(job.error(SOON)) for job in jobs] == [CancelledError] * 3
        with pytest.raises(MediaLabError, match="closed"):
            bench.submit(QUICK)
