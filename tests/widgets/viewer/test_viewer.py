"""The viewer's Python half, without a browser."""

import io

import pytest
from PIL import Image

from medialab.errors import ConfigError, PictureError
from widgets import uploads
from widgets.uploads import Uploads
from widgets.viewer import Viewer, picture_size, viewer


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
    assert (files["image"], files["before"]) == (file_of((20, 10)), file_of((10, 5)))


def test_a_page_that_comes_is_sent_all_and_the_state_holds_no_picture(shown, sent):
    shown.show_mask(file_of(mode="L", colour=255))
    sent.clear()
    shown._handle_custom_msg({"kind": "hello"}, [])
    files = files_in(sent)
    assert files["image"] == file_of()
    assert files["mask"] == shown.mask
    assert (files["before"], files["preview"]) == (b"", b"")
    assert not any(isinstance(value, bytes) for value in shown.get_state().values())


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
    monkeypatch.setattr(viewer, "MOST_PIXELS", 99)
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
    assert files_in(sent) == dict.fromkeys(("image", "before", "preview", "mask"), b"")


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


def test_the_mask_stays_on_a_picture_of_its_size_only(shown):
    mask = file_of(mode="L", colour=255)
    shown.show_mask(mask)
    shown.show(file_of(colour="blue"))
    assert shown.mask == mask
    shown.show(file_of((24, 16)))
    assert shown.mask is None


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
