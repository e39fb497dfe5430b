"""A request is worked out once: check, keys, explain and run read one plan."""

from collections import Counter

import pytest

from medialab import PipelineConfig
from medialab.config.pipeline import PipelineConfig as Config
from medialab.stages import STAGES

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7, sharpen=0.5)


def test_a_plan_has_the_stages_that_run_with_settings_models_and_keys(bench):
    plan = bench._resolver.plan(ASKED.changed(batch_size=2))
    assert [picture.config.seed for picture in plan.pictures] == [7, 8]
    for picture in plan.pictures:
        active = [stage for stage in STAGES if picture.config.runs(stage.name)]
        assert [one.stage for one in picture.stages] == active
        before = ""
        for one in picture.stages:
            assert one.settings == picture.config.settings_for(one.name, one.stage.settings)
            assert list(one.models) == list(one.stage.models(one.settings))
            assert (one.key.stage, one.key.before) == (one.name, before)
            before = one.key.digest
    digests = [{one.key.digest for one in picture.stages} for picture in plan.pictures]
    assert len(digests[0] & digests[1]) == 1  # another seed changes what is drawn, no prompt


def test_explain_tells_of_the_keys_of_the_plan_that_runs(bench):
    bench.execute(ASKED, save=False)
    first = bench._resolver.plan(ASKED).pictures[0]
    told = bench.explain(ASKED)
    assert [one.stage for one in told] == [one.name for one in first.stages]
    assert all(one.hit for one in told)
    assert bench._maker.pipeline().unmade(first) == []


@pytest.mark.parametrize("kind", ["checkpoint", "detector", "embedding", "lora", "vae"])
def test_a_cached_run_looks_through_a_kind_of_models_twice_at_most(bench, monkeypatch, kind):
    """Once to check it on the caller's thread, and once on the worker, however much later."""
    bench.execute(ASKED, save=False)
    scans, scan = Counter(), bench.registry._files.scan
    monkeypatch.setattr(
        bench.registry._files, "scan", lambda kind: (scans.update([kind]), scan(kind))[1]
    )
    bench.execute(ASKED, save=False)
    assert scans[kind] <= 2


def test_a_stages_settings_are_worked_out_three_times_a_request(bench, monkeypatch):
    """For the check, for the request, and for the picture."""
    bench.execute(ASKED, save=False)
    asked, settings_for = Counter(), Config.settings_for

    def counted(self, stage, settings):
        asked[stage] += 1
        return settings_for(self, stage, settings)

    monkeypatch.setattr(Config, "settings_for", counted)
    bench.execute(ASKED, save=False)
    assert max(asked.values()) == 3


@pytest.fixture(params=["matmul", "onednn", "deterministic", "cudnn"])
def set_in_torch(request):
    """A function that sets something in torch that decides bits; all is as before afterwards."""
    import torch

    sets = {
        "matmul": lambda on: torch.set_float32_matmul_precision("medium" if on else "highest"),
        "onednn": lambda on: setattr(torch.backends.mkldnn, "enabled", not on),
        "deterministic": lambda on: torch.use_deterministic_algorithms(on, warn_only=on),
        "cudnn": lambda on: setattr(torch.backends.cudnn, "benchmark", on),
    }[request.param]
    yield sets
    sets(False)


def test_what_is_set_in_torch_is_part_of_every_key(bench, set_in_torch):
    def digests():
        return [one.key.digest for one in bench._resolver.plan(ASKED).pictures[0].stages]

    usual = digests()
    set_in_torch(True)
    others = digests()
    set_in_torch(False)
    assert digests() == usual
    assert set(usual).isdisjoint(others)


def test_a_picture_is_made_anew_once_torch_multiplies_in_another_way(bench):
    import torch

    bench.execute(ASKED, save=False)
    try:
        torch.set_float32_matmul_precision("medium")
        told = {one.reason.partition(";")[0] for one in bench.explain(ASKED)}
    finally:
        torch.set_float32_matmul_precision("highest")
    assert len(told) == 1
    assert "settings of torch usual → float32" in told.pop()
    assert all(one.hit for one in bench.explain(ASKED))
