"""
Serve 150 constant bytes with Sanic and nothing else: the most that Sanic can do here.

Settings are Sanic's defaults, but for the one process, which starts faster.
"""

import json
import socket

from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

BODY_SIZE_BYTES = 150
BODY = b'{"padding":"'.ljust(BODY_SIZE_BYTES - 2, b"x") + b'"}'

app = Sanic("bare")


@app.get("/")
async def constant(_request: Request) -> HTTPResponse:
    """Answer what is known beforehand."""
    return raw(BODY, content_type="application/json")


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(json.dumps({"url": url}), flush=True)
    app.run(sock=listener, single_process=True)
