"""An agent's session: a real client of the protocol, which starts the server as its process."""

import asyncio
import base64
import json
import sys
from concurrent.futures import Future
from io import BytesIO
from threading import Thread

import pytest
from mcp import Client, StdioServerParameters
from PIL import Image

from tests.api.serving import QUICK, ROOT, environment

pytestmark = pytest.mark.slow

HOSTILE = ["../secret.png", "/etc/passwd", "..%2Fsecret.png", "a/../../secret.png", "", "a\0.png"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("agent")
    Image.new("RGB", (8, 8), "red").save(made / "secret.png")
    return made


@pytest.fixture(scope="module")
def with_agent(tiny_models, folder):
    """Runs a conversation, a coroutine function of a client; one server hears them all."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "medialab", "mcp"],
        env=environment(folder / "home", tiny_models, folder / "outputs"),
        cwd=ROOT,
    )
    opened, ended = Future(), asyncio.Event()

    async def talk():
        async with Client(command, read_timeout_seconds=240) as client:
            opened.set_result((client, asyncio.get_running_loop()))
            await ended.wait()

    thread = Thread(target=lambda: asyncio.run(talk()))
    thread.start()
    client, loop = opened.result(120)
    yield lambda conversation: asyncio.run_coroutine_threadsafe(conversation(client), loop).result()
    loop.call_soon_threadsafe(ended.set)
    thread.join()


def facts(result):
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


def seen(result):
    """The pictures of a result, as an agent sees them."""
    shown = [one for one in result.content if one.type == "image"]
    return [Image.open(BytesIO(base64.b64decode(one.data))) for one in shown]


def told(result):
    assert result.is_error
    return result.content[0].text


@pytest.mark.thorough
def test_an_agent_makes_a_picture_looks_at_it_refines_it_and_reads_its_file(with_agent, folder):
    steps = []

    async def heard(number, _total, message):
        steps.append((number, message))

    async def conversation(client):
        made = await client.call_tool("generate", QUICK, progress_callback=heard)
        name = facts(made)["pictures"][0]["picture"]
        looked = await client.call_tool("look", {"picture": name, "side": 64})
        changed = await client.call_tool("change", {"picture": name, "settings": {"seed": 8}})
        larger = await client.call_tool("enhance", {"picture": name})
        explained = await client.call_tool("explain", {"picture": name})
        found = await client.call_tool("find_pictures", {"text": "ball"})
        link = next(one for one in made.content if one.type == "resource_link")
        file = await client.read_resource(link.uri)
        return made, looked, changed, larger, explained, found, file

    made, looked, changed, larger, explained, found, file = with_agent(conversation)
    name = facts(made)["pictures"][0]["picture"]
    content = (folder / "outputs" / name).read_bytes()
    assert base64.b64decode(file.contents[0].blob) == content
    assert [one.size for one in (*seen(made), *seen(looked))] == [(64, 64), (64, 64)]
    assert facts(changed)["pictures"][0]["seed"] == 8
    assert seen(changed)[0].tobytes() != seen(made)[0].tobytes()
    assert facts(larger)["pictures"][0]["width"] > 64
    assert facts(explained)["config"]["prompt"] == QUICK["prompt"]
    assert {one["seed"] for one in facts(found)["pictures"]} >= {7, 8}
    numbers = [number for number, _ in steps]
    assert numbers == sorted(numbers)
    assert any("step 2 of 2" in message for _, message in steps)


@pytest.mark.thorough
def test_a_sweep_is_shown_as_a_contact_sheet(with_agent):
    batch = {"name": "seeds", "settings": QUICK, "axes": {"seed": [1, 2], "steps": [1, 2]}}

    async def conversation(client):
        return await client.call_tool("sweep", batch)

    result = with_agent(conversation)
    assert facts(result)["counted"] == {"rows": 4, "done": 4, "failed": 0}
    assert [one["state"] for one in facts(result)["rows"]] == ["done"] * 4
    (sheet,) = seen(result)
    assert sheet.width > 128


def test_what_is_wrong_is_told_and_nothing_outside_is_read_or_deleted(with_agent, folder):
    async def conversation(client):
        tools = (await client.list_tools()).tools
        wrong = {
            "value": await client.call_tool("generate", QUICK | {"steps": 0}),
            "name": await client.call_tool("generate", QUICK | {"settings": {"stepps": 3}}),
            "model": await client.call_tool("generate", QUICK | {"checkpoint": "pony"}),
            "missing": await client.call_tool("look", {}),
            "tool": await client.call_tool("delete_picture", {}),
        }
        outside = [
            await client.call_tool(tool, {"picture": name, **more})
            for name in HOSTILE
            for tool, more in (("look", {}), ("explain", {}), ("change", {"settings": {}}))
        ]
        outside += [await client.call_tool("enhance", {"picture": name}) for name in HOSTILE]
        refused = []
        for name in HOSTILE:
            for kind in ("pictures", "sidecars"):
                try:
                    read = await client.read_resource(f"medialab://{kind}/{name}")
                except Exception as error:  # noqa: BLE001 - the library's, or the server's answer
                    refused.append(str(error))
                else:
                    refused.append(read)
        return tools, wrong, outside, refused, await client.read_resource("medialab://settings")

    tools, wrong, outside, refused, settings = with_agent(conversation)
    assert "steps" in told(wrong["value"])
    assert "stepps" in told(wrong["name"])
    assert "paperdoll" in told(wrong["model"])  # the choices
    assert "picture" in told(wrong["missing"])
    assert "generate" in told(wrong["tool"])
    for one in outside:
        assert str(folder) not in told(one)
    assert [one for one in refused if not isinstance(one, str)] == []
    assert all(not one.annotations.destructive_hint for one in tools)
    generate = next(one for one in tools if one.name == "generate")
    assert generate.input_schema["properties"]["steps"]["maximum"] == 150
    assert generate.input_schema["properties"]["prompt"]["description"]
    assert "guidance_scale" in settings.contents[0].text


def test_a_call_that_is_given_up_cancels_its_job(with_agent, folder):
    long = QUICK | {"steps": 150, "width": 256, "height": 256, "seed": 99}

    async def conversation(client):
        began = asyncio.Event()

        async def heard(_number, _total, message):
            if "step" in (message or ""):
                began.set()

        call = asyncio.ensure_future(client.call_tool("generate", long, progress_callback=heard))
        await began.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        # One worker makes one picture after another: this one would have to wait for the long one.
        made = await client.call_tool("generate", QUICK | {"seed": 100})
        found = await client.call_tool("find_pictures", {"seed": 99})
        return made, found

    made, found = with_agent(conversation)
    assert facts(made)["pictures"][0]["seed"] == 100
    assert facts(found)["count"] == 0
