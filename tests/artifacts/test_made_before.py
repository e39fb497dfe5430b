"""A request whose pictures are saved already is known by its settings, to the last one."""

from medialab import PipelineConfig
from medialab.artifacts import Sidecar

QUICK = PipelineConfig(prompt="a red ball", steps=1, width=64, height=64, seed=7)


def test_a_request_that_was_made_is_found_until_anything_differs(bench):
    assert bench.made_before(QUICK) == []
    run = bench.execute(QUICK)
    assert bench.made_before(QUICK) == [run.artifact]
    for changes in ({"steps": 2}, {"sharpen": 0.5}, {"seed": -1}, {"batch_size": 2}):
        assert bench.made_before(QUICK.changed(**changes)) == []
    run.artifact.path.unlink()
    assert bench.made_before(QUICK) == []


def test_a_batch_is_found_when_all_of_it_is_there(bench):
    run = bench.execute(QUICK.changed(batch_size=2, seed=11))
    found = bench.made_before(QUICK.changed(batch_size=2, seed=11))
    assert [one.path for one in found] == [one.path for one in run.artifacts]
    assert [one.path for one in bench.made_before(QUICK.changed(seed=12))] == [
        run.artifacts[1].path
    ]


def test_a_picture_that_was_cancelled_was_not_made(bench):
    run = bench.execute(QUICK)
    sidecar = Sidecar.read(run.artifact.sidecar)
    cancelled = sidecar.model_copy(update={"record": {"interrupted": {"stage": "txt2img"}}})
    run.artifact.sidecar.write_bytes(cancelled.encode())

    assert bench.made_before(QUICK) == []
