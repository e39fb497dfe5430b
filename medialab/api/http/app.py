"""The extension of Jupyter Server: its settings, its handlers, and the service behind them."""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Int, List, Unicode

from medialab.api.http.handler import DocumentHandler, OperationHandler, UnknownPath
from medialab.api.http.openapi import document
from medialab.api.http.routes import ROUTES, by_path, pattern_of
from medialab.api.limits import Limits
from medialab.api.service import Service

_THREADS = 8  # that list, search and read while the loop answers others


class StudioApi(ExtensionApp):
    """The studio for other programs, under /medialab of a Jupyter server."""

    name = "medialab"
    app_name = "Media Lab Studio: the API"
    open_browser = False

    prefix = Unicode("medialab", help="The path under which it is served, after base_url.").tag(
        config=True
    )
    models = List(Unicode(), help="The models folders; by default those of the studio.").tag(
        config=True
    )
    outputs = Unicode("", help="The outputs folder; by default that of the studio.").tag(
        config=True
    )
    device = Unicode("", help="A torch device name; by default the best of this machine.").tag(
        config=True
    )
    devices = List(
        Unicode(), help="In place of device: several, each with a process that makes pictures."
    ).tag(config=True)
    starts_at_once = Bool(
        False, help="Whether the processes that make the pictures are started with the server."
    ).tag(config=True)
    most_waiting = Int(Limits.most_waiting, help="Jobs of one client that may wait at a time.").tag(
        config=True
    )
    most_steps = Int(Limits.most_steps, help="Steps of one stage.").tag(config=True)
    most_pixels = Int(Limits.most_pixels, help="Pixels of a picture.").tag(config=True)
    most_pictures = Int(Limits.most_pictures, help="Pictures of one request.").tag(config=True)
    most_rows = Int(Limits.most_rows, help="Pictures of one batch.").tag(config=True)

    most_wait = Float(Limits.most_wait, help="Seconds for which a request waits.").tag(config=True)

    @cached_property
    def service(self) -> Service:
        """The studio; made when it is first asked for."""
        limits = {name: getattr(self, name) for name in Limits.__dataclass_fields__}
        return Service(
            list(self.models) or None,
            self.outputs or None,
            self.device or None,
            Limits(**limits),
            list(self.devices) or None,
        )

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """Where work that blocks is done."""
        return ThreadPoolExecutor(_THREADS, thread_name_prefix="medialab-api")

    def initialize_handlers(self) -> None:
        """Serve every path of the table."""
        root = f"/{self.prefix.strip('/')}".rstrip("/")
        described = document(ROUTES, f"{self.settings['base_url'].rstrip('/')}{root}")
        self.handlers.append((f"{root}/openapi\\.json", DocumentHandler, {"described": described}))
        for path, operations in by_path(ROUTES).items():
            given: dict[str, Any] = {"operations": operations, "extension": self}
            self.handlers.append((root + pattern_of(path, operations), OperationHandler, given))
        known = ", ".join(f"{one.method} {one.path}" for one in ROUTES) + ", GET /openapi.json"
        self.handlers.append((f"{root}/.*", UnknownPath, {"known": known}))

    async def _start_jupyter_server_extension(self, serverapp: object) -> None:  # noqa: ARG002
        """Start the processes that make the pictures, if that is wanted."""
        if self.starts_at_once:
            self.service.executor.start()

    async def stop_extension(self) -> None:
        """End what was started."""
        if "service" in vars(self):
            self.service.close()
        if "threads" in vars(self):
            self.threads.shutdown(wait=False, cancel_futures=True)
