"""The app's kernel: one for all pages, and none a few seconds after the last page is closed."""

import asyncio
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

# Seconds without a page until the kernel ends: after the last page said that it is closed (a page
# that is only loaded again is back by then), and after one that went without a word, whose network
# may come back.
CLOSED, LOST = 5.0, 120.0


class SharedKernels(AsyncMappingKernelManager):
    """One kernel with one studio, which every page shows.

    Whoever may open the page has the token, and is taken to be one person. So a page that is
    loaded again in the middle of a run shows that run, a second tab shows the same studio, and
    the models are in memory once.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._starting = asyncio.Lock()
        self._ending: asyncio.TimerHandle | None = None

    async def start_kernel(self, **options: Any) -> str:
        """Return the kernel that there is, or start one."""
        # Two pages may ask at once, or one while a kernel is ending: it waits until that is gone.
        async with self._starting:
            alive = await self._alive()
            kernel = alive[0] if alive else await super().start_kernel(**options)
            self._end_unless_seen(kernel, LOST)  # should this page never connect
            return str(kernel)

    async def has_kernel(self) -> bool:
        """Return whether a kernel runs, be it busy, hanging or still starting."""
        return bool(await self._alive())

    async def _alive(self) -> list[str]:
        return [one for one in self.list_kernel_ids() if await self.is_alive(one)]

    def page_closed(self, kernel_id: str) -> None:
        """End the kernel soon, unless another page is open or opens."""
        self._end_unless_seen(kernel_id, CLOSED)

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page is connected."""
        super().notify_connect(kernel_id)
        self._stay()

    def notify_disconnect(self, kernel_id: str) -> None:
        """Note that a page is not connected any more."""
        super().notify_disconnect(kernel_id)
        if self._ending is None:  # otherwise the page said that it is closed
            self._end_unless_seen(kernel_id, LOST)

    def _end_unless_seen(self, kernel_id: str, seconds: float) -> None:
        self._stay()
        self._ending = asyncio.get_running_loop().call_later(seconds, self._end, kernel_id)

    def _stay(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _end(self, kernel_id: str) -> None:
        self._ending = None
        # Kept by the manager until it is through.
        self._shutting = asyncio.ensure_future(self._shut_down(kernel_id))

    async def _shut_down(self, kernel_id: str) -> None:
        async with self._starting:
            # A page may have been promised this kernel, or be connected, in the meantime.
            is_awaited = self._ending is not None or self._kernel_connections.get(kernel_id)
            if kernel_id in self and not is_awaited:
                await self.shutdown_kernel(kernel_id)
