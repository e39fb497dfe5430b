"""The server that agents speak with over their pipes: `python -m medialab mcp`."""

import asyncio
import base64
from typing import Any
from urllib.parse import unquote

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from medialab.api import reference
from medialab.api.agents.arguments import SETTINGS_URI
from medialab.api.agents.contents import PICTURES, SIDECARS
from medialab.api.agents.tools import TOOLS, Call, Contents
from medialab.api.failures import answer_of
from medialab.api.messages import RefusedError, parsed
from medialab.api.service import Service
from medialab.errors import MediaLabError
from medialab.process.versions import program_version

_NAME = "media-lab-studio"
_INSTRUCTIONS = (
    "A studio that makes and repairs pictures with diffusion models on this machine. Generate a "
    "picture, look at it, change its settings and compare. list_models tells what there is, "
    f"{SETTINGS_URI} every setting. Pictures are known by their names in the outputs folder."
)
_TOOLS = {tool.name: tool for tool in TOOLS}
_SETTINGS = types.Resource(
    uri=SETTINGS_URI,
    name="settings",
    description="Every setting of a request, with its limits and its default.",
    mime_type="text/markdown",
)
_TEMPLATES = [
    types.ResourceTemplate(
        uri_template=f"{PICTURES}{{+name}}",
        name="picture",
        description="A saved picture by its name.",
        mime_type="image/png",
    ),
    types.ResourceTemplate(
        uri_template=f"{SIDECARS}{{+name}}",
        name="sidecar",
        description="How a saved picture was made, by the picture's name.",
        mime_type="application/json",
    ),
]


class Tools:
    """Answers an agent's requests by a service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.server: Server[Any] = Server(
            _NAME,
            version=program_version(),
            instructions=_INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
        )

    async def list_tools(self, _context: Any, _page: Any) -> types.ListToolsResult:
        """Return all tools."""
        return types.ListToolsResult(tools=[tool.described for tool in TOOLS])

    async def call_tool(
        self, context: ServerRequestContext[Any], asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Call a tool; an agent reads what is wrong, and mends it, as it reads a result."""

        async def progress(number: float, message: str) -> None:
            await context.session.report_progress(number, message=message)

        try:
            if asked.name not in _TOOLS:
                return _failed(f"there is no tool {asked.name!r}; known: {', '.join(_TOOLS)}")
            tool = _TOOLS[asked.name]
            arguments = parsed(tool.arguments, asked.arguments or {})
            contents: Contents = await tool.does(Call(self.service, arguments, progress))
        except RefusedError as error:
            return _failed(error.answer.text)
        except MediaLabError as error:
            return _failed(answer_of(error, self.service.without_folders).text)
        return types.CallToolResult(content=list(contents))

    async def list_resources(self, _context: Any, _page: Any) -> types.ListResourcesResult:
        """Return the page of settings; pictures are told by tools, as links."""
        return types.ListResourcesResult(resources=[_SETTINGS])

    async def list_templates(self, _context: Any, _page: Any) -> types.ListResourceTemplatesResult:
        """Return how pictures and their sidecars are addressed."""
        return types.ListResourceTemplatesResult(resource_templates=_TEMPLATES)

    async def read_resource(
        self, _context: Any, asked: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Return a resource.

        Raises:
            MCPError: there is none, or it lies outside the outputs folder.
        """
        uri = str(asked.uri)
        try:
            return types.ReadResourceResult(contents=[await asyncio.to_thread(self._read, uri)])
        except RefusedError as error:
            message = f"there is no resource {uri!r}; tools link to pictures"
            raise MCPError(types.INVALID_PARAMS, message) from error

    def _read(self, uri: str) -> types.TextResourceContents | types.BlobResourceContents:
        if uri == SETTINGS_URI:
            return types.TextResourceContents(
                uri=uri, mime_type="text/markdown", text=reference.as_page()
            )
        if uri.startswith(SIDECARS):
            content, kind = self.service.picture(unquote(uri.removeprefix(SIDECARS)), "sidecar")
            return types.TextResourceContents(uri=uri, mime_type=kind, text=content.decode())
        # Another address is that of no picture, which is refused.
        name = unquote(uri.removeprefix(PICTURES)) if uri.startswith(PICTURES) else ""
        content, kind = self.service.picture(name)
        blob = base64.b64encode(content).decode()
        return types.BlobResourceContents(uri=uri, mime_type=kind, blob=blob)


def serve() -> None:
    """Serve the agent at the other end of standard input and output until it hangs up."""
    service = Service()
    try:
        asyncio.run(_serve(service))
    finally:
        service.close()


async def _serve(service: Service) -> None:
    server = Tools(service).server
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _failed(message: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=message)], is_error=True
    )
