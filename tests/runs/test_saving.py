"""A picture that is on the disk already is shown, and written once."""

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench

SOON = 120
QUICK = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


def test_the_same_request_twice_is_one_file(bench):
    first, second = bench.execute(QUICK), bench.execute(QUICK)
    assert first.already_there == [False]
    assert second.already_there == [True]
    assert second.artifact == first.artifact
    assert second.image.tobytes() == first.image.tobytes()
    assert bench.artifacts.count() == 1


def test_whoever_wants_a_second_file_gets_it(bench):
    first = bench.execute(QUICK)
    second = bench.submit(QUICK, duplicates=True).result(SOON)
    assert second.artifact.path != first.artifact.path
    assert second.artifact.path.read_bytes() == first.artifact.path.read_bytes()


def test_a_run_from_a_stage_on_that_changes_no_pixel_writes_nothing(bench):
    first = bench.execute(QUICK)
    again = bench.rerun(first, from_stage="txt2img")
    assert not again.record["stages"][-1]["cached"]
    assert again.already_there == [True]
    assert bench.rerun(first, from_stage="finish", changes={"sharpen": 1.0}).already_there == [
        False
    ]


def test_another_format_or_name_is_another_file(bench):
    bench.execute(QUICK)
    assert bench.execute(QUICK.changed(format="webp")).already_there == [False]
    assert bench.execute(QUICK.changed(file_name="{seed}")).already_there == [False]
    assert bench.artifacts.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: path.rename(path.with_name("00077-moved.png")),
        lambda path: Image.new("RGB", (64, 64)).save(path),
        lambda path: path.with_suffix(".json").write_text("{}"),
    ],
    ids=["deleted", "moved", "changed", "its sidecar broken"],
)
def test_a_file_that_is_not_the_same_any_more_is_written_anew(bench, change):
    change(bench.execute(QUICK).artifact.path)
    assert bench.execute(QUICK).already_there == [False]


def test_a_deleted_picture_is_made_again(bench):
    bench.artifacts.delete(bench.execute(QUICK).artifact.path)
    assert bench.execute(QUICK).artifact.path.exists()


def test_a_picture_of_a_batch_is_the_one_that_was_made_alone(bench):
    alone = bench.execute(QUICK.changed(seed=8))
    batch = bench.execute(QUICK.changed(batch_size=2))
    assert batch.already_there == [False, True]
    assert batch.artifacts[1] == alone.artifact


def test_another_session_finds_it_and_leaves_stars_and_tags(bench, tiny_models):
    first = bench.execute(QUICK)
    bench.artifacts.annotate(first.artifact.path, stars=4, tags=["kept"])
    with Workbench(tiny_models, bench.artifacts.folder, "cpu") as other:
        again = other.execute(QUICK)
    assert again.already_there == [True]
    assert (again.artifact.stars, again.artifact.tags) == (4, ("kept",))


def test_a_run_that_is_not_saved_says_nothing_of_files(bench):
    bench.execute(QUICK)
    assert bench.execute(QUICK, save=False).already_there == []
