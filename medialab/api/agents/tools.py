"""The tools: each a function over the service, and a line in `TOOLS`."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from mcp import types
from PIL import Image
from pydantic import BaseModel

from medialab.api.agents.arguments import (
    MOST_SIDE,
    USUAL_SIDE,
    ChangeArguments,
    EnhanceArguments,
    ExplainArguments,
    FindArguments,
    GenerateArguments,
    LookArguments,
)
from medialab.api.agents.contents import as_text, link, shown
from medialab.api.failures import job_answer
from medialab.api.following import events_of
from medialab.api.messages import RefusedError
from medialab.api.requests import BatchRequest, EnhanceRequest, ModelsQuery
from medialab.api.service import Service
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.devices.jobs import Job, JobEvent

Contents = Sequence[types.ContentBlock]
OWNER = "agent"
_PAUSE = 5.0  # seconds without an event after which a client is told that work goes on
_MOST_SHOWN = 4  # pictures of one answer; the others are linked


@dataclass(frozen=True)
class Call:
    """A call of a tool.

    Attributes:
        service: The studio.
        arguments: Those of the tool, checked.
        progress: Tells the agent a number that grows, and a sentence.
    """

    service: Service
    arguments: Any
    progress: Callable[[float, str], Awaitable[None]]

    async def made(self, submit: Callable[[], Job]) -> Job:
        """Queue a job and wait for it; if the agent gives up, it is cancelled.

        Raises:
            MediaLabError: it is refused.
            RefusedError: it failed.
        """
        job = await asyncio.to_thread(submit)
        try:
            number = 0
            async for event in events_of(job, 0, _PAUSE):
                number += 1
                await self.progress(number, _sentence(job, event))
            await asyncio.to_thread(job.error)  # its last event precedes its result
        except asyncio.CancelledError:
            job.cancel()
            raise
        if job.failure:
            raise RefusedError(job_answer(job, self.service.without_folders))
        return job

    async def pictures(self, submit: Callable[[], Job]) -> Contents:
        """Make pictures, and return what came of them: facts, a look, links."""
        job = await self.made(submit)
        told = await asyncio.to_thread(self.service.described, job)
        facts = [
            {"picture": one["file"], **{key: one[key] for key in ("seed", "width", "height")}}
            | {"told": _told(one["record"])}
            for one in told["pictures"]
        ]
        looks = [await self.look(one["picture"]) for one in facts[:_MOST_SHOWN]]
        links = [link(one["picture"], f"seed {one['seed']}") for one in facts]
        return [as_text({"pictures": facts, "seconds": told["seconds"]}), *looks, *links]

    async def look(self, name: str, side: int = USUAL_SIDE) -> types.ImageContent:
        """Return a saved picture to look at; its longer side has at most so many pixels."""

        def made() -> types.ImageContent:
            content, _ = self.service.picture(name)
            with Image.open(BytesIO(content)) as picture:
                return shown(picture, side)

        return await asyncio.to_thread(made)


async def generate(call: Call) -> Contents:
    """Make pictures from words and settings, save them, and show them."""
    given = call.arguments.model_dump(exclude_unset=True)
    settings = given.pop("settings", {})
    config = PipelineConfig.parse({**settings, **given})
    return await call.pictures(partial(call.service.generate, config, owner=OWNER))


async def change(call: Call) -> Contents:
    """Make a saved picture again with some settings changed; what they do not touch is reused."""

    def submit() -> Job:
        bench, name = call.service.bench, call.arguments.picture
        before = call.service.settings(name)
        if isinstance(before, ResolvedConfig):
            changed = bench.changed(before, call.arguments.settings)
        else:
            changed = before.changed(**call.arguments.settings)
        return call.service.generate(changed, owner=OWNER)

    return await call.pictures(submit)


async def enhance(call: Call) -> Contents:
    """Work on a saved picture: enlarge and sharpen it, or run the stages that are asked for."""
    asked = call.arguments
    config = None if asked.settings is None else PipelineConfig.parse(asked.settings)
    request = EnhanceRequest(image=None, path=asked.picture, config=config)
    return await call.pictures(partial(call.service.enhance, request, owner=OWNER))


async def sweep(call: Call) -> Contents:
    """Make a picture for every combination of some values, and show them on a contact sheet."""
    request = call.arguments
    job = await call.made(partial(call.service.batch, request, owner=OWNER))

    def sheet() -> Contents:
        batch = call.service.bench.batch(request.name)
        pages = [shown(page, MOST_SIDE) for page in batch.sheet()[:_MOST_SHOWN]]
        rows = [
            {"row": row, **_row(call.service, state)} for row, state in enumerate(batch.states())
        ]
        return [as_text({"batch": request.name, "counted": dict(job.rows), "rows": rows}), *pages]

    return await asyncio.to_thread(sheet)


async def find_pictures(call: Call) -> Contents:
    """Search the history of pictures."""
    return [as_text(await asyncio.to_thread(call.service.find, call.arguments))]


async def look(call: Call) -> Contents:
    """Look at a saved picture."""
    name = call.arguments.picture
    return [await call.look(name, call.arguments.side), link(name, "the file itself")]


async def explain(call: Call) -> Contents:
    """Tell how a saved picture was made: its settings, and what each stage did."""
    content, _ = await asyncio.to_thread(call.service.picture, call.arguments.picture, "sidecar")
    return [as_text(json.loads(content))]


async def list_models(call: Call) -> Contents:
    """List the models that there are: checkpoints, LoRAs, ControlNets, upscalers and others."""
    return [as_text(await asyncio.to_thread(call.service.models, call.arguments.kind))]


@dataclass(frozen=True)
class Tool:
    """A tool as agents see it: the function's name and docstring, and its arguments.

    Attributes:
        does: The function.
        arguments: The model of its arguments.
        only_reads: Whether it makes nothing.
    """

    does: Callable[[Call], Awaitable[Contents]]
    arguments: type[BaseModel]
    only_reads: bool = False

    @property
    def name(self) -> str:
        """The name by which it is called."""
        return self.does.__name__

    @property
    def described(self) -> types.Tool:
        """The tool as the protocol describes it."""
        schema = self.arguments.model_json_schema()
        return types.Tool(
            name=self.name,
            description=self.does.__doc__,
            input_schema={key: value for key, value in schema.items() if key != "description"},
            annotations=types.ToolAnnotations(
                read_only_hint=self.only_reads, destructive_hint=False, open_world_hint=False
            ),
        )


TOOLS = (
    Tool(generate, GenerateArguments),
    Tool(change, ChangeArguments),
    Tool(enhance, EnhanceArguments),
    Tool(sweep, BatchRequest),
    Tool(find_pictures, FindArguments, only_reads=True),
    Tool(look, LookArguments, only_reads=True),
    Tool(explain, ExplainArguments, only_reads=True),
    Tool(list_models, ModelsQuery, only_reads=True),
)


def _sentence(job: Job, event: JobEvent | None) -> str:
    """Return how far a job is; `event` is the newest, or None if there was none for a while."""
    if event is None:
        return job.state
    data = event.data
    step = f", step {data['step']} of {data['steps']}" if data.get("steps") else ""
    return f"{data.get('stage') or event.kind}{step}"


def _row(service: Service, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an agent is told of a batch's row."""
    told = {name: str(state[name]) for name in ("state", "path", "error") if state.get(name)}
    return told | ({"error": service.without_folders(told["error"])} if "error" in told else {})


def _told(record: Any) -> list[str]:
    """Return the notices for a person in a picture's record."""
    return list(record.get("notices", ()))
