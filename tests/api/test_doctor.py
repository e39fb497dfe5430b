"""`python -m medialab doctor` tells what is here, what was chosen and what would help; no names."""

import dataclasses
import getpass
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medialab.api.doctor import examine, measuring
from medialab.api.doctor.advice import advice
from medialab.api.doctor.anonymous import anonymous
from medialab.api.doctor.choices import choices
from medialab.api.doctor.machine import this_machine
from medialab.api.doctor.report import Report
from medialab.api.doctor.software import installed_software
from medialab.files.machine_facts import MachineFacts
from medialab.process import precisions
from medialab.process.threads import MOST_THREADS, physical_cores
from medialab.process.trials import name_of_trial

USER = "clara-schumann"
# What a working machine's process reports; `measuring` itself runs in the tests of the command.
WELL = {
    "torch": "2.9.0+cpu",
    "cuda": None,
    "gpus": [],
    "mps": False,
    "diffusers": "0.42.0",
    "device": "cpu",
    "bfloat16_gain": 2.0,
    "copied": 1e10,
    "block_float32": 0.4,
    "block_bfloat16": 0.2,
    "first_picture": 1.0,
    "picture": 0.5,
}


@pytest.fixture(scope="module")
def doctor(tiny_checkout, tiny_environment, tmp_path_factory):
    """Runs the program as a user whose home is a folder of the tests', with modules in front."""
    home = tmp_path_factory.mktemp(USER)
    named = {"HOME": str(home), "USER": USER, "LOGNAME": USER, "LNAME": USER, "USERNAME": USER}

    def run(*arguments, modules=None, **variables):
        path = tiny_environment["PYTHONPATH"]
        if modules is not None:
            path = f"{modules}:{path}"
        return subprocess.run(
            [sys.executable, "-m", "medialab", "doctor", *arguments],
            cwd=tiny_checkout,
            env=tiny_environment | named | {"PYTHONPATH": path} | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def places(checkout):
    """Every name that a report must not have."""
    own = {str(checkout), str(Path.home()), str(Path.cwd()), sys.prefix, sys.base_prefix, USER}
    return own | {platform.node()}


def check_anonymous(text, checkout):
    for name in places(checkout):
        assert name not in text, name
    assert not re.search(r"/\w[\w.-]*/|[A-Z]:\\", text)


@pytest.fixture(scope="module")
def told(doctor, tmp_path_factory):
    models = tmp_path_factory.mktemp("models") / USER
    done = doctor("--json", MEDIALAB_OUTPUTS=str(models), MKL_CBWR=USER)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.thorough
@pytest.mark.slow
def test_it_tells_machine_versions_choices_and_speed_to_programs(told, tiny_checkout):
    found = json.loads(told)
    assert found["trouble"] == ""
    assert found["machine"]["memory_bytes"] > found["machine"]["free_bytes"] > 0
    assert found["machine"]["threads"] == 1  # OMP_NUM_THREADS of the tests
    assert found["software"]["versions"]["torch"] == found["measured"]["torch"]
    assert {one["name"] for one in found["choices"]} >= {"device", "CPU threads", "attention"}
    assert found["measured"]["bfloat16_gain"] > 0
    check_anonymous(told, tiny_checkout)


@pytest.mark.thorough
@pytest.mark.slow
def test_the_text_has_all_of_it_in_words(told, tiny_checkout):
    found = json.loads(told)
    machine = this_machine()
    report = Report(
        machine,
        installed_software(),
        found["measured"],
        "",
        choices(machine, found["measured"], MachineFacts()),
        ("unset it",),
    )
    report = dataclasses.replace(report, measured=WELL | found["measured"])
    text = report.as_text()
    for part in ("This machine", "Software", "What the studio chose", "Benchmark", "would help"):
        assert part in text
    assert f"torch {found['measured']['torch']}" in text
    assert "a block of SD1.5's UNet at 256 px in float32" in text
    assert json.loads(report.as_json())["advice"] == ["unset it"]
    check_anonymous(text, tiny_checkout)


@pytest.mark.thorough
@pytest.mark.slow
def test_a_quiet_machine_measures_everything(bench, monkeypatch):
    monkeypatch.setattr(measuring, "SECONDS", 1e9)  # a busy one leaves out what comes late
    found = {}
    for fact in measuring.facts(bench.registry.folder):
        found |= fact
    assert found.keys() >= WELL.keys() - {"block_bfloat16"}
    assert min(found["copied"], found["block_float32"], found["picture"]) > 0
    (refused,) = measuring._picture(bench.registry.folder / "loras")
    assert refused["picture_refused"].startswith("no checkpoint 'paperdoll' in …/")


BROKEN = {
    "import sys; raise OSError(f'{sys.prefix}/My Files/libtorch.so: cannot open')": (
        "torch cannot be imported: OSError: …/libtorch.so: cannot open"
    ),
    "raise ModuleNotFoundError(\"No module named 'torch'\")": "No module named 'torch'",
    "import os; os.kill(os.getpid(), 4)": "signal 4",  # an instruction that this processor lacks
}


@pytest.mark.parametrize(
    "content",
    [one if "OSError" in one else pytest.param(one, marks=pytest.mark.thorough) for one in BROKEN],
)
def test_a_broken_torch_is_a_line_of_the_report(doctor, tiny_checkout, tmp_path, content):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(content)
    done = doctor(modules=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert BROKEN[content] in done.stdout
    assert "make environment" in done.stdout
    assert "CPU threads: 1" in done.stdout
    check_anonymous(done.stdout, tiny_checkout)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"MEDIALAB_MODELS": f"~{USER}-gone/models"}, "the models folder that MEDIALAB_MODELS or"),
        ({"MEDIALAB_MODELS": "::"}, "the models folder that MEDIALAB_MODELS or"),
        ({"MEDIALAB_OUTPUTS": f"~{USER}-gone"}, "the outputs folder that MEDIALAB_OUTPUTS names"),
    ],
)
def test_folders_that_cannot_be_used_are_a_line_of_the_report(
    doctor, tiny_checkout, tmp_path, variables, told
):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('no torch here')")
    done = doctor("--json", modules=tmp_path, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    trouble = json.loads(done.stdout)["trouble"]
    assert told in trouble
    assert "no torch here" in trouble
    check_anonymous(done.stdout, tiny_checkout)


def test_a_report_needs_no_current_folder(tiny_environment, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('no torch here')")
    (tmp_path / "gone").mkdir()
    path = f"{tmp_path}:{tiny_environment['PYTHONPATH']}"
    code = "import os, sys; os.rmdir(os.getcwd()); from medialab.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main(['doctor', '--json']))"],
        cwd=tmp_path / "gone",
        env=tiny_environment | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no torch here" in json.loads(done.stdout)["trouble"]


@pytest.mark.parametrize("place", ["checkpoints", "file"])
def test_names_of_a_persons_models_and_folders_are_left_out(
    tiny_models, tmp_path, monkeypatch, place
):
    monkeypatch.chdir(tmp_path)
    models = Path("annas-things")
    if place == "checkpoints":
        (tiny := models / "checkpoints").mkdir(parents=True)
        shutil.copytree(next((tiny_models / "checkpoints").iterdir()), tiny / "portraits-of-anna")
    else:
        models.write_text("no folder")
    (refused,) = measuring._picture(models)
    assert refused["picture_refused"]
    assert "anna" not in refused["picture_refused"]


# A Python that has neither the package nor its metadata.
WITHOUT = """
import importlib.machinery as machinery, importlib.metadata as metadata, sys
class Without(machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {names} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(machinery.PathFinder)] = Without
found = metadata.version
def version(name):
    if name in {names}:
        raise metadata.PackageNotFoundError(name)
    return found(name)
metadata.version = version
"""


@pytest.mark.parametrize(
    "name",
    [
        "torch",
        pytest.param("diffusers", marks=pytest.mark.thorough),
        pytest.param("onnxruntime", marks=pytest.mark.thorough),
    ],
)
def test_what_is_not_installed_is_named(doctor, tmp_path, name):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT.format(names={name}))
    done = doctor("--json", modules=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    if name == "onnxruntime":
        assert found["software"]["optional"][name] is False
        assert found["trouble"] == ""
        assert any("media-lab-studio[detectors]" in line for line in found["advice"])
    else:
        assert found["software"]["versions"][name] == "missing"
        assert f"{name} cannot be imported" in found["trouble"]
        assert name in found["advice"][0]


def test_another_word_is_refused(doctor):
    done = doctor("--yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "doctor takes --json or nothing, not '--yaml'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OSError: /mnt/My Big Disk/x.so: cannot open", "OSError: …/x.so: cannot open"),
        (r"C:\Users\Clara S\x.dll failed", "…/x.dll failed"),
        ("/a/torch/lib/libtorch_cpu.so.1: undefined", "…/libtorch_cpu.so.1: undefined"),
        ("OSError: '/home/clara/Wedding 26'", "OSError: '…/'"),
        ("cannot read /home/clara/My Wedding: no", "cannot read …/: no"),
        ("no place in ['/tmp', '/home/clara/Wedding']", "no place in ['…/']"),
        ("full: '/home/clara/bride.safetensors'", "full: '…/'"),
        ("first\nsecond", "first"),
        ("", ""),
    ],
)
def test_paths_are_left_out_of_what_others_say(text, expected):
    assert anonymous(text) == expected


def test_names_of_user_and_computer_are_left_out(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "clara")
    monkeypatch.setattr(platform, "node", lambda: "studio-7.example")
    said = anonymous("Clara at studio-7.example, on studio-7, declared clarabel")
    assert said == "… at …, on …, declared clarabel"


def test_what_was_kept_decides_not_what_was_measured_now(monkeypatch):
    monkeypatch.setattr(precisions, "cpu_features", lambda: frozenset({"avx512_bf16"}))
    facts = MachineFacts()
    facts.measured(name_of_trial(), lambda: 0.5)
    found = {one.name: one for one in choices(this_machine(), WELL, facts)}
    assert found["precision from SD1.5's size on"].chosen == "float32"
    assert "0.50 times" in found["precision from SD1.5's size on"].why
    fresh = {one.name: one for one in choices(this_machine(), WELL, MachineFacts())}
    assert fresh["precision from SD1.5's size on"].chosen == "bfloat16"
    assert fresh["precision of small models"].chosen == "float32"


@pytest.mark.parametrize(
    ("said", "threads", "why"),
    [
        ("", None, "one for each physical core"),
        ("2", 2, "OMP_NUM_THREADS says so"),
        ("3,1", 3, "OMP_NUM_THREADS says so"),
        *(
            (odd, None, "one for each physical core: OMP_NUM_THREADS asks for no number")
            for odd in ("0", "-1", "all", ",")
        ),
        ("9999", MOST_THREADS, "the most; OMP_NUM_THREADS asks for 9999"),
    ],
)
def test_the_number_of_threads_has_its_true_reason(monkeypatch, said, threads, why):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    found = {one.name: one for one in choices(this_machine(), {}, MachineFacts())}
    chosen = found["CPU threads"]
    assert (chosen.chosen, chosen.why) == (str(threads or physical_cores()), why)


def test_a_system_that_tells_no_load_is_examined(monkeypatch):
    def refuse():
        raise OSError

    monkeypatch.setattr(os, "getloadavg", refuse)
    assert this_machine().load is None


def test_a_machine_that_starts_no_process_is_examined(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/home/clara/no such python")
    told = examine()
    assert told.trouble.startswith("torch cannot be imported: no process can be started")
    assert "clara" not in told.as_json()


CARD = [{"name": "NVIDIA L4", "memory_bytes": 24_000_000_000, "capability": "8.9"}]


@pytest.mark.parametrize(
    ("changes", "measured", "words"),
    [
        ({"nvidia": ("NVIDIA L4",)}, {}, "NVIDIA L4 is not used, since torch is built for CPUs"),
        ({"nvidia": ("NVIDIA L4",)}, {"cuda": "12.8"}, "its driver is too old for CUDA 12.8"),
        ({"cores": 8, "threads": 1}, {}, "8 cores, of which OMP_NUM_THREADS"),
        ({"cores": 2, "threads": 9}, {}, "9 threads share 2 cores"),
        ({"memory_bytes": 4_000_000_000}, {}, "4.0 GB of memory: SDXL at 1024 px needs 9.1 GB"),
        ({"free_bytes": 1_000_000}, {}, "only 1 MB of memory are free"),
        ({"load": 40.0}, {}, "other programs compute, too (load 40.0)"),
        ({}, {"picture_refused": "no checkpoint"}, "no picture could be made: no checkpoint"),
        ({}, {"gpus": [*CARD, *CARD, *CARD]}, "3 GPUs are here, and one of them is used"),
    ],
)
def test_advice_names_what_is_wrong_and_the_next_step(changes, measured, words):
    calm = {"cores": 2, "threads": 2, "memory_bytes": 64 * 10**9, "free_bytes": 32 * 10**9}
    machine = dataclasses.replace(this_machine(), **{"load": 0.1, "nvidia": ()} | calm | changes)
    assert any(words in line for line in advice(machine, installed_software(), WELL | measured))
    quiet = dataclasses.replace(this_machine(), **{"load": 0.1, "nvidia": ()} | calm)
    assert not any(words in line for line in advice(quiet, installed_software(), WELL))


def test_a_card_that_torch_sees_is_no_trouble():
    machine = dataclasses.replace(this_machine(), nvidia=("NVIDIA L4",))
    seen = WELL | {"device": "cuda", "cuda": "12.8", "gpus": CARD}
    found = advice(machine, installed_software(), seen)
    assert not any("not used" in line or "GPUs are here" in line for line in found)


def test_of_several_cards_it_is_told_that_one_is_chosen():
    seen = WELL | {"device": "cuda", "cuda": "12.8", "gpus": [*CARD, *CARD]}
    found = {one.name: one for one in choices(this_machine(), seen, MachineFacts())}
    assert found["device"].why == "the first of 2 GPUs; devices=all uses every one"
