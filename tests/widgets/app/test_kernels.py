"""The app has one kernel for all pages, and none soon after the last is closed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from widgets.app import kernels
from widgets.app.kernels import SharedKernels


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Seconds that a test can wait for; the kernel's files are the test's own."""
    monkeypatch.setattr(kernels, "CLOSED", 0.2)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    return tmp_path


def in_a_loop(task):
    """Run it in a thread of its own: a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, task).result()


async def gone(manager, kernel):
    for _ in range(600):
        if kernel not in manager:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.thorough
@pytest.mark.slow
def test_pages_share_a_kernel_that_ends_with_the_last_of_them(quick):
    async def pages():
        manager = SharedKernels(connection_dir=str(quick), root_dir=str(quick))
        try:
            first, second = await asyncio.gather(manager.start_kernel(), manager.start_kernel())
            assert first == second
            assert manager.list_kernel_ids() == [first]
            for _ in range(2):
                manager.notify_connect(first)
            # One of two pages is closed: it says so, and its connection ends.
            manager.page_closed(first)
            manager.notify_disconnect(first)
            await asyncio.sleep(0.5)
            assert first in manager
            # The other is loaded again: it is back before the kernel ends.
            manager.page_closed(first)
            manager.notify_disconnect(first)
            assert await manager.start_kernel() == first
            manager.notify_connect(first)
            await asyncio.sleep(0.5)
            assert first in manager
            # A connection that is lost without a word may come back for a while.
            manager.notify_disconnect(first)
            await asyncio.sleep(0.5)
            assert first in manager
            manager.page_closed(first)
            assert await gone(manager, first)
        finally:
            await manager.shutdown_all(now=True)

    in_a_loop(pages())


@pytest.mark.slow
def test_a_page_that_opens_while_the_kernel_ends_gets_another(quick):
    """One that was still going down was given to the page, which then waited for ever."""

    async def pages():
        manager = SharedKernels(connection_dir=str(quick), root_dir=str(quick))
        try:
            first = await manager.start_kernel()
            manager.notify_connect(first)
            manager.notify_disconnect(first)
            shutdown_kernel, begun = manager.shutdown_kernel, asyncio.Event()

            async def told(*args, **options):
                begun.set()
                await shutdown_kernel(*args, **options)

            manager.shutdown_kernel = told
            manager.page_closed(first)
            await asyncio.wait_for(begun.wait(), 30)
            second = await manager.start_kernel()
            assert second != first
            assert manager.list_kernel_ids() == [second]
            assert await manager.is_alive(second)
        finally:
            await manager.shutdown_all(now=True)

    in_a_loop(pages())


@pytest.mark.slow
def test_a_kernel_that_a_page_was_just_given_does_not_end(quick):
    async def pages():
        manager = SharedKernels(connection_dir=str(quick), root_dir=str(quick))
        try:
            first = await manager.start_kernel()
            manager._end(first)  # its time is over, and a page opens in the same moment
            assert await manager.start_kernel() == first
            await asyncio.sleep(0.5)
            assert await manager.is_alive(first)
        finally:
            await manager.shutdown_all(now=True)

    in_a_loop(pages())
