"""A picture comes out as it looks, and with nothing else that the file held."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from petstore.contract.errors import Invalid
from petstore.engine.images import (
    GIF,
    JPEG,
    PNG,
    WEBP,
    ImageLimits,
    SafeImage,
    inspect_image,
    sniff,
)

LIMITS = ImageLimits(pixels_max=100_000)
SECRET = b"<script>alert(1)</script>"
SIZE = (8, 6)
RED, BLUE = (250, 10, 10), (10, 10, 250)


def a_picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw a picture whose top left quarter is red, so that turning it shows."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1] // 2))
    return picture.convert(mode)


def saved(picture: Image.Image, form: str, **options) -> bytes:
    target = BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()


def an_animation(form: str, **options) -> bytes:
    frames = [Image.new("RGBA", SIZE, colour) for colour in ("red", "lime", "blue")]
    frames[1].putpixel((0, 0), (0, 0, 0, 0))
    return saved(
        frames[0],
        form,
        save_all=True,
        append_images=frames[1:],
        duration=[40, 80, 120],
        **options,
    )


def opened(safe: SafeImage) -> Image.Image:
    picture = Image.open(BytesIO(safe.content))
    picture.load()
    return picture


def is_red(picture: Image.Image, place: tuple[int, int]) -> bool:
    red, green, blue = picture.convert("RGB").crop((*place, 64, 64)).tobytes()[:3]
    return red > 150 > green + blue


def exif_turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    return exif


def png_chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def a_png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(bytes(100)))
        + png_chunk(b"IEND", b"")
    )


def a_gif_of(frames: list[tuple[int, int]], *, screen=(1, 1), end=b";") -> bytes:
    """Write a GIF by hand; each frame claims a size and has one pixel of data."""
    blocks = [
        b"," + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\x02\x02\x44\x01\x00"
        for size in frames
    ]
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    return b"".join((head, *blocks, end))


# --- what comes out


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        pytest.param("JPEG", JPEG, id="jpeg"),
        pytest.param("PNG", PNG, id="png"),
        pytest.param("GIF", GIF, id="gif"),
        pytest.param("WEBP", WEBP, id="webp"),
    ],
)
def test_picture_keeps_its_format_and_looks(form, media_type):
    safe = inspect_image(saved(a_picture(), form))

    picture = opened(safe)
    assert safe.media_type == media_type
    assert picture.format == form
    assert sniff(safe.content) == media_type
    assert picture.size == SIZE
    assert is_red(picture, (0, 0))


def test_file_may_be_a_stream():
    stream = BytesIO(saved(a_picture(), "PNG"))
    assert inspect_image(stream).media_type == PNG


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA"])
def test_png_keeps_its_pixels_exactly(mode):
    picture = Image.new("I;16", SIZE, 40_000) if mode == "I;16" else a_picture(mode)

    redrawn = opened(inspect_image(saved(picture, "PNG")))

    assert redrawn.mode == mode
    assert redrawn.tobytes() == picture.tobytes()


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_transparent_colour_of_a_png_stays(mode):
    colour = {"L": 76, "P": 0, "RGB": BLUE}[mode]
    content = saved(a_picture(mode), "PNG", transparency=colour)

    with Image.open(BytesIO(content)) as before:
        expected = before.convert("RGBA").tobytes()
    assert opened(inspect_image(content)).convert("RGBA").tobytes() == expected


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_of_other_colours_is_read(mode):
    redrawn = opened(inspect_image(saved(a_picture(mode), "JPEG", quality=100)))

    assert redrawn.mode == ("L" if mode == "L" else "RGB")
    assert redrawn.getpixel((0, 0)) != redrawn.getpixel((7, 5))


@pytest.mark.parametrize("options", [{}, {"xmp": SECRET}], ids=["bare", "extended"])
def test_lossless_webp_stays_lossless(options):
    content = saved(a_picture("RGBA"), "WEBP", lossless=True, **options)
    redrawn = opened(inspect_image(content))
    assert redrawn.convert("RGB").tobytes() == a_picture().tobytes()


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_animation_keeps_its_frames_and_times(form):
    options = {"lossless": True} if form == "WEBP" else {"disposal": 2}
    content = an_animation(form, loop=3, **options)

    safe = inspect_image(content)

    with Image.open(BytesIO(content)) as before, opened(safe) as after:
        assert getattr(after, "n_frames", 1) == 3
        for index, duration in enumerate([40, 80, 120]):
            before.seek(index)
            after.seek(index)
            after.load()
            assert after.info["duration"] == duration
            assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
        assert after.info["loop"] == 3


def test_animated_png_becomes_its_first_picture():
    safe = inspect_image(an_animation("PNG"))

    picture = opened(safe)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
    assert not getattr(picture, "is_animated", False)
    assert b"acTL" not in safe.content


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_picture_is_turned_upright(form, orientation):
    content = saved(
        a_picture(size=(64, 32)), form, exif=exif_turned(orientation), quality=95
    )

    redrawn = opened(inspect_image(content)).convert("RGB")

    width, height = redrawn.size
    x = 3 if orientation in (1, 4, 5, 8) else width - 4
    y = 3 if orientation in (1, 2, 5, 6) else height - 4
    assert redrawn.size == ((64, 32) if orientation < 5 else (32, 64))
    assert is_red(redrawn, (x, y))


def test_big_endian_exif_is_read():
    exif = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHxx", 0x0112, 3, 1, 6)
    content = saved(a_picture(), "JPEG", exif=b"Exif\0\0" + exif + bytes(4))

    assert opened(inspect_image(content)).size == (SIZE[1], SIZE[0])


@pytest.mark.parametrize(
    "exif",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"nonsense", id="no-tiff"),
        pytest.param(b"II*\0", id="no-directory"),
        pytest.param(b"II*\0\xff\xff\xff\xff", id="directory-outside"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff\x12\x01", id="cut-off"),
        pytest.param(b"II*\0\x08\0\0\0\0\0", id="no-entries"),
        pytest.param(
            b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHxx", 0x0112, 3, 1, 99),
            id="no-such-orientation",
        ),
    ],
)
def test_broken_exif_is_ignored(exif):
    content = saved(a_picture(), "JPEG", exif=b"Exif\0\0" + exif)

    assert opened(inspect_image(content)).size == SIZE


def metadata_rich(form: str) -> bytes:
    text = PngInfo()
    text.add_text("Comment", SECRET.decode(), zip=False)
    options: dict[str, dict[str, object]] = {
        "JPEG": {"comment": SECRET, "exif": exif_turned(1), "icc_profile": SECRET},
        "PNG": {"pnginfo": text, "exif": exif_turned(1), "icc_profile": SECRET},
        "GIF": {"comment": SECRET},
        "WEBP": {"exif": exif_turned(1), "xmp": SECRET, "icc_profile": SECRET},
    }
    return saved(a_picture(), form, **options[form]) + SECRET


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_metadata_and_trailing_bytes_are_gone(form):
    content = metadata_rich(form)
    assert content.count(SECRET) > 1
    safe = inspect_image(content)

    assert SECRET not in safe.content
    picture = opened(safe)
    assert not {"exif", "icc_profile", "comment", "xmp", "Comment"} & set(picture.info)
    assert not picture.getexif()


def test_photo_with_more_pictures_inside_becomes_its_first():
    content = saved(
        a_picture(), "MPO", save_all=True, append_images=[a_picture("L").convert("RGB")]
    )

    safe = inspect_image(content)
    assert opened(safe).format == "JPEG"
    assert len(safe.content) < len(content)


# --- what is refused


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"just text", id="text"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0", id="eps"),
        pytest.param(saved(a_picture(), "BMP"), id="bmp"),
        pytest.param(saved(a_picture(), "TIFF"), id="tiff"),
        pytest.param(b"RIFF\x04\0\0\0WAVE", id="wave"),
    ],
)
def test_other_files_are_refused(content):
    with pytest.raises(Invalid, match="a JPEG, PNG, GIF or WebP is right") as caught:
        inspect_image(content)

    assert caught.value.fields[0].field == "form.file"
    assert sniff(content) is None


WEBP_BOMBS = [
    b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" * 2,
    b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", 2**28 - 1),
    b"VP8 " + struct.pack("<I", 10) + bytes(6) + b"\xff\x3f\xff\x3f",
]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(a_png_claiming(50_000, 50_000), id="png"),
        pytest.param(a_png_claiming(10_000, 10_000), id="png-below-pillows-limit"),
        pytest.param(a_gif_of([(1, 1)], screen=(65_535, 65_535)), id="gif-screen"),
        pytest.param(a_gif_of([(1, 1), (65_535, 65_535)]), id="gif-frame"),
        pytest.param(
            b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 60_000, 60_000) + b"\x03"
            b"\x01\x11\0\x02\x11\0\x03\x11\0\xff\xda\0\x0c",
            id="jpeg",
        ),
        *(
            pytest.param(
                b"RIFF" + struct.pack("<I", len(bomb) + 4) + b"WEBP" + bomb,
                id=f"webp-{bomb[:4].decode().strip()}",
            )
            for bomb in WEBP_BOMBS
        ),
    ],
)
def test_too_many_pixels_are_refused_before_decoding(content):
    with pytest.raises(Invalid, match="at most 40,000,000 in all are right") as caught:
        inspect_image(content)

    assert caught.value.fields[0].kind == "image_pixels"


def test_limits_can_be_reached_and_not_passed():
    content = an_animation("GIF")

    inspect_image(content, limits=ImageLimits(pixels_max=144, frames_max=3))
    with pytest.raises(Invalid, match="3 frames; at most 2 are right"):
        inspect_image(content, limits=ImageLimits(frames_max=2))
    with pytest.raises(Invalid, match="8 by 6 pixels in 3 frames; at most 143"):
        inspect_image(content, limits=ImageLimits(pixels_max=143))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_truncated_picture_is_refused(form):
    content = saved(Image.effect_noise((64, 64), 80).convert("RGB"), form)

    for length in (12, 20, 40, len(content) // 2, len(content) - 40):
        with pytest.raises(Invalid, match="damaged or cut off"):
            inspect_image(content[:length])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(a_gif_of([]), id="gif-without-a-frame"),
        pytest.param(a_gif_of([(1, 1)], end=b"?"), id="gif-with-junk"),
        pytest.param(a_gif_of([(1, 1), (9, 9)]), id="gif-that-grows"),
        pytest.param(b"\xff\xd8\xff\xff\xff", id="jpeg-without-end"),
        pytest.param(
            b"\xff\xd8\xff\x01\xff\xd0\xff\xda\0\x02", id="jpeg-without-frame"
        ),
        pytest.param(a_png_claiming(8, 6)[:-12] + b"\0" * 12, id="png-without-end"),
        pytest.param(b"RIFF\x04\0\0\0WEBP", id="webp-without-chunks"),
    ],
)
def test_malformed_picture_is_refused(content):
    with pytest.raises(Invalid, match="damaged or cut off"):
        inspect_image(content)


def test_gif_without_trailer_is_read():
    content = saved(a_picture(), "GIF")

    assert inspect_image(content.removesuffix(b";")).media_type == GIF


SAMPLES = [
    *(metadata_rich(form) for form in ("JPEG", "PNG", "GIF", "WEBP")),
    an_animation("GIF"),
    an_animation("WEBP"),
    an_animation("PNG"),
    saved(a_picture(), "JPEG", progressive=True),
    saved(a_picture("RGBA"), "WEBP", lossless=True),
]


@settings(max_examples=300)
@given(
    sample=st.sampled_from(SAMPLES),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6
    ),
    cut=st.floats(0, 1),
)
def test_mutated_picture_is_redrawn_or_invalid_and_nothing_else(sample, changes, cut):
    content = bytearray(sample)
    for place, byte in changes:
        content[int(place * len(content))] = byte
    whole = bytes(content) if cut > 0.5 else bytes(content[: int(cut * len(content))])

    with suppress(Invalid):
        safe = inspect_image(whole, limits=LIMITS)
        assert sniff(safe.content) == safe.media_type
        assert SECRET not in safe.content
