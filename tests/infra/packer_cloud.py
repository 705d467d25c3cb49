"""What a machine has around it, besides Consul and Nomad: EC2's metadata, its group, Docker's socket."""

import json
import socketserver
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Cloud:
    """The metadata service and the Auto Scaling API, as a machine that is to go sees them."""

    def __init__(self) -> None:
        self.state = "InService"
        """What the metadata name as where the machine is to go."""
        self.stands = "InService"
        """Where the group says that it stands."""
        self.asked: list[dict[str, list[str]]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self._answer("session" if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else "")

            def do_GET(self) -> None:
                if self.headers["X-aws-ec2-metadata-token"] != "session":
                    self.send_error(401)
                    return
                known = {"autoscaling/target-lifecycle-state": owner.state, "instance-id": "i-0123456789abcdef0"}
                found = known.get(self.path.removeprefix("/latest/meta-data/"))
                self._answer(found) if found else self.send_error(404)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                asked = urllib.parse.parse_qs(self.rfile.read(length).decode())
                owner.asked.append(asked)
                member = (
                    "<member><InstanceId>i-0123456789abcdef0</InstanceId><AutoScalingGroupName>votewave-staging-app"
                    f"</AutoScalingGroupName><LifecycleState>{owner.stands}</LifecycleState></member>"
                )
                name = asked["Action"][0]
                inside = f"<AutoScalingInstances>{member}</AutoScalingInstances>" if "Describe" in name else ""
                self._answer(f"<{name}Response><{name}Result>{inside}</{name}Result></{name}Response>")

            def _answer(self, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def told(self) -> list[str]:
        """Return how lifecycle actions were completed, each by its hook."""
        done = [it for it in self.asked if it["Action"] == ["CompleteLifecycleAction"]]
        return [f"{it['LifecycleHookName'][0]}: {it['LifecycleActionResult'][0]}" for it in done]


class Docker:
    """What Nomad's driver and the first boot ask of Docker, on its socket; containers it runs none.

    Args:
        place: The socket.

    Attributes:
        well: Whether it says so itself. Nomad's driver doesn't ask for that, and looks every half minute only.
    """

    def __init__(self, place: Path) -> None:
        self.well = True
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                kinds = {"/version": {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}}
                kinds["/info"] = {"OSType": "linux", "Runtimes": {"runc": {}}, "ServerVersion": "26.1.5"}
                found: Any = next((it for end, it in kinds.items() if path.endswith(end)), [])
                ping = b"OK" if owner.well else b"not yet"
                self._answer(ping if path.endswith("/_ping") else json.dumps(found).encode())

            def do_HEAD(self) -> None:
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Api-Version", "1.45")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "here"

            def log_message(self, *_: Any) -> None:
                pass

        place.parent.mkdir(parents=True, exist_ok=True)
        self._server = socketserver.ThreadingUnixStreamServer(str(place), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
