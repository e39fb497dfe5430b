"""A third source: one class of under 60 lines; table, downloads and resuming are there."""

import hashlib
import inspect
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from medialab import Workbench
from medialab.errors import DownloadError, ModelRefusedError, RemoteError
from medialab.files.hashes import HashCache
from medialab.remote import (
    DownloadRequest,
    Filter,
    RemoteFile,
    RemoteModel,
    RemoteSource,
    RemoteVersion,
    Results,
    patience,
    sources,
)
from medialab.remote.answers import Asking, line, number, objects, text
from medialab.remote.listings import Versions
from medialab.remote.unfinished import find_unfinished
from tests.remote.civitai_server import (
    Host,
    cut_after,
    held_after,
    lora,
    safetensors,
    send,
    send_json,
)

SECONDS = 30
UNET = safetensors({"conv_in.weight": (64, 64)})


class Shelf(RemoteSource):
    """A studio's own shelf: an index in JSON beside the files."""

    name, title = "shelf", "The shelf"
    filters = (Filter("kind", "Kind", ("lora", "checkpoint")),)

    def __init__(self, base_url="http://127.0.0.1"):
        self._base = base_url

    def search(self, text="", *, limit=20, cursor="", **filters):
        kinds = self.checked(limit, filters).get("kind", ())
        found = [one for one in self._models() if text.casefold() in one.name.casefold()]
        return Results([one for one in found if not kinds or one.kind in kinds][:limit])

    def model(self, key):
        return next(one for one in self._models() if one.key == key)

    def version(self, key):
        return self.model(key).versions[0]

    def by_hashes(self, digests):
        every = [
            (one.sha256, two.versions[0]) for two in self._models() for one in two.versions[0].files
        ]
        return {digest: version for digest, version in every if digest in set(digests)}

    def request(self, file):
        return DownloadRequest(f"{self._base}/files/{file.version}/{file.name}")

    def _models(self):
        return [self._model(one) for one in objects(Asking(self.title).json(f"{self._base}/index"))]

    def _model(self, facts):
        name, kind = line(facts.get("name")), line(facts.get("kind"))
        files = tuple(
            RemoteFile(
                self, line(one.get("name")), name, line(one.get("name")), kind,
                number(one.get("size")), {"sha256": text(one.get("sha256"))},
            )
            for one in objects(facts.get("files"))
        )  # fmt: skip
        version = RemoteVersion(
            self, name, name, "latest", name, kind, files=files, is_folder=len(files) > 1
        )
        return RemoteModel("shelf", name, name, kind, versions=Versions([version]))


@pytest.fixture
def shelf(monkeypatch):
    """The shelf's server: `add` puts files of a model on it."""
    monkeypatch.setattr(patience, "CUT_WAITS", (0.0, 0.0, 0.0))
    index, contents = [], {}

    def answer(handler):
        if handler.place == "/index":
            return send_json(handler, index)
        content = contents.get(handler.place)
        if content is None:
            return send_json(handler, {"error": "gone"}, 404)
        begin = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        partial_ = {"Content_Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}
        kind = "text/plain" if handler.place.endswith(".json") else "application/octet-stream"
        return send(handler, 206 if begin else 200, content[begin:], kind, **partial_)

    def add(name, kind, **files):
        listed = []
        for path, content in files.items():
            contents[f"/files/{name}/{path}"] = content
            digest = hashlib.sha256(content).hexdigest()
            listed.append({"name": path, "size": len(content), "sha256": digest})
        index.append({"name": name, "kind": kind, "files": listed})

    host = Host(answer)
    yield SimpleNamespace(
        host=host, add=add, source=Shelf(host.site), contents=contents, index=index
    )
    host.close()


@pytest.fixture
def folder(shelf):
    """A version that is a folder of four files."""
    shelf.add(
        "studio/doll",
        "checkpoint",
        **{
            "model_index.json": b'{"_class_name": "StableDiffusionPipeline"}',
            "unet/config.json": b'{"a": 1}',
            "unet/diffusion_pytorch_model.safetensors": UNET,
            "vae/diffusion_pytorch_model.safetensors": lora(3, rank=200),
        },
    )
    return shelf.source.model("studio/doll").versions[0]


def names(folder):
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def test_a_source_is_a_class_of_under_sixty_lines():
    assert len(inspect.getsource(Shelf).splitlines()) < 60


def test_a_source_is_one_line_in_the_table(shelf, monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "SOURCES", {**sources.SOURCES, "shelf": Shelf})
    shelf.add("ink", "lora", **{"ink.safetensors": lora()})
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        source = bench.remote("shelf", base_url=shelf.host.site)
    assert list(pd.DataFrame(source.search("ink", kind="lora")).name) == ["ink"]
    assert source.by_hash(hashlib.sha256(lora()).hexdigest()).model_name == "ink"
    assert source.by_hash("0" * 64) is None


def test_its_files_are_downloaded_as_any(shelf, downloads, models):
    shelf.add("ink", "lora", **{"ink.safetensors": lora(1, rank=200)})
    shelf.host.faults = [lambda handler, usual: usual(), cut_after(100_000)]
    path = downloads.start(shelf.source.search("ink")[0]).result(SECONDS)
    assert path == models / "loras" / "ink.safetensors"
    assert path.read_bytes() == lora(1, rank=200)


def test_a_folder_comes_as_a_whole(folder, downloads, models):
    download = downloads.start(folder)
    path = download.result(SECONDS)
    assert path == models / "checkpoints" / "doll"
    assert names(models) == [
        "checkpoints/doll/model_index.json",
        "checkpoints/doll/unet/config.json",
        "checkpoints/doll/unet/diffusion_pytorch_model.safetensors",
        "checkpoints/doll/vae/diffusion_pytorch_model.safetensors",
    ]
    assert download.done == download.total == sum(one.size_bytes for one in folder.files)
    again = downloads.start(folder)
    assert (again.result(SECONDS), again.told) == (path, "doll was there already")


def test_a_broken_folder_has_no_name_and_is_continued(folder, shelf, downloads, models):
    usual = lambda _, answer: answer()  # noqa: E731
    shelf.host.faults = [usual, usual, usual, cut_after(100_000), *[cut_after(0)] * 10]
    download = downloads.start(folder)
    assert isinstance(download.wait(SECONDS).error, RemoteError)
    assert not (models / "checkpoints" / "doll").exists()
    assert "unet/config.json" in names(models / "checkpoints" / ".doll.part")
    (left,) = find_unfinished(models)
    assert (left.name, left.kind, left.release, left.file) == (
        "doll",
        "checkpoint",
        "studio/doll",
        "",
    )
    assert left.done > 100_000
    shelf.host.faults.clear()
    shelf.host.requests.clear()
    download.resume()
    assert download.result(SECONDS) == models / "checkpoints" / "doll"
    (request,) = shelf.host.requests
    assert request.headers["Range"] == "bytes=100000-"
    assert not (models / "checkpoints" / ".doll.part").exists()


def test_another_folder_of_that_name_stays(folder, downloads, models):
    (models / "checkpoints" / "doll").mkdir(parents=True)
    (models / "checkpoints" / "doll" / "mine").write_text("mine")
    download = downloads.start(folder)
    assert download.result(SECONDS).name == "doll-2"
    assert names(models / "checkpoints" / "doll") == ["mine"]
    assert "so it is called doll-2" in download.told


def test_a_damaged_file_in_a_folder_costs_only_itself(folder, shelf, downloads, models):
    path = "/files/studio/doll/unet/diffusion_pytorch_model.safetensors"
    whole, shelf.contents[path] = shelf.contents[path], UNET[:-1] + b"x"
    download = downloads.start(folder)
    assert isinstance(download.wait(SECONDS).error, DownloadError)
    staging = models / "checkpoints" / ".doll.part"
    assert [one for one in names(staging) if "unet" in one] == ["unet/config.json"]
    shelf.contents[path] = whole
    download.resume()
    assert download.result(SECONDS).name == "doll"


def test_a_discarded_folder_leaves_nothing(folder, shelf, downloads, models, gate):
    shelf.host.faults = [lambda _, answer: answer()] * 3 + [held_after(100_000, gate)]
    download = downloads.start(folder)
    while download.done < 50_000 and not download.has_ended:
        time.sleep(0.01)
    download.discard()
    assert download.wait(SECONDS).state == "cancelled"
    assert list((models / "checkpoints").iterdir()) == []


@pytest.mark.parametrize("name", ["unet/model.bin", "modeling.py", "run.sh"])
def test_a_folder_with_programs_is_refused_before_anything_is_fetched(shelf, downloads, name):
    shelf.add("doll", "checkpoint", **{"model_index.json": b"{}", name: b"x"})
    version = shelf.source.version("doll")
    shelf.host.requests.clear()
    with pytest.raises(ModelRefusedError):
        downloads.start(version)
    assert not shelf.host.requests


def test_a_path_out_of_the_folder_stays_inside(shelf, downloads, models, tmp_path):
    shelf.add("doll", "checkpoint", **{"model_index.json": b"{}", "../../../out.json": b"{}"})
    shelf.contents["/out.json"] = b"{}"  # which a client makes of that address
    path = downloads.start(shelf.source.version("doll")).result(SECONDS)
    assert names(path) == ["model_index.json", "out.json"]
    assert not (tmp_path / "out.json").exists()


def test_two_programs_do_not_fill_one_folder(folder, shelf, downloads, models, gate):
    from medialab.remote.downloads import Downloads

    shelf.host.faults = [lambda _, answer: answer()] * 3 + [held_after(100_000, gate)]
    first = downloads.start(folder)
    while first.done < 50_000 and not first.has_ended:
        time.sleep(0.01)
    other = Downloads(models, HashCache())
    try:
        error = other.start(folder).wait(SECONDS).error
        assert "is being downloaded by another program" in str(error)
    finally:
        other.close()
    gate.set()
    assert first.result(SECONDS).name == "doll"
