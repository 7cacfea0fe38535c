"""The address of a deployment on an emulator: http://localhost:PORT before an HTTP API that the emulator knows by its Host alone.

On AWS the API has an address of its own. An emulator's is chosen by its Host (`API.execute-api.localhost` on MiniStack), a name that most
resolvers do not know and that no issuer can be. This door gives it one: it writes that Host in place of what the client sent, and passes
all else on as it came, byte for byte; it answers nothing itself. Three things it does where the emulator is not as AWS is:

* OPTIONS never reaches a function through MiniStack's API, which answers 403; AWS's passes it on where no CORS is configured, as
  here. Such a request goes to the deployed function by Lambda's own Invoke, as the event that the API would make of it.
* A trailing slash is dropped by MiniStack's API, and kept by AWS's: `/fhir/` goes by Invoke, too.
* Behind CloudFront (`front`) the door stands where the distribution would: it removes the headers that are CloudFront's own, and
  sets the secret one and the viewer's address, which is the address that the connection came from.
"""

import asyncio
import base64
import contextlib
import json
import re
import threading
import uuid
from http import HTTPStatus

HEAD_LIMIT = 1_000_000


class Door:
    """A context: the door is open within it. `opens` says to which deployment, once there is one."""

    def __init__(self, aws):
        self._aws = aws
        self._host = None
        self._routes = []
        self._front = {}
        self._tasks = set()  # asyncio itself forgets those that wait
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT, backlog=512))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        return self

    def __exit__(self, *_):
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _close(self):
        self._server.close()
        open_still = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def opens(self, api, front=None):
        """To the API of this id. `front`: the name and the value of the header by which it knows CloudFront."""
        client = self._aws.client("apigatewayv2")
        functions = {i["IntegrationId"]: i["IntegrationUri"] for i in client.get_integrations(ApiId=api)["Items"]}
        routes = client.get_routes(ApiId=api, MaxResults="500")["Items"]
        self._routes = [(route["RouteKey"], functions[route["Target"].split("/")[-1]]) for route in routes]
        self._front = dict([front]) if front else {}
        self._host = self._aws.host_of(api)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            head = await self._head(reader)
            invoked = self._invocation(head)
            if invoked:
                await self._invoke(*invoked, head, reader, writer)
            else:
                await self._pass_on(self._rewritten(head, writer), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever hung up wants no answer, and nobody waits for one when the door closes
        finally:
            writer.close()
            self._tasks.discard(asyncio.current_task())

    async def _head(self, reader):
        """Up to the empty line; what has none is passed on as it is, as far as it goes."""
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as broken:
            return broken.partial
        except asyncio.LimitOverrunError as long:
            return await reader.readexactly(long.consumed)

    def _rewritten(self, head, writer):
        """The same head for the API, and the end of the connection after one request."""
        line, _, headers = head.partition(b"\r\n")
        if b"\r\n" not in headers:
            return head
        dropped = rb"(?im)^(host|connection|keep-alive" + b"".join(b"|" + name.encode() for name in self._from_front(writer)) + rb")[ \t]*:[^\n]*\n"
        ours = {"host": self._host, "connection": "close", **self._from_front(writer)}
        written = b"".join(f"{name}: {value}\r\n".encode() for name, value in ours.items())
        return line + b"\r\n" + written + re.sub(dropped, b"", headers)

    def _from_front(self, writer):
        """The headers that CloudFront sets, and lets nobody else set."""
        return {**self._front, "x-viewer-address": writer.get_extra_info("peername")[0]} if self._front else {}

    async def _pass_on(self, head, reader, writer):
        back, forth = await asyncio.open_connection(*self._aws.address)
        forth.write(head)
        sending = asyncio.ensure_future(self._send_on(reader, forth))
        try:
            await copy(back, writer)
        finally:
            sending.cancel()
            forth.close()

    async def _send_on(self, reader, forth):
        with contextlib.suppress(ConnectionError):
            await copy(reader, forth)
            forth.write_eof()  # who hung up waits for nothing

    def _invocation(self, head):
        """The function and the route of a request that the emulator's API would not pass on as it is."""
        found = re.match(rb"([A-Z]+) (/[^ ?]*)\S* HTTP/1\.1\r\n", head)
        if not found:
            return None
        method, path = found[1].decode(), found[2].decode("latin-1")
        if method == "OPTIONS" or (path.endswith("/") and path != "/"):
            return next(((function, key) for key, function in self._routes if key == f"ANY {path}"), None) or next(
                ((function, key) for key, function in self._routes if key.endswith("+}") and path.startswith(key[4:key.index("{")])
                 and len(path) > key.index("{") - 4), None)
        return None

    async def _invoke(self, function, route, head, reader, writer):
        event = event_of(head, route, await self._body(head, reader), writer.get_extra_info("peername")[0])
        event["headers"].update(self._from_front(writer))
        invoke = self._aws.client("lambda").invoke
        said = await asyncio.to_thread(lambda: json.load(invoke(FunctionName=function, Payload=json.dumps(event))["Payload"]))
        status = said["statusCode"]
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in said.get("headers", {}).items()),
                 *(f"set-cookie: {cookie}" for cookie in said.get("cookies", []))]
        body = (said.get("body") or "").encode()
        body = base64.b64decode(body) if said.get("isBase64Encoded") else body
        if status >= 200 and status != 204:
            lines.append(f"content-length: {len(body)}")
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + (b"" if head.startswith(b"HEAD ") else body))
        await writer.drain()

    async def _body(self, head, reader):
        length = re.search(rb"(?im)^content-length[ \t]*:[ \t]*(\d+)", head)
        return await reader.readexactly(int(length[1])) if length else b""


async def copy(reader, writer):
    while some := await reader.read(65536):
        writer.write(some)
        await writer.drain()


def event_of(head, route, body, address):
    """The request as an HTTP API tells it to a function (payload 2.0)."""
    line, *headers = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    sent = {}
    for header in headers:
        name, _, value = header.partition(":")
        name = name.strip().lower()
        sent[name] = f"{sent[name]},{value.strip()}" if name in sent else value.strip()
    event = {
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": sent,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "domainName": sent.get("host", ""), "domainPrefix": "api",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": sent.get("user-agent", "")},
            "requestId": str(uuid.uuid4()), "routeKey": route, "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0,
        },
        "isBase64Encoded": bool(body),
    }
    if "cookie" in sent:
        event["cookies"] = sent.pop("cookie").split("; ")
    if body:
        event["body"] = base64.b64encode(body).decode()
    return event
