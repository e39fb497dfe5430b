"""A batch on a viewer is made, stopped, resumed, and tells how far it is."""

import time

import pytest

from medialab.errors import ModelNotFoundError

SECONDS = 60


def wait_until(is_so):
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def told(panel):
    return panel.bar.batch["state"], panel.bar.batch["told"]


def test_a_batch_is_opened_without_being_started_and_then_made(begun, panel_of):
    panel = panel_of(begun({"seed": "1-3"}))
    assert told(panel) == ("waiting", "0 of 3 made · time not known yet")
    assert panel.bar.batch["left"] == 3
    panel.act("run", {})
    assert panel.resume() is panel.run  # once more has no effect
    assert panel.run.wait(SECONDS)
    wait_until(lambda: told(panel) == ("done", "3 of 3 made"))
    assert panel.bar.batch["share"] == 1
    assert all(panel.tiles.path(row) for row in range(3))


def test_a_stopped_batch_goes_on_with_what_is_missing(bench, begun, panel_of):
    made = []
    panel = panel_of(begun({"seed": "1-3"}, steps=40), event=made.append)
    panel.resume()
    wait_until(lambda: any(event.kind == "step" for event in made))
    panel.act("stop", {})
    assert panel.run.wait(SECONDS)
    wait_until(lambda: panel.bar.batch["state"] == "stopped")
    assert bench.artifacts.count() < 3
    again = panel_of(bench.batch("poster"))  # as after a restart of the kernel
    again.resume()
    assert again.run.wait(SECONDS)
    wait_until(lambda: again.bar.batch["state"] == "done")
    assert bench.artifacts.count() == 3


def test_a_batch_that_is_made_but_not_measured_is_resumed(bench, begun, panel_of):
    """As after a kernel that was killed while it measured."""
    begun({"seed": [1, 2, 1]}, make=True).measured.ask("sharpness")
    panel = panel_of(bench.batch("poster"))
    assert told(panel) == ("stopped", "3 of 3 made · 2 to measure")
    assert panel.bar.batch["left"] == 2
    panel.act("run", {})
    assert panel.run.wait(SECONDS)
    wait_until(lambda: told(panel) == ("done", "3 of 3 made"))
    assert panel.bar.batch["left"] == 0
    assert not bench.batch("poster").table["sharpness"].isna().any()


def test_rows_of_the_same_picture_are_made_once_and_both_shown(bench, begun, panel_of):
    panel = panel_of(begun({"seed": [1, 2, 1]}))
    panel.resume()
    assert panel.run.wait(SECONDS)
    wait_until(lambda: told(panel) == ("done", "3 of 3 made"))
    assert panel.tiles.path(0) == panel.tiles.path(2)
    assert bench.artifacts.count() == 2


def test_a_picture_that_fails_is_told_on_its_tile_and_tried_again(
    begun, bench, panel_of, monkeypatch
):
    panel = panel_of(begun({"seed": "1-2"}))
    submit = bench.submit

    def refuse(config, **options):
        if config.seed == 1:
            raise ModelNotFoundError("no checkpoint 'pony'")
        return submit(config, **options)

    monkeypatch.setattr(bench, "submit", refuse)
    panel.resume()
    assert panel.run.wait(SECONDS)
    wait_until(lambda: panel.bar.batch["state"] == "stopped")
    assert (panel.bar.batch["failed"], panel.bar.batch["left"]) == (1, 1)
    assert panel._viewer.grid["badges"] == ["failed", ""]
    panel.tiles.open(0)
    assert panel.bar.notice["text"] == "Seed 1: no checkpoint 'pony'"
    assert panel.bar.notice["is_error"]
    monkeypatch.setattr(bench, "submit", submit)
    panel.resume()
    assert panel.run.wait(SECONDS)
    wait_until(lambda: told(panel) == ("done", "2 of 2 made"))
    assert panel._viewer.grid["badges"] == ["", ""]


def test_rows_of_a_larger_batch_are_forgotten_with_it(begun, panel_of):
    panel = panel_of(begun({"seed": "1-3"}, name="large", make=True))
    assert told(panel) == ("done", "3 of 3 made")
    panel.open(begun({"seed": "5-6"}, name="small"))
    assert told(panel)[0] == "waiting"
    assert told(panel)[1].startswith("0 of 2 made")
    panel.resume()
    assert panel.run.wait(SECONDS)
    wait_until(lambda: told(panel) == ("done", "2 of 2 made"))


def test_what_stops_a_batch_is_told_in_its_line(begun, bench, panel_of, monkeypatch):
    panel = panel_of(begun({"seed": "1-5"}))

    def refuse(config, **options):
        raise ModelNotFoundError("no checkpoint 'pony'")

    monkeypatch.setattr(bench, "submit", refuse)
    panel.resume()
    assert panel.run.wait(SECONDS)
    wait_until(lambda: panel.bar.notice["is_error"])
    assert panel.bar.notice["text"].startswith("3 pictures in a row failed for the same reason")
    assert panel.bar.batch["state"] == "failed"


def test_a_tile_opens_its_picture_here_or_where_the_owner_shows_it(begun, panel_of):
    batch = begun({"seed": "1-2"}, make=True)
    panel = panel_of(batch)
    panel.tiles.open(1)
    assert (panel._viewer.mode, panel._viewer.tile) == ("view", 1)
    assert panel._viewer.file_name == panel.tiles.path(1).name
    looked = []
    panel_of(batch, look=looked.append).tiles.open(0)
    assert [one.seed for one in looked] == [1]


def test_another_batch_is_opened_while_one_is_made_which_is_found_again(bench, begun, panel_of):
    panel = panel_of(begun({"seed": "1-4"}, steps=30))
    panel.resume()
    panel.open(begun({"seed": "8-9"}, "other"))
    assert (told(panel)[0], [*panel.running]) == ("waiting", ["poster"])
    panel.open(bench.batch("poster"))
    assert panel.is_running
    panel.stop()
    assert panel.run.wait(SECONDS)


def test_a_batch_that_is_put_away_is_in_the_line_no_more(begun, panel_of):
    closed = []
    panel = panel_of(begun({"seed": "1-2"}), close=lambda: closed.append(True))
    assert "close" in panel.bar.offers
    panel.act("close", {})
    assert (panel.batch, panel.bar.batch["name"], closed) == (None, "", [True])
    with pytest.raises(LookupError, match="no batch is open"):
        panel.resume()
    panel.act("run", {})  # a click that comes too late


def test_it_is_exported_as_the_file_that_papermill_takes(begun, panel_of, monkeypatch):
    from medialab.batch.files import parse_batch

    batch = begun({"seed": "1-2", "guidance_scale": [3, 5]})
    panel, sent = panel_of(batch), []
    monkeypatch.setattr(panel.bar, "send", sent.append)
    panel.act("export", {})
    assert sent[0]["name"] == "poster.yaml"
    read = parse_batch(sent[0]["text"], "poster.yaml")
    assert (read.name, len(read.sweep)) == ("poster", 4)
    assert [*read.sweep.configs()] == [*batch.sweep.configs()]
