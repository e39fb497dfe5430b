import errno
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from medialab.artifacts import Artifact, ArtifactManager, Sidecar, publishing
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError

CHECKOUT = Path(__file__).parents[2]

SAVER = """
import sys
from PIL import Image
from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig

manager = ArtifactManager(sys.argv[1])
image = Image.effect_noise((256, 256), 64).convert("RGB")
print("ready", flush=True)
for seed in range(int(sys.argv[2])):
    config = ResolvedConfig(
        prompt="a red ball", width=256, height=256, seed=seed, checkpoint_sha256="0" * 64
    )
    manager.save(image, config, {"seconds": seed})
"""


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "outputs"


@pytest.fixture
def manager(outputs):
    return ArtifactManager(outputs)


def config(**settings):
    known = {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64}
    return ResolvedConfig.model_validate(known | settings)


def image(colour="red"):
    return Image.new("RGB", (64, 64), colour)


def saver(outputs, count):
    """Another process that saves pictures, and has said that it is about to."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAVER, str(outputs), str(count)],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def files(outputs, pattern="*"):
    return sorted(path for path in outputs.rglob(pattern) if path.is_file())


def check_whole(outputs):
    """Every picture opens and has the sidecar it was written with; return how many there are."""
    pictures = files(outputs, "*.png")
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert "Steps: " in picture.text["parameters"]
        sidecar = Sidecar.read(path.with_suffix(".json"))
        assert path.name.split("-")[1] == str(sidecar.config.seed)
    return len(pictures)


def test_a_saved_picture_has_infotext_and_a_sidecar_that_says_everything(manager, outputs):
    saved = manager.save(image(), config(prompt="A Röd ball, bouncing!"), {"seconds": 1.5})
    assert saved.path.parent.parent == outputs
    assert saved.path.name == "00001-7-a-rod-ball-bouncing.png"
    assert saved.id == f"{saved.path.parent.name}/00001"
    with Image.open(saved.path) as picture:
        assert picture.tobytes() == image().tobytes()
        assert picture.text["parameters"].startswith("A Röd ball, bouncing!\nSteps: 20, ")
        assert "Model hash: aaaaaaaaaa, Model: paperdoll" in picture.text["parameters"]
    sidecar = json.loads(saved.sidecar.read_text())
    assert sidecar["schema_version"] == 1
    assert sidecar["record"] == {"seconds": 1.5}
    assert sidecar["config"]["prompt"] == "A Röd ball, bouncing!"
    assert sidecar["image"]["width"] == 64
    assert [path.suffix for path in files(outputs)] == [".json", ".png"]


def test_infotext_names_the_program_with_its_version_where_it_is_installed(manager, monkeypatch):
    def last_line():
        with Image.open(manager.save(image(), config(), {}).path) as picture:
            return picture.text["parameters"].split("\n")[-1]

    monkeypatch.setattr(metadata, "version", lambda name: "1.2.3")
    assert last_line().endswith(", Version: Media Lab Studio 1.2.3")

    def refuse(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", refuse)
    assert last_line().endswith(", Version: Media Lab Studio unknown")


def test_the_same_picture_is_the_same_bytes_under_another_number(manager):
    first, second = (manager.save(image(), config(), {}) for _ in range(2))
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes()


@pytest.mark.parametrize("prompt", ["", "猫", "../../etc/passwd", "a/b\\c:d\0e", "x" * 500, "."])
def test_no_prompt_makes_a_bad_file_name(manager, outputs, prompt):
    path = manager.save(image(), config(prompt=prompt), {}).path
    assert path.is_relative_to(outputs)
    assert path.parent.parent == outputs
    assert len(path.name) < 100
    assert manager.load(path).prompt == prompt


@pytest.mark.parametrize("suffix", [".png", ".json"])
def test_settings_come_back_from_either_file(manager, suffix):
    asked = config(prompt=" spaces \n kept ", sampler="Heun", sharpen=0.5)
    saved = manager.save(image(), asked, {})
    assert manager.load(saved.path.with_suffix(suffix)) == asked
    assert manager.load(f"{saved.path.parent.name}/{saved.path.stem}{suffix}") == asked


def test_without_a_sidecar_the_infotext_speaks(manager):
    saved = manager.save(image(), config(prompt="a ball", sampler="Heun", sharpen=0.5), {})
    saved.sidecar.unlink()
    found = manager.load(saved.path)
    assert type(found) is PipelineConfig
    assert (found.prompt, found.sampler, found.seed, found.width) == ("a ball", "Heun", 7, 64)


def test_a_folder_that_is_not_there_yet_is_no_fault(manager, outputs):
    assert manager.find() == []
    assert manager.rebuild_index() == 0
    assert not outputs.exists()


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["../elsewhere.png", "/etc/hostname", "2026-01-01/../../x.png", "~/x.png/../../../y"]
)
def test_a_path_outside_the_outputs_folder_is_refused(manager, path):
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.load(path)


def test_a_link_that_leads_outside_is_refused(manager, outputs, tmp_path):
    image().save(tmp_path / "secret.png")
    outputs.mkdir()
    (outputs / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.load("link.png")


@pytest.mark.parametrize(
    ("name", "message"), [("no.png", "no file no.png in .*`find`"), ("a.txt", "choose a .png")]
)
def test_a_file_that_is_not_there_or_no_picture_is_named(manager, name, message):
    with pytest.raises(ArtifactError, match=message):
        manager.load(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{broken", "is not a sidecar of this studio"),
        ("[]", "is not a sidecar of this studio"),
        (
            '{"schema_version": 2}',
            "but this studio reads only up to 1; update",
        ),
        ('{"schema_version": 1}', "config is missing"),
    ],
)
def test_a_broken_or_newer_sidecar_is_named_with_the_next_step(manager, content, message):
    saved = manager.save(image(), config(), {})
    saved.sidecar.write_text(content)
    with pytest.raises(ArtifactError, match=message) as refused:
        manager.load(saved.path)
    assert str(saved.sidecar) in str(refused.value)


def test_an_impossible_setting_in_a_sidecar_is_named(manager):
    saved = manager.save(image(), config(), {})
    saved.sidecar.write_text(saved.sidecar.read_text().replace('"steps": 20', '"steps": 999'))
    with pytest.raises(ArtifactError, match=r"config\.steps=999"):
        manager.load(saved.path)


def test_a_truncated_picture_without_a_sidecar_is_named(manager):
    saved = manager.save(Image.effect_noise((64, 64), 64), config(), {})
    saved.sidecar.unlink()
    saved.path.write_bytes(saved.path.read_bytes()[:2000])
    with pytest.raises(ArtifactError, match="damaged or truncated"):
        manager.load(saved.path)


def test_a_picture_with_no_settings_at_all_is_named(manager, outputs):
    outputs.mkdir()
    image().save(outputs / "foreign.png")
    with pytest.raises(ArtifactError, match="neither a sidecar nor infotext"):
        manager.load("foreign.png")


# --- what cannot be written ----------------------------------------------------------------------


@pytest.mark.parametrize("failing", ["_write", "_rename"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ArtifactError, "the disk is full; free"),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            ArtifactError,
            "may write to the folder",
        ),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_a_save_that_fails_half_way_leaves_nothing(
    manager, outputs, monkeypatch, failing, call, fault, error, message
):
    manager.save(image(), config(), {})
    before = files(outputs)
    calls = []
    real = getattr(publishing, failing)

    def fail_at_last(*arguments):
        calls.append(arguments)
        real(*arguments)
        if len(calls) == call:
            raise fault

    monkeypatch.setattr(publishing, failing, fail_at_last)
    with pytest.raises(error, match=message):
        manager.save(image(), config(), {})
    assert files(outputs) == before


def test_a_file_where_the_folder_should_be_is_named(manager, outputs):
    outputs.write_text("in the way")
    with pytest.raises(ArtifactError, match=f"picture not saved in {outputs}"):
        ArtifactManager(outputs).save(image(), config(), {})


def test_an_image_that_is_no_png_is_refused_before_anything_is_written(manager, outputs):
    with pytest.raises(ArtifactError, match="mode 'CMYK' cannot be a PNG; convert it to RGB"):
        manager.save(Image.new("CMYK", (64, 64)), config(), {})
    assert not outputs.exists()


# --- many writers, and writers that die ----------------------------------------------------------


def test_two_processes_saving_at_once_never_overwrite_each_other(outputs):
    processes = [saver(outputs, 25) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    for process in processes:
        process.stdout.close()
    numbers = [path.name.split("-")[0] for path in files(outputs, "*.png")]
    assert len(numbers) == len(set(numbers)) == check_whole(outputs) == 50


def test_a_number_that_another_took_after_the_folder_was_listed_is_not_taken_again(
    manager, outputs, monkeypatch
):
    real, others = publishing._claim, []

    def claim(path, flags=0):
        if not others:  # this save has listed the folder; another begins and ends before its claim
            others.append(None)
            others[0] = manager.save(image("blue"), config(), {})
        return real(path, flags)

    monkeypatch.setattr(publishing, "_claim", claim)
    saved = manager.save(image("red"), config(), {})
    assert [path.name[:5] for path in (others[0].path, saved.path)] == ["00001", "00002"]
    with Image.open(others[0].path) as picture:
        assert picture.tobytes() == image("blue").tobytes()
    assert check_whole(outputs) == 2


def test_threads_saving_at_once_never_overwrite_each_other(manager, outputs):
    threads = [
        threading.Thread(target=lambda: [manager.save(image(), config(), {}) for _ in range(10)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check_whole(outputs) == 40


def test_a_writer_killed_at_any_moment_leaves_no_half_file(outputs):
    moments = random.Random(0)  # the moments differ each time anyway: the kernel's clock decides
    for killed in range(60):
        if killed >= 8 and files(outputs, "*.png"):  # a busy machine saves none in so short a time
            break
        process = saver(outputs, 10**6)
        time.sleep(moments.uniform(0.0, 0.15) * (1 + killed // 8))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        check_whole(outputs)  # before any sweep
    manager = ArtifactManager(outputs)
    left = [path for path in files(outputs) if path.suffix not in (".png", ".json")]
    assert left == []
    pictures = {path.with_suffix("") for path in files(outputs, "*.png")}
    assert pictures == {path.with_suffix("") for path in files(outputs, "*.json")}
    assert pictures
    found = manager.find(limit=10**6)
    assert len(found) == len(pictures)
    manager.rebuild_index()
    assert manager.find(limit=10**6) == found


@pytest.mark.parametrize("stop", range(1, 5))
def test_a_writer_killed_between_two_writes_is_swept(manager, outputs, stop):
    manager.save(image(), config(), {})
    kept = files(outputs)
    code = f"""
import os, signal, sys
from medialab.artifacts import publishing
from pathlib import Path
done = 0
def counted(real):
    def act(*arguments):
        global done
        real(*arguments)
        done += 1
        if done == {stop}:
            os.kill(os.getpid(), signal.SIGKILL)
    return act
publishing._write, publishing._rename = counted(publishing._write), counted(publishing._rename)
publishing.publish(Path(sys.argv[1]), "7-x", b"sidecar", b"picture")
"""
    arguments = [sys.executable, "-c", code, str(kept[0].parent)]
    assert subprocess.run(arguments, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
    assert len(files(outputs)) > len(kept)
    ArtifactManager(outputs)
    finished = stop == 4  # both were renamed; only the reservation was left
    assert len(files(outputs)) == len(kept) + (2 if finished else 0)
    assert files(outputs, ".*") == []


def test_a_live_writers_files_are_not_swept(manager, outputs, monkeypatch):
    real = publishing._rename

    def rename_while_another_starts(source, target):
        ArtifactManager(outputs)
        real(source, target)
        ArtifactManager(outputs)

    monkeypatch.setattr(publishing, "_rename", rename_while_another_starts)
    manager.save(image(), config(), {})
    assert check_whole(outputs) == 1


def test_another_users_dead_reservation_does_not_keep_the_studio_from_starting(
    manager, outputs, monkeypatch
):
    day = manager.save(image(), config(), {}).path.parent
    (day / ".00009.partial").touch()

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    ArtifactManager(outputs)
    assert (day / ".00009.partial").exists()


def test_a_sidecar_whose_picture_a_person_moved_is_not_swept(manager, outputs):
    saved = manager.save(image(), config(), {})
    saved.path.unlink()
    ArtifactManager(outputs)
    assert saved.sidecar.exists()
    assert manager.save(image(), config(), {}).id.endswith("/00002")


# --- the index -----------------------------------------------------------------------------------


def test_pictures_are_found_newest_first_by_all_their_words(manager):
    ball = manager.save(image(), config(prompt="a RED ball"), {})
    hat = manager.save(image(), config(prompt="a red hat", checkpoint="dolls"), {})
    assert manager.find() == [hat, ball]
    assert manager.find("red") == [hat, ball]
    assert manager.find("BALL Red") == [ball]
    assert manager.find("dolls") == [hat]
    assert manager.find(limit=1) == [hat]
    assert manager.find("green") == []


@pytest.mark.parametrize("text", ["100%", "a_b", "\\", "'", '"; DROP TABLE pictures', "ÄÖÜ"])
def test_words_are_taken_as_they_stand(manager, text):
    saved = manager.save(image(), config(prompt=f"x {text.lower()} y"), {})
    manager.save(image(), config(prompt="100 axb"), {})
    assert manager.find(text) == [saved]


def test_tags_and_stars_are_kept_in_the_sidecar_and_found(manager):
    saved = manager.save(image(), config(prompt="a ball"), {"kept": 1})
    assert manager.find("holiday") == []
    tagged = manager.annotate(saved.path, tags=["Holiday", "blue sea"], stars=4)
    assert manager.find("holiday sea") == [tagged]
    assert (tagged.tags, tagged.stars) == (("Holiday", "blue sea"), 4)
    assert manager.annotate(saved.path, stars=0).tags == tagged.tags
    assert Sidecar.read(saved.sidecar).record == {"kept": 1}
    assert manager.load(saved.path) == config(prompt="a ball")


def test_a_sixth_star_is_refused(manager):
    saved = manager.save(image(), config(), {})
    with pytest.raises(ArtifactError, match="stars=6: choose 0 to 5"):
        manager.annotate(saved.path, stars=6)


def test_a_failed_annotation_leaves_the_sidecar_as_it_was(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    before = saved.sidecar.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(ArtifactError, match="not annotated: the disk is full"):
        manager.annotate(saved.path, stars=1)
    assert saved.sidecar.read_bytes() == before
    assert files(outputs, ".*") == []


def rows(outputs):
    with sqlite3.connect(outputs / "index.sqlite") as connection:
        found = connection.execute("SELECT * FROM pictures ORDER BY id").fetchall()
    connection.close()
    return found


def test_a_rebuilt_index_holds_the_same_rows(manager, outputs):
    for number in range(5):
        saved = manager.save(image(), config(prompt=f"ball {number}", seed=number), {})
    manager.annotate(saved.path, tags=["x"], stars=5)
    manager.find()
    before = rows(outputs)
    assert manager.rebuild_index() == len(before) == 5
    assert rows(outputs) == before


@pytest.mark.parametrize("damage", ["gone", "garbage", "truncated", "emptied", "other tables"])
def test_a_damaged_index_is_made_anew_in_silence(manager, outputs, damage):
    saved = manager.save(image(), config(), {})
    assert manager.find() == [saved]
    index = outputs / "index.sqlite"
    if damage == "gone":
        index.unlink()
    elif damage == "other tables":
        with sqlite3.connect(index) as connection:
            connection.execute("DROP TABLE days")
        connection.close()
    else:
        whole = index.read_bytes()
        index.write_bytes(
            {"garbage": b"x" * 9000, "truncated": whole[:5000], "emptied": b""}[damage]
        )
    assert manager.find() == [saved]


def test_pictures_that_come_and_go_by_hand_are_seen(manager, outputs):
    first, second = (manager.save(image(), config(), {}) for _ in range(2))
    assert len(manager.find()) == 2
    first.path.unlink()
    assert manager.find() == [second]
    other = outputs / "2020-01-01"
    other.mkdir()
    for path in (second.path, second.sidecar):
        (other / path.name).write_bytes(path.read_bytes())
    assert {found.id for found in manager.find()} == {second.id, "2020-01-01/00002"}
    for path in [*other.iterdir()]:
        path.unlink()
    other.rmdir()
    assert manager.find() == [second]


def test_one_unreadable_sidecar_does_not_hide_the_others(manager):
    good, bad = (manager.save(image(), config(), {}) for _ in range(2))
    bad.sidecar.write_text("{")
    assert manager.find() == [good]


def test_a_settled_folder_is_not_listed_again(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    long_ago = time.time() - 60
    os.utime(saved.path.parent, (long_ago, long_ago))
    assert manager.find() == [saved]
    monkeypatch.setattr(manager._index, "_follow_day", None)
    assert manager.find() == [saved]


def test_an_index_that_another_process_holds_is_told(manager, outputs, monkeypatch):
    manager.save(image(), config(), {})
    manager.find()
    monkeypatch.setattr("medialab.artifacts.index._BUSY_SECONDS", 0.1)
    holder = sqlite3.connect(outputs / "index.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ArtifactError, match=r"another process has held .* try again"):
        manager.find()
    holder.close()


def test_an_index_that_cannot_be_made_on_the_disk_is_made_in_memory(manager, outputs):
    saved = manager.save(image(), config(), {})
    (outputs / "index.sqlite").mkdir()
    assert manager.find() == [saved]
    later = manager.save(image(), config(), {})
    assert manager.find() == [later, saved]


def test_foreign_files_are_passed_over(manager, outputs):
    saved = manager.save(image(), config(), {})
    (outputs / "README.md").write_text("mine")
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat\nSteps: 3, Seed: 4, Size: 64x64")
    image().save(saved.path.parent / "holiday.png", pnginfo=text)
    (saved.path.parent / "notes.partial").write_text("mine")
    ArtifactManager(outputs)
    assert manager.find() == [saved]
    assert isinstance(manager.find()[0], Artifact)
    assert manager.load(saved.path.parent / "holiday.png").steps == 3
    assert (saved.path.parent / "notes.partial").exists()


def test_a_copy_beside_its_picture_is_found_too(manager):
    saved = manager.save(image(), config(prompt="a cat"), {})
    for suffix in (".png", ".json"):
        original = saved.path.with_suffix(suffix)
        (original.parent / f"{original.stem}-copy{suffix}").write_bytes(original.read_bytes())
    assert len(manager.find("cat")) == 2


def test_a_renamed_picture_can_still_be_annotated(manager):
    saved = manager.save(image(), config(), {})
    for path in (saved.path, saved.sidecar):
        path.rename(path.with_stem("best"))
    assert manager.annotate(saved.path.with_stem("best"), stars=5).stars == 5


def test_a_seed_of_64_bits_is_listed_with_every_digit(manager):
    saved = manager.save(image(), config(seed=2**64 - 1), {})
    assert manager.find() == [saved]
    assert manager.find()[0].seed == 2**64 - 1
