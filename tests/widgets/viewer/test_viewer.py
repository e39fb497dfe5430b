"""The viewer's Python half, without a browser."""

import io

import pytest
from PIL import Image
from traitlets import TraitError

from medialab.errors import ConfigError, PictureError
from widgets import uploads
from widgets.uploads import Uploads
from widgets.viewer import Viewer, page_files, picture_size, pictures, viewer


def file_of(size=(12, 8), mode="RGB", colour="red", kind="PNG", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def shown(sent, monkeypatch):
    """A viewer with a picture of 12 x 8 that a page has seen; what it sends then is in `sent`."""
    made = Viewer()
    made.show(file_of())
    made._handle_custom_msg({"kind": "hello"}, [])
    monkeypatch.setattr(
        made, "send", lambda content, buffers=(): sent.append({**content, "buffers": buffers})
    )
    return made


def files_in(sent):
    """The files that the page has after these messages."""
    files = {}
    for message in sent:
        if message["kind"] == "files":
            files.update(zip(message["names"], message["buffers"], strict=True))
    return files


def answers_in(sent):
    return [message["arrived"] for message in sent if message["kind"] == "part"]


def send_parts(shown, content, step=5, purpose="drop", name="new.png", page="page"):
    """As the browser does, `step` bytes a part."""
    for offset in range(0, max(len(content), 1), step):
        message = {
            "kind": "part",
            "upload": "1",
            "purpose": purpose,
            "name": name,
            "size": len(content),
            "page": page,
            "offset": offset,
        }
        shown._handle_custom_msg(message, [memoryview(content[offset : offset + step])])


def errors_in(sent):
    return [message for message in sent if message["kind"] == "error"]


# --- showing --------------------------------------------------------------------------------------
def test_a_picture_is_sent_as_its_own_file(shown, sent):
    shown.show(file_of((20, 10)), file_of((10, 5)))
    assert shown.size == (20, 10)
    files = files_in(sent)
    assert (files["image"], files["left"]) == (file_of((20, 10)), file_of((10, 5)))


def test_a_page_that_comes_is_sent_all_and_the_state_holds_no_picture(shown, sent):
    shown.show_mask(file_of(mode="L", colour=255))
    sent.clear()
    shown._handle_custom_msg({"kind": "hello"}, [])
    files = files_in(sent)
    assert files["image"] == file_of()
    assert files["mask"] == shown.mask
    assert {files["left"], files["right"], files["preview"]} == {b""}
    assert not any(isinstance(value, bytes) for value in shown.get_state().values())


def test_a_file_that_every_page_has_is_not_sent_again(shown, sent):
    shown.show(file_of(), file_of((6, 4)))
    assert files_in(sent) == {"left": file_of((6, 4))}
    sent.clear()
    shown.show(file_of(), file_of((6, 4)))
    assert sent == []


def test_nothing_is_sent_before_a_page_asks(sent, monkeypatch):
    made = Viewer()
    monkeypatch.setattr(made, "send", lambda *message: sent.append(message))
    made.show(file_of())
    assert sent == []


def test_a_broken_picture_is_refused_and_the_old_one_stays(shown, sent):
    for content, why in [
        (b"hello", "not a picture that can be shown; give a PNG, JPEG, WEBP file"),
        (file_of((64, 64))[:-20], "broken"),
        (file_of(kind="GIF"), "not a picture that can be shown"),
    ]:
        with pytest.raises(PictureError, match=why):
            shown.show(content)
    with pytest.raises(PictureError, match="the picture before"):
        shown.show(file_of((9, 9)), b"hello")
    assert shown.size == (12, 8)
    assert sent == []


def test_a_picture_of_too_many_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 99)
    assert picture_size(file_of((9, 11)), "it") == (9, 11)
    with pytest.raises(PictureError, match="it: 10 × 10 pixels are too many"):
        picture_size(file_of((10, 10)), "it")


def test_a_photo_taken_upright_has_its_upright_size():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    assert picture_size(file_of((30, 20), kind="JPEG", exif=exif), "it") == (20, 30)
    assert picture_size(file_of((30, 20), kind="WEBP", exif=exif), "it") == (20, 30)


def test_of_many_previews_five_a_second_are_sent(shown, sent, monkeypatch):
    for tenth in range(10):
        monkeypatch.setattr(viewer, "monotonic", lambda tenth=tenth: 100 + tenth / 10)
        shown.preview(b"step %d" % tenth)
    assert len(sent) == 5
    assert sent[0]["buffers"] == [b"step 0"]


def test_the_finished_picture_takes_the_preview_away(shown, sent):
    shown.preview(file_of(kind="JPEG"))
    assert files_in(sent)["preview"] == file_of(kind="JPEG")
    shown.show(file_of(colour="blue"))
    assert files_in(sent)["preview"] == b""


def test_clear_leaves_nothing(shown, sent):
    shown.show_mask(file_of(mode="L", colour=255))
    shown.boxes = [{"box": [0, 0, 4, 4]}]
    shown.clear()
    assert (shown.size, shown.mask, shown.boxes) == ((0, 0), None, [])
    assert (files_in(sent)["image"], files_in(sent)["mask"]) == (b"", b"")
    sent.clear()
    shown._handle_custom_msg({"kind": "hello"}, [])
    assert files_in(sent) == dict.fromkeys(page_files.NAMES, b"")


def test_the_brush_keeps_its_share_of_the_picture():
    made = Viewer()
    made.show(file_of((1024, 2048)))
    assert made.brush_size == 128
    made.show(file_of((128, 128)))
    assert made.brush_size == 16


# --- mask -----------------------------------------------------------------------------------------
def test_a_painted_mask_arrives_and_is_told_and_other_pages_get_it(shown, sent):
    told = []
    shown.on_mask(told.append)
    mask = file_of(mode="L", colour=255)
    send_parts(shown, mask, purpose="mask")
    assert shown.mask == mask
    assert told == [mask]
    assert files_in(sent) == {"mask": mask}
    assert [message["mask_by"] for message in sent if message["kind"] == "files"] == ["page"]


def test_a_mask_with_nothing_painted_is_none(shown):
    told = []
    shown.on_mask(told.append)
    shown.show_mask(file_of(mode="L", colour=255))
    send_parts(shown, b"", purpose="mask")
    assert shown.mask is None
    assert told == [None]


def test_a_mask_set_by_the_program_is_not_told(shown, sent):
    shown.on_mask(lambda mask: pytest.fail("nobody painted"))
    shown.show_mask(file_of(mode="RGB", colour="white"))
    with Image.open(io.BytesIO(shown.mask)) as mask:
        assert (mask.mode, mask.size, mask.getextrema()) == ("L", (12, 8), (255, 255))
    assert sent[-1]["mask_by"] == ""


def test_a_mask_of_another_size_is_refused(shown, sent):
    with pytest.raises(PictureError, match="the mask has 5 × 5 pixels, the picture 12 × 8"):
        shown.show_mask(file_of((5, 5), "L", 255))
    send_parts(shown, file_of((5, 5), "L", 255), purpose="mask")
    assert errors_in(sent)[0]["name"] == "Check the picture"
    assert shown.mask is None


def test_the_mask_stays_on_pictures_of_its_size_and_waits_while_others_are_shown(shown, sent):
    mask = file_of(mode="L", colour=255)
    shown.show_mask(mask)
    shown.show(file_of(colour="blue"))
    assert shown.mask == mask
    shown.show(file_of((24, 16)))
    assert shown.mask is None
    assert files_in(sent)["mask"] == b""
    shown.show(file_of((48, 32)))
    assert shown.mask is None
    shown.show(file_of())
    assert shown.mask == files_in(sent)["mask"] == mask


def test_a_mask_that_waits_is_forgotten_when_another_is_painted_or_all_is_cleared(shown):
    for act in (lambda: shown.show_mask(None), shown.clear):
        shown.show(file_of())
        shown.show_mask(file_of(mode="L", colour=255))
        shown.show(file_of((24, 16)))
        act()
        shown.show(file_of())
        assert shown.mask is None


def test_a_new_picture_under_the_mask_is_seen_until_a_person_paints_again(shown):
    shown.show_mask(file_of(mode="L", colour=255))
    shown.show(file_of())
    assert shown.shows_mask  # the same picture again
    shown.show(file_of(colour="blue"))
    assert not shown.shows_mask
    send_parts(shown, file_of(mode="L", colour=128), purpose="mask")
    assert shown.shows_mask


# --- two pictures ---------------------------------------------------------------------------------
def test_any_two_pictures_are_compared_under_their_names(shown, sent):
    shown.compare(file_of((20, 10)), file_of((5, 5)), ("Face", "Hand"), how="blink")
    files = files_in(sent)
    assert (files["left"], files["right"]) == (file_of((20, 10)), file_of((5, 5)))
    assert "image" not in files
    assert (shown.mode, shown.how, shown.labels) == ("compare", "blink", ("Face", "Hand"))
    assert shown.size == (12, 8)


def test_a_picture_and_the_one_before_are_compared_and_without_one_compare_ends(shown, sent):
    shown.show(file_of(), file_of((6, 4)), labels=("Text to image", "Face"))
    shown.mode = "compare"
    assert (shown._files["right"], shown.labels) == (b"", ("Text to image", "Face"))
    shown.show(file_of(colour="blue"), file_of((6, 4)))
    assert (shown.mode, shown.labels) == ("compare", ("Before", "After"))
    shown.show(file_of())
    assert (shown.mode, files_in(sent)["left"]) == ("view", b"")


def test_a_picture_that_cannot_be_compared_is_named_and_nothing_changes(shown, sent):
    with pytest.raises(PictureError, match="Hand is not a picture"):
        shown.compare(file_of(), b"hello", ("Face", "Hand"))
    with pytest.raises(TraitError):
        shown.compare(file_of(), file_of(), how="by smell")
    assert (shown.mode, shown.labels, sent) == ("view", ("Before", "After"), [])


def test_the_name_for_the_download_is_that_of_the_picture_shown(shown):
    shown.show(file_of(), file_name="00012-cat.png")
    assert shown.file_name == "00012-cat.png"
    shown.show(file_of())
    assert shown.file_name == ""


# --- many pictures --------------------------------------------------------------------------------
def tiles_of(*sizes):
    return [{"image": file_of(size), "label": f"seed {at}"} for at, size in enumerate(sizes)]


def tiles_in(sent):
    """The tiles that the page has after these messages."""
    tiles = {}
    for message in sent:
        if message["kind"] == "tiles":
            tiles.update(zip(message["indices"], message["buffers"], strict=True))
    return tiles


class Source:
    """Has some pictures of a grid."""

    def __init__(self, made=()):
        self.made, self.opened, self.compared = dict(made), [], []

    def small(self, index):
        return self.made.get(index, b"")

    def open(self, index):
        self.opened.append(index)

    def compare(self, left, right):
        self.compared.append((left, right))


def test_a_grid_is_shown_and_its_tiles_are_sent_when_a_page_asks(shown, sent):
    shown.show_grid(tiles_of((20, 10), (9, 9), (9, 9)))
    assert shown.mode == "grid"
    assert (shown.grid["labels"], shown.grid["across"]) == (["seed 0", "seed 1", "seed 2"], 0)
    assert shown.grid["size"] == [20, 10]
    assert sent == []
    number = shown.grid["number"]
    shown._handle_custom_msg({"kind": "tiles", "number": number, "indices": [0, 2, 9]}, [])
    assert tiles_in(sent) == {0: file_of((20, 10)), 2: file_of((9, 9))}
    shown._handle_custom_msg({"kind": "tiles", "number": number - 1, "indices": [1]}, [])
    assert 1 not in tiles_in(sent)


def test_a_sweep_has_labelled_rows_and_columns_and_fills_as_pictures_come(shown, sent):
    source = Source()
    shown.show_grid([{}] * 6, ["a", "b"], ["1", "2", "3"], source)
    assert (shown.grid["rows"], shown.grid["columns"]) == (["a", "b"], ["1", "2", "3"])
    assert (shown.grid["across"], shown.grid["size"]) == (3, [0, 0])
    source.made[4] = file_of((30, 20))
    shown.renew_tile(4, "★2")
    assert shown.grid["size"] == [30, 20]
    assert shown.grid["badges"] == ["", "", "", "", "★2", ""]
    assert tiles_in(sent) == {4: file_of((30, 20))}
    shown.show_grid([{}] * 6, rows=["a", "b"])
    assert shown.grid["across"] == 3


def test_tiles_that_do_not_fill_their_rows_are_refused(shown):
    with pytest.raises(ConfigError, match="5 tiles do not fill 2 rows and 3 columns; give 6"):
        shown.show_grid([{}] * 5, rows=["a", "b"], columns=["1", "2", "3"])
    with pytest.raises(PictureError, match="tile 2 is not a picture"):
        shown.show_grid([{}, {"image": b"hello"}])
    shown.show_grid([{}])
    with pytest.raises(IndexError, match="no tile 1; the grid has 0 to 0"):
        shown.renew_tile(1)


def test_an_opened_tile_is_told_or_else_shown_alone(shown):
    shown.show_grid(tiles_of((20, 10), (9, 9)))
    shown._handle_custom_msg({"kind": "tile", "index": 1}, [])
    assert (shown.mode, shown.size, shown.tile) == ("view", (9, 9), 1)
    opened = []
    shown.on_tile(opened.append)
    shown._handle_custom_msg({"kind": "tile", "index": 0}, [])
    shown._handle_custom_msg({"kind": "tile", "index": 7}, [])
    assert (opened, shown.size, shown.tile) == ([0], (9, 9), 0)


def test_two_tiles_are_compared_under_what_tells_them_apart(shown):
    ask = {"kind": "compare_tiles", "indices": [1, 2]}
    shown.show_grid(tiles_of((20, 10), (9, 9), (8, 8), (7, 7)), ["a", "b"], ["x", "y"])
    shown._handle_custom_msg(ask, [])
    assert (shown.mode, shown.labels) == ("compare", ("seed 1, a, y", "seed 2, b, x"))
    assert shown._files["right"] == file_of((8, 8))
    shown.show_grid([{"image": file_of()}] * 3)
    shown._handle_custom_msg(ask, [])
    assert shown.labels == ("Picture 2", "Picture 3")


def test_a_source_has_the_pictures_of_tiles_opens_and_compares_them(shown, sent):
    source = Source({1: file_of((9, 9))})
    opened = []
    shown.on_tile(opened.append)
    shown.show_grid([{}] * 3, source=source)
    number = shown.grid["number"]
    shown._handle_custom_msg({"kind": "tiles", "number": number, "indices": [0, 1]}, [])
    assert tiles_in(sent) == {0: b"", 1: file_of((9, 9))}
    shown._handle_custom_msg({"kind": "tile", "index": 1}, [])
    shown._handle_custom_msg({"kind": "compare_tiles", "indices": [0, 1]}, [])
    assert (source.opened, source.compared, opened, shown.tile) == ([1], [(0, 1)], [], 1)


def test_marked_tiles_are_told_and_forgotten_with_the_grid(shown):
    told = []
    shown.on_marked(told.append)
    shown.show_grid([{}] * 3)
    shown.set_state({"marked": [2, 0]})
    assert told == [[2, 0]]
    shown.show_grid([{}] * 2)
    assert (shown.marked, told) == ([], [[2, 0]])


def test_a_picture_ends_the_grid_which_waits_until_it_is_removed(shown):
    shown.show_grid(tiles_of((20, 10)))
    shown.show(file_of())
    assert (shown.mode, shown.grid["labels"]) == ("view", ["seed 0"])
    shown.mode = "grid"
    shown.show_grid(())
    assert (shown.mode, shown.grid["labels"]) == ("view", [])
    shown.show_grid(tiles_of((20, 10)))
    shown.clear()
    assert (shown.mode, shown.grid["labels"]) == ("view", [])


# --- boxes ----------------------------------------------------------------------------------------
def test_boxes_have_every_field_of_a_find():
    made = Viewer(boxes=[{"label": "face", "box": [1, 2, 3, 4]}])
    assert made.boxes == [
        {
            "label": "face",
            "box": [1, 2, 3, 4],
            "mask": None,
            "confidence": 1.0,
            "enabled": True,
            "prompt": None,
            "denoising_strength": None,
            "made_for": None,
            "index": None,
        }
    ]


def test_boxes_that_a_person_changed_are_told_and_those_of_the_program_are_not(shown):
    told = []
    shown.on_boxes(told.append)
    shown.boxes = [{"box": [0, 0, 4, 4]}]
    assert told == []
    shown.set_state({"boxes": [{"box": [1, 1, 5, 5], "enabled": False}]})
    assert [(one["box"], one["enabled"]) for one in told[0]] == [([1, 1, 5, 5], False)]
    assert shown.boxes == told[0]


def test_a_box_that_cannot_be_is_named_and_nothing_changes(shown, sent):
    shown.boxes = [{"box": [0, 0, 4, 4]}]
    before = shown.boxes
    wrong = [{"box": [0, 0, 4, 4]}, {"box": [0, 0, 4, 4], "denoising_strength": 7}]
    with pytest.raises(ConfigError, match=r"box 2: denoising_strength=7: .*less than or equal"):
        shown.boxes = wrong
    shown.set_state({"boxes": wrong})
    assert errors_in(sent)[0]["name"] == "Check the settings"
    assert shown.boxes == before


def test_boxes_are_of_the_size_of_the_picture_they_were_set_on(shown):
    shown.boxes = [{"box": [0, 0, 4, 4]}]
    assert shown.boxes_size == (12, 8)
    shown.show(file_of((24, 16)))
    assert (shown.boxes_size, len(shown.boxes)) == ((12, 8), 1)
    made = Viewer()
    made.boxes = [{"box": [0, 0, 4, 4]}]
    made.show(file_of((24, 16)))
    assert made.boxes_size == (24, 16)


def test_a_person_chooses_whose_boxes_are_shown_and_has_them_drawn_again(shown):
    chosen, drawn = [], []
    shown.on_box_set(chosen.append)
    assert not shown.can_redraw
    shown.on_redraw(drawn.append)
    assert shown.can_redraw
    shown.boxes = [{"box": [0, 0, 4, 4]}]
    shown.box_set = "face"
    shown.set_state({"box_set": "hand"})
    shown._handle_custom_msg({"kind": "redraw"}, [])
    assert (chosen, drawn) == (["hand"], [shown.boxes])


# --- files in parts -------------------------------------------------------------------------------
def test_a_dropped_picture_arrives_whole_each_part_acknowledged(shown, sent):
    told = []
    shown.on_drop(lambda name, content: told.append((name, content)))
    content = file_of((40, 40))
    send_parts(shown, content, step=30)
    assert told == [("new.png", content)]
    arrived = answers_in(sent)
    assert (arrived[:2], arrived[-1]) == ([30, 60], len(content))


def test_a_name_with_a_path_keeps_its_last_part_only(shown):
    told = []
    shown.on_drop(lambda name, content: told.append(name))
    send_parts(shown, file_of(), name="../../etc\\cron.png")
    assert told == ["cron.png"]


def test_a_dropped_file_that_is_no_picture_is_refused_by_name(shown, sent):
    shown.on_drop(lambda name, content: pytest.fail("no picture"))
    send_parts(shown, b"hello world", name="notes.png")
    assert errors_in(sent)[0]["name"] == "Check the picture"
    assert errors_in(sent)[0]["text"].startswith("notes.png is not a picture that can be shown")


def test_a_dropped_file_of_a_known_kind_says_what_to_do(shown, sent):
    send_parts(shown, b"\0\0\0\x18ftypheic\0\0\0\0", name="photo.heic")
    assert "an HEIC photo; save it as a JPEG" in errors_in(sent)[0]["text"]


def test_a_picture_that_no_browser_draws_may_be_dropped(shown, sent):
    dropped = []
    shown.on_drop(lambda name, content: dropped.append(name))
    send_parts(shown, file_of(kind="TIFF"), name="scan.tif")
    assert dropped == ["scan.tif"]
    assert errors_in(sent) == []


def part(upload="1", size=10, offset=0):
    return {"upload": upload, "purpose": "drop", "name": "a.png", "size": size, "offset": offset}


def test_parts_out_of_order_are_refused_and_forgotten():
    files = Uploads()
    files.take(part(offset=0), b"01234")
    with pytest.raises(PictureError, match=r"byte 7 in place of byte 5\); drop it again"):
        files.take(part(offset=7), b"789")
    assert len(files) == 0
    assert files.take(part(), b"0123456789").is_complete


def test_more_bytes_than_were_said_are_refused():
    files = Uploads()
    with pytest.raises(PictureError, match="is longer than the 10 bytes announced"):
        files.take(part(), b"x" * 11)
    assert len(files) == 0


def test_a_file_too_large_is_refused_at_its_first_part(shown, sent):
    too_large = {**part(size=uploads.LARGEST + 2**20), "kind": "part", "page": ""}
    shown._handle_custom_msg(too_large, [b"x"])
    assert answers_in(sent) == [None]
    assert "a.png has 201 MiB, more than 200; make it smaller" in errors_in(sent)[0]["text"]
    assert len(shown._uploads) == 0


def test_an_aborted_upload_is_forgotten(shown):
    shown._handle_custom_msg({**part(), "kind": "part", "page": ""}, [b"01234"])
    assert len(shown._uploads) == 1
    shown._handle_custom_msg({"kind": "abort", "upload": "1"}, [])
    assert len(shown._uploads) == 0


def test_beginnings_of_closed_pages_do_not_pile_up():
    files = Uploads()
    for number in range(50):
        files.take(part(upload=str(number)), b"01234")
    assert len(files) <= 4
    assert files.take(part(upload="49", offset=5), b"56789").content == b"0123456789"


def test_a_callback_that_fails_is_shown_and_the_others_still_hear(shown, sent):
    told = []

    def fail(name, content):
        message = "the disk is full"
        raise OSError(message)

    shown.on_drop(fail)
    shown.on_drop(lambda name, content: told.append(name))
    send_parts(shown, file_of())
    assert told == ["new.png"]
    (error,) = errors_in(sent)
    assert (error["name"], error["text"]) == (
        "Something went wrong (OSError)",
        "The disk is full.",
    )
    assert "in fail" in error["trace"]


def test_an_unknown_mode_from_the_browser_is_shown_and_undone(shown, sent):
    shown.set_state({"mode": "dance"})
    assert shown.mode == "view"
    assert errors_in(sent)[0]["name"] == "Something went wrong (TraitError)"
