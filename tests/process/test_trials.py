"""A trial measures this processor, changes nothing, and is named by all that decides it."""

import torch

from medialab.process import trials
from medialab.process.trials import bfloat16_gain, name_of_trial


def test_the_trial_measures_a_ratio_and_leaves_torch_as_it_was():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    assert 0 < bfloat16_gain() < 1000
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_a_build_without_the_operation_gains_nothing(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("not implemented for 'BFloat16'")

    monkeypatch.setattr(torch.nn.functional, "conv2d", refuse)
    assert bfloat16_gain() == 0


def test_a_busy_moment_does_not_decide(monkeypatch):
    """Where the first attempt shows no gain, the best of several counts."""
    found = iter([0.9, 1.1, 1.9, 3.0])
    monkeypatch.setattr(trials, "_ratio", lambda *_: next(found))
    assert bfloat16_gain() == 1.9


def test_another_processor_torch_or_number_of_threads_is_another_trial(monkeypatch):
    names = {name_of_trial()}
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names.add(name_of_trial())
    monkeypatch.setattr(trials, "processor", lambda _: "another")
    names.add(name_of_trial())
    monkeypatch.setattr(trials, "all_versions", lambda: {"torch": "99"})
    names.add(name_of_trial())
    assert len(names) == 4
