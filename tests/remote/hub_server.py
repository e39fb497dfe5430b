"""A server on this machine that speaks the part of the Hugging Face hub's API that is asked here.

    with HubServer() as hub:
        hub.add("ada/ink", {"ink.safetensors": lora()}, tags=["lora"])
        source = HuggingFace(hub.url)

Files that the hub keeps as LFS (weights) are on the storage's host; others it answers itself, as
the real one does. A gated or private repository wants the token "right".
"""

import hashlib
import json
from urllib.parse import quote

from tests.remote.civitai_server import Host, send, send_json

RIGHT = "right"
_LFS = (".safetensors", ".bin", ".onnx", ".gguf", ".ckpt")


def commit_of(text):
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class HubServer:
    """The hub on this machine; see the module."""

    def __init__(self):
        self.repos, self.contents = {}, {}
        self.api, self.storage = Host(self._answer), Host(self._store)
        self.url = self.api.site

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.api.close()
        self.storage.close()

    def add(self, repo, files, *, gated=False, private=False, **facts):
        """Add a repository with these files, and return its JSON."""
        commit = commit_of(repo)
        for name, content in files.items():
            self.contents[repo, name] = content
        self.repos[repo] = {
            "_id": "65",
            "id": repo,
            "author": repo.partition("/")[0],
            "sha": commit,
            "lastModified": "2026-05-20T09:30:00.000Z",
            "createdAt": "2026-05-01T08:00:00.000Z",
            "gated": gated,
            "private": private,
            "disabled": False,
            "downloads": 12,
            "likes": 3,
            "tags": [],
            "aFieldOfTomorrow": {"deep": [1]},
            **facts,
            "siblings": [{"rfilename": name} for name in files],
        }
        return self.repos[repo]

    # --- the API's host ---

    def _answer(self, handler):
        path = handler.place
        if path == "/api/models":
            return self._search(handler)
        if path.startswith("/api/models/"):
            repo, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            return self._info(handler, repo, revision)
        repo, mark, rest = path[1:].partition("/resolve/")
        if mark:
            revision, _, name = rest.partition("/")
            return self._file(handler, repo, revision, name)
        return send_json(handler, {"error": "Not found"}, 404)

    def _search(self, handler):
        query = handler.query
        first = {name: values[0] for name, values in query.items()}
        found = [one for one in self.repos.values() if self._fits(one, first, query)]
        begin, limit = int(first.get("cursor", "0")), int(first["limit"])
        page = [dict(one) for one in found[begin : begin + limit]]
        headers = {}
        if begin + limit < len(found):
            headers["Link"] = (
                f'<{self.url}/api/models?limit={limit}&cursor={begin + limit}>; rel="next"'
            )
        return send_json(handler, page, **headers)

    @staticmethod
    def _fits(repo, first, query):
        tags = set(repo["tags"])
        return (
            not repo["private"]
            and first.get("search", "").casefold() in repo["id"].casefold()
            and first.get("author", repo["author"]) == repo["author"]
            and set(query.get("filter", ())) <= tags
            and first.get("pipeline_tag", repo.get("pipeline_tag")) == repo.get("pipeline_tag")
            and ("gated" not in first or (first["gated"] == "true") == bool(repo["gated"]))
        )

    def _info(self, handler, repo, revision):
        if self._refused(handler, repo, is_file=False):
            return None
        facts = self.repos[repo]
        if revision not in {"", "main", "v1", facts["sha"]}:
            return send_json(handler, {"error": "Invalid rev id: " + revision}, 404)
        siblings = facts["siblings"]
        if "blobs" in handler.query:
            siblings = [self._sibling(repo, one["rfilename"]) for one in siblings]
        return send_json(handler, {**facts, "siblings": siblings})

    def _sibling(self, repo, name):
        content = self.contents[repo, name]
        found = {"rfilename": name, "size": len(content), "blobId": commit_of(name)}
        if name.endswith(_LFS):
            sha256 = hashlib.sha256(content).hexdigest()
            found["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
        return found

    def _refused(self, handler, repo, *, is_file):
        """Refuse as the hub does; return whether that was done."""
        sent = handler.headers.get("Authorization")
        known = self.repos.get(repo)
        is_right = sent == f"Bearer {RIGHT}"
        hidden = known is None or (known["private"] and not is_right)
        if hidden and sent is None:
            send_json(handler, {"error": "Invalid username or password."}, 401)
        elif hidden:
            send_json(handler, {"error": "Repository not found"}, 404)
        elif is_file and known["gated"] and not is_right:
            told = f"Access to model {repo} is restricted.".encode()
            send(handler, 401 if sent is None else 403, told, "text/plain")
        else:
            return False
        return True

    def _file(self, handler, repo, revision, name):
        if self._refused(handler, repo, is_file=True):
            return None
        content = self.contents.get((repo, name))
        if content is None or revision != self.repos[repo]["sha"]:
            return send_json(handler, {"error": "Entry not found"}, 404)
        if not name.endswith(_LFS):
            return send(handler, 200, content, "text/plain")
        signed = f"{self.storage.site}/{repo}/{quote(name)}?signature=s"
        return send(handler, 302, Location=signed)

    # --- the storage's host ---

    def _store(self, handler):
        assert handler.headers.get("Authorization") is None
        owner, repo, name = handler.place[1:].split("/", 2)
        content = self.contents[f"{owner}/{repo}", name]
        asked = handler.headers.get("Range")
        if asked is None:
            return send(handler, 200, content, "application/octet-stream", Accept_Ranges="bytes")
        begin = int(asked.removeprefix("bytes=").partition("-")[0])
        place = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return send(handler, 206, content[begin:], "application/octet-stream", Content_Range=place)


def diffusers_files(weights=b"weights", *, variants=("",), ending="safetensors"):
    """The files of a tiny diffusers repository, with what lies beside in real ones."""
    files = {
        "README.md": b"# Doll",
        ".gitattributes": b"*.safetensors filter=lfs",
        "model_index.json": json.dumps(
            {
                "_class_name": "StableDiffusionPipeline",
                "unet": ["diffusers", "UNet2DConditionModel"],
            }
        ).encode(),
        "doll.ckpt": b"a pickle",
        "doll.safetensors": b"all in one",
        "modeling_doll.py": b"import os",
        "scheduler/scheduler_config.json": b"{}",
        "tokenizer/vocab.json": b"{}",
        "tokenizer/merges.txt": b"#version: 0.2",
        "tokenizer/special_tokens_map.json": b"{}",
        "unet/config.json": b"{}",
        "vae/config.json": b"{}",
        "text_encoder/config.json": b"{}",
        "safety_checker/config.json": b"{}",
        "safety_checker/model.safetensors": weights,
        "onnx/model.onnx": b"onnx",
    }
    for variant in variants:
        dot = f".{variant}" if variant else ""
        files |= {
            f"unet/diffusion_pytorch_model{dot}.{ending}": weights,
            f"vae/diffusion_pytorch_model{dot}.{ending}": weights,
            f"text_encoder/model{dot}.{ending}": weights,
        }
    return files
