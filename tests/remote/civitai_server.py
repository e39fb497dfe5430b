"""A server on this machine that speaks CivitAI's API, with its faults: two hosts, as there.

    with CivitaiServer() as server:
        model = server.add_model("Ink", content=lora(), words=["ink style"])
        source = CivitAI(server.url)

The API's host answers searches and redirects downloads to the storage's host, whose signed
addresses hold until `expire`. The functions in `server.api.faults` and `server.storage.faults`
answer the next requests in place of the real answer; `requests` has what was asked.
"""

import hashlib
import json
import threading
import time
import zlib
from copy import copy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import SimpleNamespace
from urllib.parse import parse_qs, quote, unquote, urlsplit

BOOLEANS = ("nsfw", "supportsGeneration", "fromPlatform", "earlyAccess", "primaryFileOnly")
SORTS = {
    "Highest Rated": lambda model: -model["stats"]["thumbsUpCount"],
    "Most Downloaded": lambda model: -model["stats"]["downloadCount"],
    "Newest": lambda model: -model["id"],
    "Oldest": lambda model: model["id"],
}
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Sign in</title><form></form></html>"
LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


def safetensors(tensors, *, seed=0):
    """A safetensors file of F16 tensors by name and shape, filled from a seed."""
    header, at = {}, 0
    for name, shape in tensors.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    body = hashlib.shake_128(str(seed).encode()).digest(at)
    return len(text).to_bytes(8, "little") + text + body


def lora(seed=0, rank=4):
    """A LoRA for SD 1.5 of one tensor."""
    return safetensors({LAYER: (rank, 768)}, seed=seed)


def hashes_of(content):
    digest = hashlib.sha256(content).hexdigest().upper()
    return {
        "SHA256": digest,
        "AutoV2": digest[:10],
        "CRC32": f"{zlib.crc32(content):08X}",
    }


class Host:
    """One host: a server on a port of this machine.

    `faults` are functions of (handler, answer), tried before the usual answer, each once; `answer`
    gives the usual one. `requests` has method, path, query and headers of each request.
    """

    def __init__(self, answer):
        self.faults, self.requests, self._answer = [], [], answer
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.handled()

            def do_POST(self):
                self.handled()

            def handled(self):
                parts = urlsplit(self.path)
                self.place, self.query = unquote(parts.path), parse_qs(parts.query)
                size = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(size)
                host.requests.append(
                    SimpleNamespace(
                        method=self.command,
                        path=self.place,
                        query=self.query,
                        raw=self.path,
                        headers=copy(self.headers),
                        body=self.body,
                    )
                )
                fault = host.faults.pop(0) if host.faults else None
                usual = lambda: host._answer(self)  # noqa: E731
                if fault is None:
                    usual()
                else:
                    fault(self, usual)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a client that hangs up is part of the tests
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="fake-host"
        )
        self._thread.start()
        self.site = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def send(handler, status, content=b"", kind="application/json", **headers):
    """Answer in full. Underscores in the names of headers become hyphens."""
    handler.send_response(status)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {"Content-Type": kind, "Content-Length": len(content), **named}.items():
        handler.send_header(name, str(value))
    handler.end_headers()
    handler.wfile.write(content)


def send_json(handler, value, status=200, **headers):
    send(handler, status, json.dumps(value).encode(), **headers)


# --- faults ------------------------------------------------------------------------------------


def status(code, reason=None, **headers):
    """Answer with a status, and a reason in JSON."""
    return lambda handler, _: send_json(
        handler, {} if reason is None else {"error": reason}, code, **headers
    )


def answering(content, kind="application/json", code=200, **headers):
    """Answer with these bytes."""
    return lambda handler, _: send(handler, code, content, kind, **headers)


def redirecting(location, code=302):
    return lambda handler, _: send(handler, code, Location=location)


login_page = answering(LOGIN_PAGE, "text/html; charset=utf-8")


def cut_after(size):
    """Send the usual answer's head and `size` bytes of its body, and hang up."""

    def fault(handler, usual):
        whole = handler.wfile

        class Cut:
            def __init__(self):
                self.head, self.left = True, size

            def write(self, part):
                if self.head:
                    whole.write(part)
                    self.head = not part.endswith(b"\r\n\r\n")
                elif self.left > 0:
                    whole.write(part[: self.left])
                    self.left -= len(part)
                return len(part)

            def flush(self):
                whole.flush()

        handler.wfile = Cut()
        usual()
        handler.wfile = whole
        handler.close_connection = True

    return fault


def ignoring_ranges(handler, usual):
    """Answer 200 with the whole file, whatever was asked for."""
    del handler.headers["Range"]
    usual()


def slowly(pieces, seconds):
    """Send the usual body in pieces with a pause after each."""

    def fault(handler, usual):
        whole = handler.wfile

        class Slow:
            def write(self, part):
                step = max(len(part) // pieces, 1)
                for at in range(0, len(part), step):
                    whole.write(part[at : at + step])
                    whole.flush()
                    if len(part) > 1000:
                        time.sleep(seconds)
                return len(part)

            def flush(self):
                whole.flush()

        handler.wfile = Slow()
        usual()
        handler.wfile = whole

    return fault


def held_after(size, gate, seconds=120):
    """Send `size` bytes of the usual body, and the rest once `gate`, an event, is set."""

    def fault(handler, usual):
        whole = handler.wfile

        class Held:
            def write(self, part):
                whole.write(part[:size])
                whole.flush()
                if len(part) > size:
                    gate.wait(seconds)
                    whole.write(part[size:])
                return len(part)

            def flush(self):
                whole.flush()

        handler.wfile = Held()
        usual()
        handler.wfile = whole

    return fault


class CivitaiServer:
    """CivitAI on this machine; see the module."""

    def __init__(self):
        self.models, self.contents, self.key = {}, {}, None
        self.needs_key, self.deadline = set(), {}
        self.dispositions, self.etags = {}, True
        self._numbers, self._signed = count(1), {}
        self.api, self.storage = Host(self._answer), Host(self._store)
        self.url = f"{self.api.site}/api/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.api.close()
        self.storage.close()

    # --- what is there ---

    def add_model(
        self,
        name="Ink",
        *,
        content=None,
        kind="LORA",
        base="SD 1.5",
        words=(),
        versions=1,
        file=None,
        downloads=10,
        likes=1,
        **fields,
    ):
        """Add a model, and return its JSON; each version has one file.

        `file` and `fields` replace fields of the files and of the model.
        """
        number = next(self._numbers)
        content = lora(number) if content is None else content
        model = {
            "id": number,
            "name": name,
            "description": "<p>Drawn with <b>ink</b>.</p>",
            "type": kind,
            "nsfw": False,
            "allowNoCredit": True,
            "allowCommercialUse": ["Image", "RentCivit"],
            "allowDerivatives": True,
            "allowDifferentLicense": False,
            "stats": {"downloadCount": downloads, "thumbsUpCount": likes, "commentCount": 0},
            "creator": {"username": "ada", "image": None},
            "tags": [],
            **fields,
            "modelVersions": [],
        }
        for place in range(versions):
            listed = {"name": f"{name}.safetensors", **(file or {})}
            self._add_version(model, place, content, listed, {"baseModel": base, "words": words})
        self.models[number] = model
        return model

    def _add_version(self, model, place, content, file, about):
        key = model["id"] * 100 + place
        self.contents[key] = content
        url = f"{self.api.site}/api/download/models/{key}"
        listed = {
            "id": key * 10,
            "name": "",
            "type": "Model",
            "sizeKB": len(content) / 1024,
            "pickleScanResult": "Success",
            "virusScanResult": "Success",
            "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
            "hashes": hashes_of(content),
            "primary": True,
            "downloadUrl": url,
        }
        model["modelVersions"].append(
            {
                "id": key,
                "modelId": model["id"],
                "name": f"v{9 - place}.0",
                "createdAt": "2026-05-01T08:00:00.000Z",
                "publishedAt": f"2026-05-{20 - place:02}T09:30:00.000Z",
                "status": "Published",
                "trainedWords": list(about["words"]),
                "baseModel": about["baseModel"],
                "description": None,
                "air": f"urn:air:sd1:lora:civitai:{model['id']}@{key}",
                "stats": {"downloadCount": 3},
                "files": [{**listed, **file}],
                "images": [
                    {
                        "url": f"{self.storage.site}/picture/{key}.jpeg",
                        "width": 512,
                        "height": 768,
                        "nsfwLevel": 1,
                        "type": "image",
                        "meta": {"prompt": "ink style", "seed": 7},
                    }
                ],
                "downloadUrl": url,
                "aFieldOfTomorrow": {"deep": [1]},
            }
        )

    def version_json(self, key):
        """A version as `/model-versions` lists it, with its model's facts inside."""
        for model in self.models.values():
            for version in model["modelVersions"]:
                if version["id"] == key:
                    about = {name: model.get(name) for name in ("name", "type", "nsfw", "mode")}
                    return {**version, "model": about}
        return None

    # --- the API's host ---

    def _answer(self, handler):
        path, last = handler.place, handler.place.rpartition("/")[2]
        number = int(last) if last.isdecimal() else 0
        for beginning, answer in {
            "/api/v1/models/": lambda: self._one(handler, self.models.get(number)),
            "/api/v1/models": lambda: self._search(handler),
            "/api/v1/model-versions/by-hash/": lambda: self._one(
                handler, next(iter(self._of_hash(last.upper())), None)
            ),
            "/api/v1/model-versions/by-hash": lambda: self._by_hashes(handler),
            "/api/v1/model-versions/": lambda: self._one(handler, self.version_json(number)),
            "/api/download/models/": lambda: self._download(handler, number),
            "/": lambda: send_json(handler, {"error": "Not found"}, 404),
        }.items():
            if path.startswith(beginning):
                return answer()
        return None

    def _one(self, handler, found):
        if found is None:
            return send_json(handler, {"error": "Model not found"}, 404)
        return send_json(handler, found)

    def _of_hash(self, digest):
        return [
            self.version_json(version["id"])
            for model in self.models.values()
            for version in model["modelVersions"]
            for file in version["files"]
            if digest in {str(one).upper() for one in (file["hashes"] or {}).values()}
        ]

    def _by_hashes(self, handler):
        asked = json.loads(handler.body)
        wrong = len(asked) > 100 or any(len(one) != 64 for one in asked)
        if handler.command != "POST" or wrong:
            return send_json(handler, {"error": "Request must include an array of SHA256"}, 400)
        return send_json(handler, [found for one in asked for found in self._of_hash(one)])

    def _search(self, handler):
        query = handler.query
        if "page" in query and "query" in query:
            return send_json(handler, {"error": "Cannot use page param with query search"}, 400)
        if any(query.get(name) == ["false"] for name in BOOLEANS):
            return send_json(handler, {"error": "Invalid boolean"}, 400)
        first = {name: values[0] for name, values in query.items()}
        limit = int(first.get("limit", 100))
        if not 0 <= limit <= 100 or first.get("sort", "Newest") not in SORTS:
            return send_json(handler, {"error": {"issues": ["limit or sort"]}}, 400)
        if {"favorites", "hidden"} & query.keys() and not self._is_signed_in(handler):
            return send_json(handler, {"error": "Unauthorized"}, 401)
        found = [one for one in self.models.values() if self._fits(one, first, query)]
        found.sort(key=SORTS[first.get("sort", "Highest Rated")])
        begin = int(first.get("cursor", "0").partition("|")[0])
        metadata = {}
        if begin + limit < len(found):
            cursor = f"{begin + limit}|{len(found)}"
            metadata = {
                "nextCursor": cursor,
                "nextPage": f"{self.url}/models?cursor={quote(cursor)}",
            }
        return send_json(handler, {"items": found[begin : begin + limit], "metadata": metadata})

    @staticmethod
    def _fits(model, first, query):
        ids = first.get("ids", "")
        return (
            first.get("query", "").casefold() in model["name"].casefold()
            and ("types" not in query or model["type"] in query["types"])
            and ("tag" not in first or first["tag"] in model["tags"])
            and ("username" not in first or first["username"] == model["creator"]["username"])
            and (not ids or str(model["id"]) in ids.split(","))
            and (first.get("nsfw") == "true" or not model["nsfw"])
            and (
                "baseModels" not in query
                or model["modelVersions"][0]["baseModel"] in query["baseModels"]
            )
        )

    def _is_signed_in(self, handler):
        return self.key is not None and handler.headers.get("Authorization") == f"Bearer {self.key}"

    def _download(self, handler, key):
        if key not in self.contents:
            return send_json(handler, {"error": "Version not found"}, 404)
        if key in self.needs_key and not self._is_signed_in(handler):
            if handler.headers.get("Content-Type") == "application/json":
                return send_json(handler, {"error": "Unauthorized"}, 401)
            return send(handler, 200, LOGIN_PAGE, "text/html")
        if key in self.deadline:
            said = {"error": "Early Access", "deadline": self.deadline[key]}
            return send_json(handler, said, 403)
        signature = f"sig{next(self._numbers)}"
        self._signed[signature] = key
        return send(
            handler, 302, Location=f"{self.storage.site}/file/{key}?X-Signature={signature}"
        )

    def expire(self):
        """Make every signed address that was given until now worthless."""
        self._signed.clear()

    # --- the storage's host ---

    def _store(self, handler):
        if handler.headers.get("Authorization"):
            return send(handler, 400, b"<Error>two ways to sign</Error>", "application/xml")
        if handler.place.startswith("/picture/"):
            return send(handler, 200, PICTURE, "image/png")
        key = self._signed.get(handler.query.get("X-Signature", [""])[0])
        if key is None:
            return send(handler, 403, b"<Error>Request has expired</Error>", "application/xml")
        content = self.contents[key]
        headers = {"Accept_Ranges": "bytes"}
        if self.etags:
            headers["ETag"] = f'"{hashlib.md5(content).hexdigest()}"'  # noqa: S324 - as S3 does
        if key in self.dispositions:
            headers["Content_Disposition"] = self.dispositions[key]
        asked = handler.headers.get("Range", "")
        if_range = handler.headers.get("If-Range", headers.get("ETag"))
        if not asked or if_range != headers.get("ETag"):
            return send(handler, 200, content, "application/octet-stream", **headers)
        begin = int(asked.removeprefix("bytes=").partition("-")[0])
        if begin >= len(content):
            return send(handler, 416, Content_Range=f"bytes */{len(content)}")
        headers["Content_Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return send(handler, 206, content[begin:], "application/octet-stream", **headers)


def _png():
    """A picture of one grey pixel."""

    def chunk(name, data):
        return (
            len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        )

    head = (1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\x80"))
        + chunk(b"IEND", b"")
    )


PICTURE = _png()
