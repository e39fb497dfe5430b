"""What a real kernel says to a browser that does not listen for a while."""

import os
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from widgets.channel import lose_no_message

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 20_000  # ZeroMQ keeps a thousand on either side, and the system some thousands between
TALK = f"""
from widgets.channel import lose_no_message
lose_no_message()
from ipywidgets import IntText
number = IntText()
for value in range(1, 1 + {MESSAGES}):
    number.value = value
"""


@pytest.fixture
def kernel(own_ipython):
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=own_ipython, cwd=str(ROOT))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.term()


@pytest.fixture
def own_ipython(tmp_path):
    return os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)}


def numbers_heard(client, asked):
    """The values that the widget was set to, until all is said that was asked for."""
    heard = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != asked:
            continue  # getting ready
        content = message["content"]
        assert message["msg_type"] != "error", content
        if message["msg_type"] == "comm_msg":
            heard.append(content["data"]["state"]["value"])
        if content.get("execution_state") == "idle":
            return heard


@pytest.mark.thorough
def test_a_browser_that_is_slow_hears_everything_in_the_end(kernel):
    asked = kernel.execute(TALK)
    # All is said, and nothing was listened to. Answers from getting ready may come before.
    while kernel.get_shell_msg(timeout=120)["parent_header"]["msg_id"] != asked:
        pass
    assert numbers_heard(kernel, asked) == list(range(1, 1 + MESSAGES))


def test_outside_of_a_kernel_there_is_nobody_to_tell():
    assert lose_no_message() is False
