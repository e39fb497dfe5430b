"""The picture on the canvas is made again from a stage on, and from no other picture."""

import pytest

SECONDS = 120


def test_a_stage_chosen_on_the_strip_runs_again_from_there_with_its_own_inputs(drawn):
    drawn.form.set({"sharpen": 1.5})
    drawn.form.set({"prompt": "another prompt, which stands before the stage"})
    drawn.canvas.foot.act("again", "finish")
    run = drawn.wait(SECONDS)
    assert (run.config.sharpen, run.config.prompt) == (1.5, "a green tree")
    states = {one["name"]: one["cached"] for one in run.record["stages"]}
    assert states == {"prompt": True, "txt2img": True, "finish": False}


def test_running_again_without_a_picture_of_ours_says_what_to_do(studio):
    with pytest.raises(LookupError, match="choose one in the history"):
        studio.rerun("finish")


def test_a_live_picture_is_saved_without_drawing_it_again(drawn):
    drawn.form.set({"sharpen": 1.5})
    drawn.session.submit_live(drawn.config())
    assert drawn.wait(SECONDS).artifacts == []
    drawn.canvas.foot.act("save")
    run = drawn.wait(SECONDS)
    assert run.artifact.path.exists()
    assert all(one["cached"] for one in run.record["stages"])
