"""Undo and redo of the form: as far back as one likes, a drag being one step."""

import pytest

from medialab import PipelineConfig
from widgets.undo import MOST, PAUSE, Changes


class Clock:
    """Seconds that go on when they are told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def changes(clock):
    made = Changes(clock)
    made.note(PipelineConfig(steps=1))
    return made


def note(changes, clock, **settings):
    clock.now += 2 * PAUSE
    changes.note(PipelineConfig(**settings))


def test_fifty_changes_are_taken_back_one_by_one_and_made_again(changes, clock):
    for steps in range(2, 53):
        note(changes, clock, steps=steps)
    assert [changes.undo().steps for _ in range(51)] == list(range(51, 0, -1))
    assert not changes.can_undo
    assert [changes.redo().steps for _ in range(51)] == list(range(2, 53))
    assert not changes.can_redo


def test_a_dragged_slider_is_one_change(changes, clock):
    for steps in range(2, 40):
        clock.now += PAUSE / 2
        changes.note(PipelineConfig(steps=steps))
    assert changes.undo().steps == 1


def test_two_settings_changed_at_once_after_another_are_two_changes(changes, clock):
    changes.note(PipelineConfig(steps=2))
    changes.note(PipelineConfig(steps=2, prompt="a cat"))
    assert changes.undo() == PipelineConfig(steps=2)
    assert changes.undo() == PipelineConfig(steps=1)


def test_after_a_new_beginning_nothing_before_it_is_taken_back(changes, clock):
    note(changes, clock, steps=2)
    note(changes, clock, steps=3)
    changes.undo()
    changes.forget()
    assert not changes.can_undo
    assert not changes.can_redo
    note(changes, clock, steps=4)
    assert changes.undo() == PipelineConfig(steps=2)


def test_the_same_settings_again_are_no_change(changes):
    changes.note(PipelineConfig(steps=1))
    assert not changes.can_undo


def test_what_was_taken_back_is_gone_after_another_change(changes, clock):
    note(changes, clock, steps=2)
    changes.undo()
    note(changes, clock, steps=3)
    assert not changes.can_redo
    assert changes.undo().steps == 1


def test_a_change_within_a_stage_counts(changes, clock):
    note(changes, clock, steps=1, face={"denoising_strength": 0.3})
    note(changes, clock, steps=1, face={"denoising_strength": 0.6})
    assert changes.undo().face.denoising_strength == 0.3


def test_the_oldest_are_forgotten(changes, clock):
    for steps in range(2, MOST + 12):
        note(changes, clock, prompt=str(steps))
    for _ in range(MOST):
        changes.undo()
    assert not changes.can_undo
    with pytest.raises(IndexError):
        changes.undo()
