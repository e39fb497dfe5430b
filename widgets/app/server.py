"""The app's server: Voila with one kernel for all pages, and a page of our own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from widgets.app.kernels import SharedKernels

_PAGE = Path(__file__).parent / "page"
# Seconds without a word of the kernel after which it is asked whether it has ended.
_SILENCE = 3


class PageClosed(APIHandler):
    """Hears that a page is closed.

    The page says so by a beacon: a request that outlives the page and cannot carry the header
    against forged requests. So the request's Origin must be this server instead: browsers set it
    themselves, and a page from elsewhere cannot fake it.
    """

    def check_xsrf_cookie(self) -> None:
        """Refuse a request that was not sent by a page of this server.

        Raises:
            HTTPError: 403.
        """
        origin = urlparse(self.request.headers.get("Origin", "")).netloc
        if not origin or origin != self.request.headers.get("Host"):
            raise web.HTTPError(403, "pages of this server alone may say that they are closed")

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """Note that a page is closed; its kernel ends soon, unless another page shows it.

        Raises:
            HTTPError: 404, there is no such kernel.
        """
        if kernel_id not in self.kernel_manager:
            raise web.HTTPError(404, "there is no such kernel")
        self.kernel_manager.page_closed(kernel_id)
        self.set_status(204)


class StudioPage(TornadoVoilaHandler):
    """Sends the page piece by piece while the kernel starts, and says so if that ends."""

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """Yield the page's pieces.

        Voila itself would send signs of life for ever, also when the kernel ended before it
        answered.
        """
        async for html in super().get_generator(path):
            yield html
            if "voila_heartbeat()" in html and not await self.kernel_manager.has_kernel():
                yield '<script>document.dispatchEvent(new Event("kernel-ended"))</script>'
                return


class StudioServer(Voila):
    """Voila with the studio's page and its one kernel."""

    def setup_template_dirs(self) -> None:
        """Look for the page's template in our folder first."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(_PAGE))

    def init_handlers(self) -> list[Any]:
        """Return the handlers; ours stand before Voila's for the same address, or in its place."""
        closed = url_path_join(self.server_url, r"/voila/api/shutdown/(.*)")
        own = {TornadoVoilaHandler: StudioPage}
        theirs = [
            (address, own.get(handler, handler), *options)
            for address, handler, *options in super().init_handlers()
        ]
        return [(closed, PageClosed), *theirs]


def settings(notebook: Path, port: int) -> Config:
    """Return the server's configuration; it listens on this machine only and asks for a token."""
    return Config(
        {
            "StudioServer": {
                "notebook_path": str(notebook),
                "ip": "127.0.0.1",
                "port": port,
                "port_retries": 0,
                "open_browser": False,
                "auto_token": True,
                "log_level": "ERROR",
            },
            "VoilaConfiguration": {
                "multi_kernel_manager_class": SharedKernels,
                "http_keep_alive_timeout": _SILENCE,
                "show_tracebacks": True,  # our own errors are one sentence
            },
            "TemplateExporter": {"exclude_markdown": True},
        }
    )
