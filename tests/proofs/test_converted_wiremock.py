"""
WireMock itself answers from the mappings that a recording was converted to.

It comes from npm and needs Java and the network, so it runs in the whole proof only.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from petstore.mock.cassette import load, save
from petstore.mock.convert import convert
from petstore.mock.tape import Tape, wire_response
from tests.mock.traffic import a_story, ask, recorded
from tests.proofs.processes import HOST, until

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(
        os.environ.get("PETSTORE_PROOF") != "full",
        reason="installs WireMock from npm; PETSTORE_PROOF=full runs it",
    ),
]

PACKAGE = "wiremock@3.13.2"
INSTALL_TIMEOUT_S = 300.0
READY_TIMEOUT_S = 120.0
_PORT = re.compile(r"^port:\s+(\d+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install WireMock into a folder that goes away."""
    npm, java = shutil.which("npm"), shutil.which("java")
    if npm is None or java is None:
        pytest.skip("needs npm and Java, of which one is missing")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--no-audit", "--no-fund", "--cache", str(folder / "c")]
    done = subprocess.run(
        [*command, "--prefix", str(folder), PACKAGE],
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr[-300:]}")
    (found,) = folder.rglob("wiremock-standalone-*.jar")
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convert one exchange of each kind, into a folder of mappings beside it."""
    folder = tmp_path_factory.mktemp("story")
    save(recorded(a_story()), folder / "story.yaml")
    convert(folder / "story.yaml", folder / "root", to="wiremock")
    return folder / "root"


@pytest.fixture(scope="module")
def wiremock(jar: Path, root: Path) -> Iterator[httpx.Client]:
    """Start WireMock on the converted mappings."""
    out = root.with_name("out")
    command = ["java", "-jar", str(jar), "--port", "0", "--bind-address", HOST]
    with (
        out.open("wb") as file,
        subprocess.Popen(
            [*command, "--root-dir", str(root)], stdout=file, stderr=subprocess.STDOUT
        ) as process,
    ):

        def is_up() -> bool:
            has_ended = process.poll() is not None
            return has_ended or _PORT.search(out.read_text()) is not None

        try:
            until(is_up, within_s=READY_TIMEOUT_S)
            port = _PORT.search(out.read_text())
            assert port is not None, out.read_text()
            with httpx.Client(base_url=f"http://{HOST}:{port[1]}") as client:
                yield client
        finally:
            process.kill()


def test_wiremock_answers_as_the_recording(wiremock: httpx.Client, root: Path):
    story = load(root.with_name("story.yaml"))
    for take in Tape([story]).takes:
        answer = ask(wiremock, story, take.exchange)

        expected = wire_response(take)
        chunks = take.exchange.response.chunks
        body = expected.body if chunks is None else "".join(chunks).encode()
        assert expected.status == answer.status_code, (take.exchange.id, answer.text)
        assert body == answer.content, take.exchange.id
        assert expected.headers.items() <= dict(answer.headers).items()


@pytest.mark.parametrize(
    ("method", "url", "content"),
    [
        pytest.param("GET", "/v2/pet/7?limit=5", b"", id="another query"),
        pytest.param("GET", "/v2/pet/findByTags", b"", id="no query"),
        pytest.param("POST", "/v2/pet", b'{"id":8}', id="other JSON"),
        pytest.param("POST", "/other/raw", b"\x89PNG", id="other bytes"),
        pytest.param("PUT", "/v2/pet", b"<Pet><id>8</id></Pet>", id="other XML"),
    ],
)
def test_wiremock_answers_nothing_else(wiremock: httpx.Client, method, url, content):
    assert 404 == wiremock.request(method, url, content=content).status_code
    assert "not matched" in wiremock.request(method, url, content=content).text
