"""Models are matched by hash, then by name, reading as few files as it takes."""

import hashlib
import shutil

from medialab import Workbench
from medialab.files.digests import sha256_of_tensors
from medialab.infotext.model_matches import Matcher
from tests.infotext.pictures import LINE, sha_of


def test_thousands_of_hashes_are_no_work_for_minutes(own):
    told = ", ".join(f"x{number}: {number:012x}" for number in range(100_000, 115_000))
    read = own.read_settings(f'a cat\n{LINE}, Lora hashes: "{told}", TI hashes: "{told}"')
    assert read.config.prompt == "a cat"
    assert len(read.left_out) < 500


def test_names_differ_in_folders_endings_capitals_and_unicode_forms(own, folder):
    for name in ("SD/other.safetensors", "OTHER", "some\\folder\\Other.ckpt"):
        read = own.read_settings(f"a\n{LINE}, Model: {name}")
        assert read.config.checkpoint == "other"
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    made = folder / "checkpoints" / decomposed
    shutil.copytree(folder / "checkpoints" / "other", made)
    try:
        assert own.registry.find(composed, "checkpoint").path == made
        for text in (composed, decomposed):
            assert own.read_settings(f"a\n{LINE}, Model: {text}").config.checkpoint == composed
    finally:
        shutil.rmtree(made)


def test_without_leave_to_read_a_name_is_taken_and_that_is_told(folder, tmp_path):
    with Workbench(folder, tmp_path / "fresh", device="cpu") as bench:
        read = bench.read_settings(f"a\n{LINE}, Model hash: abcdef1234, Model: other", may_read=0)
        assert read.config.checkpoint == "other"
        assert "was not compared" in read.summary
        assert bench.registry.known_sha256(bench.registry.find("other", "checkpoint")) is None
        known = sha_of(bench, "other")  # once it is known, it costs nothing
        read = bench.read_settings(f"a\n{LINE}, Model hash: {known[:10]}", may_read=0)
        assert read.config.checkpoint == "other"


def test_the_file_of_the_name_is_compared_before_others(own):
    info = own.registry.find("night-palette", "lora")
    match = Matcher(own.registry, may_read=info.size_bytes).match(
        "lora", info.name, sha256_of_tensors(info.path)[:12]
    )
    assert match.found == match.named == info


def test_a_note_beside_a_file_tells_its_hash_without_reading_it(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder / "loras", models / "loras")
    file = models / "loras" / "night-palette.safetensors"
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{sha}  night-palette.safetensors\n")
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        match = Matcher(bench.registry, may_read=0).match("lora", None, sha[:10])
        assert match.found.name == "night-palette"
