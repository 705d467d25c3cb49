"""A gateway under a real Nomad, the Consul it asks, and a service behind it that shows what it gets."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from aiohttp import WSMsgType, web
from cluster_place import ROOT, Consul, Nomad, free_ports
from tests.conftest import eventually

JOB = ROOT / "nomad" / "jobs" / "gateway.nomad.hcl"
KEYS = "votewave/gateway/keys"


class DnsConsul(Consul):
    """As `Consul`, and with DNS that may read services and nodes.

    Attributes:
        dns: Where it answers, HOST:PORT.
    """

    def __init__(self, folder: Path) -> None:
        self._dns_port = free_ports(1)[0]
        self.dns = f"127.0.0.1:{self._dns_port}"
        super().__init__(folder)

    def _configuration(self) -> dict[str, Any]:
        made = super()._configuration()
        made["ports"]["dns"] = self._dns_port
        made["acl"]["tokens"]["dns"] = self.management
        return made

    async def add(self, service: str, port: int, tag: str, *, checked: int | None = None) -> None:
        """Register an instance of this machine, healthy for good or while somebody listens on the port `checked`."""
        body = {"ID": f"{service}-{port}", "Name": service, "Address": "127.0.0.1", "Port": port, "Tags": [tag]}
        if checked is not None:
            body["Check"] = {"TCP": f"127.0.0.1:{checked}", "Interval": "500ms"}
        await self._put_quietly("/v1/agent/service/register?replace-existing-checks=true", body)

    async def remove(self, service: str, port: int) -> None:
        """Take it out."""
        await self._put_quietly(f"/v1/agent/service/deregister/{service}-{port}", None)

    async def _put_quietly(self, path: str, body: Any) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            answer = await client.put(path, json=body, headers={"x-consul-token": self.management})
            answer.raise_for_status()


class Echo:
    """An instance of a service that nobody has written: it says what it has received.

    Attributes:
        name: It is in every answer.
        seen: How many requests have come.
        mute: Whether it hangs up instead of answering.
        lacks: Paths that it answers with 404.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_ports(1)[0]
        self.seen = 0
        self.mute = False
        self.lacks: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=2_000_000)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/v1/{service}/socket", self._socket)
        app.router.add_get("/v1/{service}/stream", self._stream)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Go away without a word to Consul."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _answer(self, request: web.Request) -> web.Response:
        self.seen += 1
        if self.mute and request.transport is not None:
            request.transport.close()
        if "slow" in request.query:
            await asyncio.sleep(float(request.query["slow"]))
        headers = [[name.lower(), value] for name, value in request.headers.items()]
        said = {"name": self.name, "path": request.raw_path, "headers": headers, "bytes": len(await request.read())}
        return web.json_response(
            said, status=404 if request.path in self.lacks else int(request.query.get("status", "200"))
        )

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(f"{self.name}: {message.data}")
        return socket

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        for number in range(3):
            await answer.write(b"data: %d\n\n" % number)
            await asyncio.sleep(0.4)
        return answer


class Gateway:
    """The job votewave-gateway on a Nomad.

    Attributes:
        url: The public's way in.
        https: Likewise with TLS, if it has a certificate.
        metrics: Where metrics and `/healthz` are.
    """

    def __init__(self, nomad: Nomad, consul: DnsConsul, folder: Path) -> None:
        self.nomad = nomad
        self.consul = consul
        self._folder = folder
        self.url = ""
        self.https = ""
        self.metrics = ""
        self.allocation = ""

    async def run(self, **values: Any) -> None:
        """Run the job with these variables, and wait until it takes requests."""
        given = {
            "driver": "raw_exec",
            "gateway_node_class": "",
            "gateway_http_port": 0,
            "gateway_metrics_port": 0,
            "gateway_https_port": 0,
            "gateway_dns": self.consul.dns,
            "gateway_maxconn": 2000,
            **values,
        }
        path = self._folder / "gateway.hcl"
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items()))
        await asyncio.to_thread(self.nomad.run, "job", "run", "-detach", f"-var-file={path}", str(JOB))

        async def serves() -> bool:
            running = [
                one
                for one in await self.nomad.get("/v1/job/votewave-gateway/allocations")
                if one["ClientStatus"] == "running" and one["DesiredStatus"] == "run"
            ]
            if not running:
                return False
            self.allocation = running[0]["ID"]
            found = await self.nomad.get(f"/v1/allocation/{self.allocation}")
            at = {
                port["Label"]: f"http://127.0.0.1:{port['Value']}"
                for port in found["AllocatedResources"]["Shared"]["Ports"]
            }
            self.url, self.metrics = at["http"], at["metrics"]
            self.https = at.get("https", "").replace("http://", "https://")
            try:
                async with httpx.AsyncClient(timeout=5) as client:
                    return (await client.get(f"{self.url}/healthz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(serves, 60)

    async def reload(self) -> None:
        """Have it replaced by a process with fresh keys, as Nomad does when Auth's change."""
        signal = ("alloc", "signal", "-s", "SIGUSR2", "-task", "gateway", self.allocation)
        await asyncio.to_thread(self.nomad.run, *signal)

    def log(self, task: str = "gateway") -> str:
        """Return what a task has logged."""
        return self.nomad.run("alloc", "logs", "-task", task, self.allocation)
