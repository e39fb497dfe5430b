"""The channel from the kernel to the browser, set up so that it loses no message."""

from IPython import get_ipython


def lose_no_message() -> bool:
    """Make this kernel buffer messages for a slow browser; by default ZeroMQ drops them.

    Opening a studio sends about two thousand messages at once. On a busy machine a few were
    dropped, and parts of the panel showed "Click to show javascript error" instead.

    Cost: memory for waiting messages. Source: libzmq, ZMQ_SNDHWM, 1000 messages per subscriber by
    default; since version 4.2 a change applies to connected subscribers, too.

    Returns:
        Whether there is a kernel; in a plain script there is none.
    """
    thread = getattr(getattr(get_ipython(), "kernel", None), "iopub_thread", None)
    if thread is None:
        return False
    # On the thread that owns the socket. Nought is: as many as there are.
    thread.schedule(lambda: setattr(thread.socket, "sndhwm", 0))
    return True
