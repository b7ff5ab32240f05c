"""
Pictures are taken as each face documents it, kept by content, and served safely.

A picture lies beside the store under the hash of its content, whatever its sender calls
it. Under contract=public any bytes are kept, but only pictures are served as such.
"""

import hashlib
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from petstore.contract.flavours import Contract
from petstore.server.settings import Settings
from tests.kit.disks import small_files
from tests.kit.server import answer, api_response, on_socket, open_shop, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

CONTRACTS: tuple[Contract, Contract] = ("public", "strict")
OCTETS = {"content-type": "application/octet-stream"}
BOUNDED = {"content-type": "multipart/form-data; boundary=b"}
HTML = b"<html><script>alert(1)</script>"
NAMES = ("../../etc/passwd", "C:\\shop.db", "a.html", "x" * 5_000, "né\u202e.png", "")


def a_png(size: tuple[int, int] = (2, 2), colour: str = "red") -> bytes:
    target = BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def a_png_bomb() -> bytes:
    """Write a picture of 900 million pixels in 60 bytes."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(b"")
    chunks = (ihdr, idat, b"IEND")
    framed = (
        struct.pack(">I", len(it) - 4) + it + struct.pack(">I", zlib.crc32(it))
        for it in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def a_form(content: bytes, name: str = "a.png", **fields: str) -> dict:
    return {"files": {"file": (name, content, "image/png")}, "data": fields}


def bare(content: bytes, kind: str = "application/octet-stream") -> dict:
    return {"content": content, "headers": {"content-type": kind}}


def photo_path(content: bytes, suffix: str) -> str:
    return f"/photos/{hashlib.sha256(content).hexdigest()}{suffix}"


def bytes_read() -> int:
    """Return what this process has read from files so far."""
    counts = dict(re.findall(r"(\w+): (\d+)", Path("/proc/self/io").read_text()))
    return int(counts["rchar"])


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("POST /pet/1/uploadImage", bare(a_png())),
        ("POST /pet/1/uploadImage?additionalMetadata=x", bare(a_png(), "image/png")),
        ("POST /v2/pet/1/uploadImage", bare(a_png())),
        ("POST /v2/pet/1/uploadImage", a_form(a_png())),
        ("POST /api/v3/pet/1/uploadImage", bare(a_png())),
    ],
)
@pytest.mark.parametrize("contract", CONTRACTS)
async def test_picture_lands_in_the_pet_and_can_be_fetched(contract, line, options):
    async with open_shop(contract=contract) as shop:
        uploaded = await shop.ask(line, **options)
        urls = (await shop.ask("GET /pet/1")).json()["photoUrls"]
        fetched = await shop.ask(f"GET {urls[-1]}")

    assert 200 == uploaded.status_code
    assert ["url1", "url2", photo_path(fetched.content, ".png")] == urls
    assert (200, "image/png") == (fetched.status_code, fetched.headers["content-type"])
    assert (2, 2) == Image.open(BytesIO(fetched.content)).size
    assert str(len(fetched.content)) == fetched.headers["content-length"]


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize(
    ("options", "metadata", "name"),
    [
        (a_form(a_png(), additionalMetadata="a note"), "a note", "a.png"),
        (a_form(a_png()), "null", "a.png"),
        (a_form(a_png(), additionalMetadata=""), "null", "a.png"),
        (a_form(a_png(), "../é.png", additionalMetadata="é"), "é", "../é.png"),
        (bare(a_png()), "null", "file"),
    ],
)
async def test_v2_echoes_what_was_sent(contract, options, metadata, name):
    async with open_shop(contract=contract) as shop:
        response = await shop.ask("POST /v2/pet/1/uploadImage", **options)

    size = len(a_png())
    message = f"additionalMetadata: {metadata}\nFile uploaded to ./{name}, {size} bytes"
    assert (200, api_response(200, message)) == answer(response)


async def test_public_v3_answers_the_pet(public):
    response = await public.ask("POST /api/v3/pet/1/uploadImage", **bare(b"12345"))

    pet = response.json()
    assert (200, 1) == (response.status_code, pet["id"])
    assert photo_path(b"12345", "") == pet["photoUrls"][-1]


async def test_strict_v3_answers_what_the_document_says(strict):
    line = "POST /api/v3/pet/1/uploadImage?additionalMetadata=a%20note"

    response = await strict.ask(line, **bare(a_png()))

    size = len(a_png())
    message = f"additionalMetadata: a note\nFile uploaded to ./file, {size} bytes"
    assert (200, api_response(200, message)) == answer(response)


async def test_native_upload_says_where_the_picture_is(public):
    response = await public.ask("POST /pet/1/uploadImage", **bare(a_png()))

    photo = response.json()
    assert photo["pet"]["photoUrls"][-1] == photo["url"] == photo["message"]
    assert ("image/png", '"2"') == (photo["mediaType"], response.headers["etag"])


async def test_public_v2_takes_a_picture_of_no_pet(public):
    response = await public.ask("POST /v2/pet/4711/uploadImage", **a_form(b"12345"))

    fetched = await public.ask(f"GET {photo_path(b'12345', '')}")
    assert [200, 200] == [response.status_code, fetched.status_code]
    assert 404 == (await public.ask("GET /pet/4711")).status_code


async def test_same_picture_twice_is_kept_once(public):
    for _ in range(2):
        await public.ask("POST /pet/1/uploadImage", **bare(a_png()))

    rows = await public.rows()
    assert 1 == len(rows["photo"])
    assert 3 == len((await public.ask("GET /pet/1")).json()["photoUrls"])


@pytest.mark.parametrize("content", [HTML, b"<svg onload='x'/>", b"GIF8", b"\0" * 9])
async def test_what_is_no_picture_is_never_served_as_one_or_as_a_page(public, content):
    await public.ask("POST /v2/pet/1/uploadImage", **a_form(content, "a.png"))

    fetched = await public.ask(f"GET {photo_path(content, '')}")

    headers = fetched.headers
    assert (200, content) == (fetched.status_code, fetched.content)
    assert "application/octet-stream" == headers["content-type"]
    assert "attachment" == headers["content-disposition"]
    assert "nosniff" == headers["x-content-type-options"]
    assert "default-src 'none'; sandbox" == headers["content-security-policy"]


@pytest.mark.parametrize("name", NAMES)
async def test_name_of_the_client_reaches_no_disk(name, tmp_path):
    store = tmp_path / "deep" / "down" / "shop.db"
    store.parent.mkdir(parents=True)
    async with open_shop(store=str(store)) as shop:
        line = "POST /v2/pet/1/uploadImage"
        response = await shop.ask(line, **a_form(b"12345", name))
        files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]

    assert 200 == response.status_code
    photo = Path(photo_path(b"12345", "")).name
    photos = [path for path in files if not path.name.startswith("shop.db")]
    assert [store.parent / "shop.db.photos" / photo] == photos


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        ("POST /pet/1/uploadImage", (422, 422)),
        ("POST /v2/pet/1/uploadImage", (200, 400)),
        ("POST /api/v3/pet/1/uploadImage", (200, 400)),
    ],
)
@pytest.mark.parametrize(
    "content",
    [b"12345", HTML, a_png()[:-20], a_png_bomb(), b"\x89PNG\r\n\x1a\n", b"GIF89a"],
    ids=["text", "html", "cut", "bomb", "head", "gif"],
)
async def test_strict_takes_pictures_alone(line, statuses, content):
    for contract, status in zip(CONTRACTS, statuses, strict=True):
        async with open_shop(contract=contract) as shop:
            send = shop.ask if status == 200 else shop.refused
            response = await send(line, **bare(content))

            assert status == response.status_code
            kept_count = shop.engine.setup.blobs.sweep([], older_than=2**62)
            assert (status == 200) == kept_count


async def test_metadata_of_a_picture_is_gone(strict):
    target = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    Image.new("RGB", (2, 2)).save(target, "JPEG", exif=exif)

    photo = (
        await strict.ask("POST /pet/1/uploadImage", **bare(target.getvalue()))
    ).json()

    fetched = await strict.ask(f"GET {photo['url']}")
    assert "image/jpeg" == fetched.headers["content-type"]
    assert b"where I live" not in fetched.content


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("POST /pet/1/uploadImage", 413),
        ("POST /v2/pet/1/uploadImage", 413),
        ("POST /api/v3/pet/1/uploadImage", 413),
    ],
)
async def test_upload_above_the_limit_is_refused(line, status):
    async with open_shop(upload_bytes_max=1_000) as shop:
        just = await shop.ask(line, **bare(a_png() + bytes(1_000 - len(a_png()))))
        above = await shop.refused(line, **bare(bytes(1_001)))
        far_above = await shop.refused(line, **bare(bytes(2_000_000)))

    assert [200, status, status] == [it.status_code for it in (just, above, far_above)]
    assert {"too_large"} == {problem_of(it)["code"] for it in (above, far_above)}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", BOUNDED),
        (b"no boundary at all", BOUNDED),
        (b"--b\r\n", BOUNDED),
        (b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n12345", BOUNDED),
        (b"--b\r\nno header\r\n\r\n12345\r\n--b--", BOUNDED),
        (b"--b\r\nContent-Disposition: x\r\n\r\n12345\r\n--b--", BOUNDED),
        (b"--b--\r\n", {"content-type": "multipart/form-data"}),
        (b"--b--\r\n", {"content-type": "multipart/form-data; boundary="}),
        (b"--b--\r\n", {"content-type": "multipart/form-data; boundary=\xff".encode()}),
    ],
)
@pytest.mark.parametrize("contract", CONTRACTS)
async def test_broken_multipart_is_refused(contract, body, headers):
    async with open_shop(contract=contract) as shop:
        line = "POST /v2/pet/1/uploadImage"
        response = await shop.refused(line, content=body, headers=headers)

    assert 400 == response.status_code
    assert "malformed" == problem_of(response)["code"]


async def test_form_may_have_parts_of_no_meaning_but_not_too_many(public):
    part = b"--b\r\nContent-Disposition: form-data; name=other\r\n\r\nx\r\n"
    file = b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n12345\r\n--b--\r\n"
    line = "POST /v2/pet/1/uploadImage"

    few = await public.ask(line, content=part * 9 + file, headers=BOUNDED)
    many = await public.refused(line, content=part * 50 + file, headers=BOUNDED)

    assert [200, 413] == [few.status_code, many.status_code]


async def test_metadata_above_its_limit_is_cut_or_refused(public):
    form = a_form(b"12345", additionalMetadata="x" * 200_000)

    response = await public.ask("POST /v2/pet/1/uploadImage", **form)

    assert 200 == response.status_code
    assert len(response.text) < 70_000


def test_large_upload_travels_through_a_real_socket(monkeypatch):
    # Nothing is spooled on the way.
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    content = a_png() + bytes(3_000_000)
    with on_socket(Settings()) as server, httpx.Client(base_url=server.url) as client:
        uploaded = client.post("/v2/pet/1/uploadImage", **a_form(content))
        path = client.get("/v2/pet/1").json()["photoUrls"][-1]
        fetched = client.get(path)
        head = client.head(path)

    assert 200 == uploaded.status_code
    assert content == fetched.content
    assert str(len(content)) == head.headers["content-length"]
    assert b"" == head.content


async def test_head_reads_nothing_of_a_picture(tmp_path):
    content = bytes(3_000_000)
    path = photo_path(content, "")
    async with open_shop(store=str(tmp_path / "shop.db")) as shop:
        await shop.ask("POST /v2/pet/1/uploadImage", **bare(content))
        before = bytes_read()
        head = await shop.ask(f"HEAD {path}")
        between = bytes_read()
        await shop.ask(f"GET {path}")

    assert str(len(content)) == head.headers["content-length"]
    assert between - before < len(content) <= bytes_read() - between


async def test_full_disk_is_told_and_keeps_nothing(tmp_path):
    noise = bytes(range(256)) * 400
    async with open_shop(store=str(tmp_path / "shop.db")) as shop:
        with small_files():
            refused = await shop.refused("POST /v2/pet/1/uploadImage", **bare(noise))
        left = list((tmp_path / "shop.db.photos").iterdir())
        kept = await shop.ask("POST /v2/pet/1/uploadImage", **bare(noise))

    assert (507, 200, []) == (refused.status_code, kept.status_code, left)
    assert "o space is left for pictures" in refused.headers["x-petstore-problem"]


async def test_disk_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "shop.db.photos").write_bytes(b"")
    async with open_shop(store=str(tmp_path / "shop.db")) as shop:
        refused = await shop.refused("POST /pet/1/uploadImage", **bare(a_png()))

    assert (503, "unavailable") == (refused.status_code, problem_of(refused)["code"])
