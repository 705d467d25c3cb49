"""An application of core alone on a port: no service, and no server beside it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.core.aws.secrets import FileSecrets
from services.core.http.application import create_app
from services.core.http.dependencies import SHARED
from services.core.peers.calls import INTERNAL_KEY
from services.core.serve.listener import Listener
from services.core.settings import CoreSettings


@asynccontextmanager
async def serving(folder: Path, storage: str = "", **more: Any) -> AsyncIterator[tuple[str, Any]]:
    """Serve; give the URL and the process's storage."""
    FileSecrets(folder / "secrets.json").ensure(INTERNAL_KEY, lambda: "k" * 43)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    settings = CoreSettings(
        public_url=url,
        secrets=f"file://{folder}/secrets.json",
        storage=storage or f"file://{folder}/files",
        redis_url=f"unix://{folder}/none",
        **more,
    )
    app = create_app([], settings)
    listening, over = asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        """In a task of its own: a lifespan ends in the task that it began in, fixtures don't."""
        listener = Listener(app, "127.0.0.1", port)
        async with app.lifespan():
            await listener.start()
            listening.set()
            await over.wait()
            listener.stop()
            async with asyncio.timeout(10):
                await listener.finished()
            await listener.close()

    server = asyncio.create_task(serve())
    await listening.wait()
    try:
        yield url, app.state[SHARED].storage
    finally:
        over.set()
        await server
