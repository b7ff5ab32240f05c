"""
Drive a headless Chromium, where one is installed.

Its own protocol runs over two pipes, so it needs no driver, no port and no package.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # As root, as in a container, it refuses to start with one.
    "--no-sandbox",
)
# It reads from 3 and writes to 4, which a plain shell cannot make of larger numbers.
_LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""
_READ_BYTES = 65_536
_END_TIMEOUT_S = 10


def program() -> str | None:
    """Return where Chromium is; None where it is not installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """Hold one page of a browser."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = reads, writes
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def open(self, url: str) -> None:
        """Go to an address, and note what the page complains about."""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Log", "Runtime", "Page"):
            self._send(f"{domain}.enable")
        self._send("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Return what a script gives, once it is there; it may be a promise."""
        outcome = self._send(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in outcome, outcome["exceptionDetails"]
        return outcome["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition holds in the page; the page itself waits."""
        found = self.run(
            f"""new Promise((resolve) => {{
                const end = Date.now() + 20000;
                const look = () => {{
                    let holds = false;
                    try {{ holds = Boolean({condition}); }} catch {{}}
                    if (holds || Date.now() > end) resolve(holds);
                    else setTimeout(look, 20);
                }};
                look();
            }})"""
        )
        assert found, f"never so: {condition}; the page: {self.text('body')}"

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        return str(self.run(f"document.querySelector({selector!r}).innerText"))

    def complaints(self) -> list[str]:
        """Return what the browser wrote to its console, errors of CSP among it."""
        return [
            json.dumps(event["params"])
            for event in self.events
            if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")
        ]

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        command: dict[str, Any] = {
            "id": self._count,
            "method": method,
            "params": params,
        }
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._writes, json.dumps(command).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._count:
                assert "error" not in message, message
                outcome: dict[str, Any] = message["result"]
                return outcome
            if "method" in message:
                self.events.append(message)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._reads, _READ_BYTES)
            assert piece, "Chromium has ended"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """
    Give an empty page of a browser of its own.

    Args:
        folder: Keeps its profile.
    """
    path = program()
    assert path is not None
    to_browser, from_browser = os.pipe(), os.pipe()
    ends = (str(to_browser[0]), str(from_browser[1]))
    launcher = (sys.executable, "-c", _LAUNCHER, *ends)
    process = subprocess.Popen(
        [*launcher, path, *_FLAGS, f"--user-data-dir={folder}"],
        pass_fds=(to_browser[0], from_browser[1]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        yield Page(from_browser[0], to_browser[1])
    finally:
        # It ends when its pipe does.
        os.close(to_browser[1])
        os.close(from_browser[0])
        try:
            process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
