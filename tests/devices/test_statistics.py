"""Jobs that ended are counted by kind and state, stages by how often and how long they ran."""

from medialab.devices.jobs import Job
from medialab.devices.statistics import Statistics


def test_jobs_and_stages_are_counted():
    numbers = Statistics()
    for state in ("done", "done", "failed"):
        job = Job("pictures", "", "", cancel=lambda *_: None)
        job.end(state, run={}, failure={})
        numbers.count(job)
    assert numbers.ended == {("pictures", "done"): 2, ("pictures", "failed"): 1}
    for seconds in (0.5, 1.5):
        numbers.note("stage done", {"stage": "txt2img", "seconds": seconds})
    numbers.note("step", {"stage": "txt2img", "seconds": 9})
    assert (numbers.stages, numbers.seconds) == ({"txt2img": 2}, {"txt2img": 2.0})
