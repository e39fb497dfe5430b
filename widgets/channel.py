"""The way from the kernel to the browser: on it no message may be lost."""

from IPython import get_ipython


def lose_no_message() -> bool:
    """Have this kernel keep what a browser is too slow for; ZeroMQ drops it in silence.

    A studio is put together with two thousand messages at once. On a busy machine a few of them
    were dropped, and a part of the panel was "Click to show javascript error" instead.

    Cost: memory for what waits. Source: libzmq, ZMQ_SNDHWM, 1000 messages a reader unless told
    otherwise; since 4.2 a change counts for readers that are connected already.

    Returns: whether there is such a kernel; in a plain script there is nobody to tell.
    """
    thread = getattr(getattr(get_ipython(), "kernel", None), "iopub_thread", None)
    if thread is None:
        return False
    # On the thread that owns the socket. Nought is: as many as there are.
    thread.schedule(lambda: setattr(thread.socket, "sndhwm", 0))
    return True
