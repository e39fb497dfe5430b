"""Models are loaded once, in turn, and kept within a budget."""

import threading

import pytest

from medialab.loading.memory_needs import bytes_in_memory
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


class FakeModel:
    """Stands for a loaded model of a given size, since a budget is about numbers."""

    def __init__(self, info, nbytes):
        self.name, self.nbytes, self.released = info.name, nbytes, False

    def release(self):
        self.released = True


@pytest.fixture
def loaded(monkeypatch):
    """What was loaded, in order; each takes in memory what its header says."""
    from medialab.loading import registry

    models = []

    def load(info, device, **others):
        models.append(FakeModel(info, bytes_in_memory(info, "float32")))
        return models[-1]

    monkeypatch.setattr(registry, "load_checkpoint", load)
    return models


@pytest.fixture
def three(root, loaded):
    for name in "abc":
        write_lora(root / "loras" / f"{name}.safetensors")
    registry = ModelRegistry(root)
    infos = {info.name: info for info in registry.models()}
    registry.budget.bound = 2 * bytes_in_memory(infos["a"], "float32")
    return registry, infos


def test_what_is_loaded_is_not_loaded_again(three, loaded):
    registry, infos = three
    assert registry.load(infos["a"]) is registry.load(infos["a"])
    assert len(loaded) == 1


def test_the_longest_unused_model_makes_room(three, loaded):
    registry, infos = three
    for name in "abac":
        registry.load(infos[name])
    assert {model.name: model.released for model in loaded} == {"a": False, "b": True, "c": False}


def test_the_old_model_is_gone_before_the_new_one_is_read(three, loaded, monkeypatch):
    from medialab.loading import registry as module

    registry, infos = three
    registry.load(infos["a"])
    registry.load(infos["b"])
    real, there = module.load_checkpoint, []

    def read(info, device, **others):
        there.append([model.name for model in loaded if not model.released])
        return real(info, device, **others)

    monkeypatch.setattr(module, "load_checkpoint", read)
    registry.load(infos["c"])
    assert there == [["b"]]


def test_a_model_larger_than_the_budget_is_loaded_alone(three, loaded):
    registry, infos = three
    registry.budget.bound = 1
    for name in "ab":
        registry.load(infos[name])
    assert [model.released for model in loaded] == [True, False]


def test_what_is_in_use_makes_no_room(three, loaded):
    registry, infos = three
    first = registry.load(infos["a"])
    registry.load(infos["b"])
    registry.load(infos["c"], kept=[first])
    assert {model.name: model.released for model in loaded} == {"a": False, "b": True, "c": False}


def test_a_replaced_file_is_loaded_anew_and_the_old_one_released(three, loaded):
    registry, infos = three
    registry.load(infos["a"])
    replacement = write_lora(infos["a"].path.with_name("new"), fill=7)
    replacement.replace(infos["a"].path)
    registry.load(infos["a"])
    assert [model.released for model in loaded] == [True, False]


def test_unloading_releases_everything(three, loaded):
    registry, infos = three
    for name in "ab":
        registry.load(infos[name])
    registry.unload_all()
    assert all(model.released for model in loaded)
    registry.load(infos["a"])
    assert len(loaded) == 3


def test_two_threads_that_want_one_model_load_it_once(three, loaded):
    registry, infos = three
    threads = [threading.Thread(target=registry.load, args=(infos["a"],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1


def test_listing_does_not_wait_for_a_load(root, monkeypatch):
    from medialab.loading import registry as module

    write_lora(root / "loras" / "a.safetensors")
    registry = ModelRegistry(root)
    (info,) = registry.models()
    started, finish = threading.Event(), threading.Event()

    def slow(info, device, **others):
        started.set()
        assert finish.wait(10)
        return FakeModel(info, 1)

    monkeypatch.setattr(module, "load_checkpoint", slow)
    loading = threading.Thread(target=registry.load, args=(info,))
    loading.start()
    assert started.wait(10)
    listed = []
    listing = threading.Thread(target=lambda: listed.extend(registry.models()))
    listing.start()
    listing.join(5)
    assert listed == [info]
    finish.set()
    loading.join()


def test_a_room_that_wants_place_does_not_wait_for_a_thread_that_loads(tiny_models):
    registry = ModelRegistry(tiny_models, device="cpu")
    registry.load(registry.find("paperdoll", "checkpoint"))
    loading, done = threading.Event(), threading.Event()

    def load():
        with registry._loading:
            loading.set()
            done.wait(10)

    thread = threading.Thread(target=load)
    thread.start()
    loading.wait(10)
    try:
        assert registry.oldest(None) is None
        registry.drop_oldest(None)
        assert registry.nbytes > 0
    finally:
        done.set()
        thread.join()
    registry.drop_oldest(None)
    assert registry.nbytes == 0
