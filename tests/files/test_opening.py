"""What opens foreign files does so behind one boundary: no network, no notice, errors by name."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from medialab.errors import MediaLabError, MissingLibraryError, ModelRefusedError
from medialab.files.opening import check_file, opening

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "reach",
    [
        lambda _: socket.getaddrinfo("example.org", 443),
        lambda _: socket.create_connection(("127.0.0.1", 9)),
        lambda one: one.connect(("127.0.0.1", 9)),
        lambda one: one.connect_ex(("127.0.0.1", 9)),
    ],
)
def test_nothing_connects_while_a_model_is_opened(reach):
    before = {name: getattr(socket, name) for name in ("getaddrinfo", "create_connection")}
    says = "it tries to use the network"
    with (
        socket.socket() as one,
        pytest.raises(ModelRefusedError, match=says),
        opening("model 'x'"),
    ):
        reach(one)
    assert {name: getattr(socket, name) for name in before} == before
    assert "connect" not in vars(socket.socket)


def test_the_hub_is_shut_while_a_model_is_opened_and_as_it_was_afterwards(monkeypatch):
    from huggingface_hub import constants, hf_hub_download, is_offline_mode

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with opening("model 'x'"), opening("model 'y'"):
        assert is_offline_mode()
        with pytest.raises(Exception, match=r"(?i)offline|cannot find"):
            hf_hub_download("someone/else", "config.json")
    assert not is_offline_mode()


def test_other_threads_connect_as_ever():
    with socket.socket() as server, opening("model 'x'"):
        server.bind(("127.0.0.1", 0))
        server.listen()
        reached = []

        def reach():
            with socket.create_connection(server.getsockname(), timeout=5):
                reached.append(True)

        thread = threading.Thread(target=reach)
        thread.start()
        thread.join()
    assert reached == [True]


class OddError(Exception):
    pass


@pytest.mark.parametrize(
    "fault",
    [OddError("odd"), ZeroDivisionError("odd"), AssertionError("odd"), ModelRefusedError("odd")],
)
def test_whatever_goes_wrong_is_told_by_the_models_name(fault):
    with (
        pytest.raises(ModelRefusedError, match=r"^model 'x' cannot be loaded: odd$"),
        opening("model 'x'"),
    ):
        raise fault


def test_what_is_no_fault_of_the_file_is_raised_as_it_is():
    for fault in (MemoryError(), MissingLibraryError("pip install it"), KeyboardInterrupt()):
        with pytest.raises(type(fault)) as raised, opening("model 'x'"):
            raise fault
        assert raised.value is fault


def test_filters_of_warnings_are_as_they_were():
    before = list(warnings.filters)
    with opening("model 'x'"):
        pass
    assert list(warnings.filters) == before


def test_a_device_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, says in (
        (Path(os.devnull), "is not a regular file"),
        (tmp_path / "pipe", "is not a regular file"),
        (tmp_path, "is not a regular file"),
        (tmp_path / "none", "is missing"),
        (tmp_path / ("n" * 300), "cannot be read"),
    ):
        with pytest.raises(ModelRefusedError, match=says):
            check_file(path)


# Every loader of every kind

GUARDED = """
import os, sys
os.environ.pop("HF_HUB_OFFLINE", None)
os.environ.pop("TRANSFORMERS_OFFLINE", None)
import socket
tried = []
def refuse(name):
    def call(*arguments, **settings):
        tried.append(name)
        raise OSError("no network here")
    return call
for name in ("getaddrinfo", "create_connection"):
    setattr(socket, name, refuse(name))
class Closed(socket.socket):
    connect = connect_ex = refuse("connect")
socket.socket = Closed
from pathlib import Path
from medialab.errors import MediaLabError
from medialab.loading.registry import ModelRegistry
registry = ModelRegistry(Path(sys.argv[1]), device="cpu")
told = []
like = registry.load(registry.find("mine", "checkpoint")).components["vae"]
for info in registry.models():
    try:
        if info.kind not in ("lora", "embedding"):
            registry.load(info, like=like if info.kind == "vae" else None)
        told.append((info.kind, info.name, "opened"))
    except MediaLabError as error:
        told.append((info.kind, info.name, str(error)))
import json
Path(sys.argv[2]).write_text(json.dumps({"tried": tried, "told": told}))
"""


def network_named(folder, model_type, architecture, **settings):
    """A detector's folder whose config reaches elsewhere."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    config = {"model_type": model_type, "architectures": [architecture], **settings}
    (folder / "config.json").write_text(json.dumps(config))
    processor = {"image_processor_type": "DetrImageProcessor", "do_resize": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    (folder / "tokenizer.json").write_text("{}")
    save_file({"one.weight": torch.zeros(2)}, folder / "model.safetensors", {"format": "pt"})


@pytest.fixture
def hostile_models(tiny_models, tmp_path):
    """A models folder in which every kind has a model, and some name others of the hub."""
    import torch
    from safetensors.torch import save_file

    root = tmp_path / "models"
    good = tiny_models / "checkpoints" / "paperdoll"
    shutil.copytree(good, root / "checkpoints" / "mine")
    shutil.copytree(good / "vae", root / "vae" / "mine")
    evil = root / "checkpoints" / "evil"
    shutil.copytree(good, evil)
    for part in ("unet", "text_encoder"):
        (evil / part / "adapter_config.json").write_text('{"base_model_name_or_path": "a/b"}')
    named = root / "checkpoints" / "named"
    shutil.copytree(good, named)
    for path in named.glob("*/*config.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"_name_or_path": "a/b"}))
    lost = root / "checkpoints" / "lost"
    shutil.copytree(good, lost)
    (lost / "tokenizer" / "tokenizer.json").unlink()
    control = root / "controlnet" / "evil"
    control.mkdir(parents=True)
    (control / "config.json").write_text(
        '{"_class_name": "ControlNetModel", "_name_or_path": "a/b"}'
    )
    (root / "upscalers").mkdir()
    save_file({"model.0.weight": torch.zeros(2)}, root / "upscalers" / "odd.safetensors")
    detectors = root / "detectors"
    hub = {"backbone": "someone/evil", "use_pretrained_backbone": True}
    own = {"use_timm_backbone": False}
    for name, model_type, architecture, settings in (
        ("detr", "detr", "DetrForObjectDetection", hub | own),
        ("detr-timm", "detr", "DetrForObjectDetection", {"backbone": "resnet50"}),
        ("dino", "grounding-dino", "GroundingDinoForObjectDetection", hub | own),
        ("mask", "mask2former", "Mask2FormerForUniversalSegmentation", hub | own),
        ("depth", "depth_anything", "DepthAnythingForDepthEstimation", hub | own),
        ("pose", "vitpose", "VitPoseForPoseEstimation", hub | own),
        ("nested", "detr", "DetrForObjectDetection", {"encoder": {"deeper": hub}}),
        ("code", "evil", "EvilForObjectDetection", {"auto_map": {"AutoConfig": "a/b--evil.Evil"}}),
        ("adapter", "yolos", "YolosForObjectDetection", {}),
        ("clipseg", "clipseg", "CLIPSegForImageSegmentation", {"_name_or_path": "a/b"}),
        ("owl", "owlvit", "OwlViTForObjectDetection", {"_name_or_path": "a/b"}),
        ("sam", "sam", "SamModel", {"_name_or_path": "a/b"}),
    ):
        network_named(detectors / name, model_type, architecture, **settings)
    (detectors / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "a/b"}')
    return root


@pytest.mark.thorough
def test_no_loader_of_any_kind_reaches_for_the_network_or_says_a_word(hostile_models, tmp_path):
    answer = tmp_path / "answer.json"
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}
    }
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(hostile_models), str(answer)],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads(answer.read_text())
    assert found["tried"] == []
    told = {(kind, name): text for kind, name, text in found["told"]}
    assert told["checkpoint", "mine"] == told["checkpoint", "named"] == "opened"
    assert told["vae", "mine"] == "opened"
    refused = {one: text for one, text in told.items() if text != "opened"}
    assert len(refused) == len(told) - 3
    for name in ("detr", "detr-timm", "dino", "mask", "depth", "pose", "nested"):
        assert "names its backbone" in told["detector", name], name
    assert "its code is elsewhere" in told["detector", "code"]
    assert "adapter for a model elsewhere" in told["detector", "adapter"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"num_attention_heads": 0}, "num_attention_heads = 0: the least is 1"),
        ({"num_hidden_layers": 1_000_000}, "num_hidden_layers = 1000000: its weights are"),
        ({"vision_config": {"num_hidden_layers": 10**6}}, "num_hidden_layers = 1000000"),
        ({"num_hidden_layers": "many"}, "num_hidden_layers = many: it must be a number"),
        ({"depths": [1, 10**9]}, "depths = 1000000000"),
        ({"hidden_size": 10**12}, "hidden_size = 1000000000000: the most is"),
        ({"hidden_size": float("nan")}, "hidden_size = nan"),
        ({"image_size": [10**6, 8]}, "image_size = 1000000: it must be from 1 to 8192"),
        ({"patch_size": 0}, "patch_size = 0"),
        ({"hidden_size": 9_000_000, "intermediate_size": 9_000_000}, "asks for .* parameters, its"),
        ({"hidden_size": []}, "cannot be loaded"),
        ({"hidden_size": "wide"}, "cannot be loaded"),
        ({"id2label": {"0": 7}}, "cannot be loaded"),
    ],
)
def test_a_detectors_config_is_checked_before_a_class_is_built(tmp_path, settings, says):
    from medialab.loading.detectors import load_detector
    from medialab.loading.registry import ModelRegistry

    network_named(tmp_path / "detectors" / "odd", "yolos", "YolosForObjectDetection", **settings)
    (info,) = ModelRegistry(tmp_path).models("detector")
    with pytest.raises(MediaLabError, match=says):
        load_detector(info, "cpu")
