"""
Make an uploaded picture safe to keep and to serve.

Three steps, in this order, so that a hostile file meets as little code as possible:

1. *Outline*: walk the file's own structure, without decoding, for its size, its count
   of frames and how it is turned. Limits are checked on this. Of JPEG and PNG only
   what draws the picture is passed on, so that no parser of EXIF, ICC or text runs.
2. *Decode* every frame with the one Pillow plugin of that format. The plugin is called
   directly because `Image.open` reports large images by a warning, which is global
   state that threads share; the limits here are lower and are errors.
3. *Redraw* into a new file of the same format. Metadata, colour profiles, comments and
   whatever is hidden behind the picture are gone.

Source: ITU-T T.81 annex B (JPEG), PNG 3rd edition §5, GIF89a §17-26, RFC 9649 (WebP),
TIFF 6.0 §2 and Exif 2.32 §4.6.4 (orientation).
"""

import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from petstore.contract.errors import FieldProblem, Invalid

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
GIF: Final = "image/gif"
WEBP: Final = "image/webp"

EXTENSIONS: Final[Mapping[str, str]] = {
    JPEG: ".jpg",
    PNG: ".png",
    GIF: ".gif",
    WEBP: ".webp",
}
SNIFF_BYTES: Final = 12
# A picture within the limits may take 250 MB, and its file only 150 KB; so the memory
# is bounded for all stores of the process together.
_DECODE_COUNT_MAX: Final = 2
_PLACES: Final = threading.BoundedSemaphore(_DECODE_COUNT_MAX)


class ImageLimits(NamedTuple):
    """
    Bound what decoding a picture may cost.

    Args:
        pixels_max: Width times height times frames.
        frames_max: Frames of an animation.
    """

    pixels_max: int = 40_000_000
    frames_max: int = 500


class SafeImage(NamedTuple):
    """Hold a picture that was drawn anew."""

    content: bytes
    media_type: str


def sniff(content_start: bytes) -> str | None:
    """
    Return the media type of a picture in one of the four formats, else None.

    Args:
        content_start: The first 12 bytes, or more.
    """
    if content_start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content_start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content_start.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if content_start.startswith(b"RIFF") and content_start[8:12] == b"WEBP":
        return WEBP
    return None


def inspect_image(
    file: BinaryIO | bytes, *, limits: ImageLimits | None = None
) -> SafeImage:
    """
    Return the picture in a file, drawn anew; waits while two others are drawn.

    Args:
        file: Read to its end; its length is for the caller to bound.

    Raises:
        Invalid: No picture in one of the four formats, over a limit, or damaged.
    """
    with _PLACES:
        content = file if isinstance(file, bytes) else file.read()
        return _inspect(content, limits or ImageLimits())


def _inspect(content: bytes, limits: ImageLimits) -> SafeImage:
    from PIL.Image import DecompressionBombError

    media_type = sniff(content)
    if media_type is None:
        raise _invalid(
            "image_type",
            "is no picture that the shop knows; a JPEG, PNG, GIF or WebP is right",
        )
    try:
        redrawn = _redraw(content, media_type, limits)
    except (DecompressionBombError, *_DAMAGE) as error:
        raise _invalid(
            "image_damaged",
            f"cannot be decoded as {media_type}; it is damaged or cut off, so save "
            "the picture again and upload it whole",
        ) from error
    return SafeImage(redrawn, media_type)


@dataclass(slots=True)
class _Outline:
    """Say what the structure of a file tells; `drawing` is what draws the picture."""

    drawing: bytes = b""
    width: int = 0
    height: int = 0
    frame_count: int = 1
    exif: bytes = b""
    is_lossless: bool = False


# What Pillow and the walks below raise on files that are not what they claim to be.
_DAMAGE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
)
_PNG_DRAWING: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# Frame headers are SOF0 to 15, but for DHT, JPG and DAC, which lie among them.
_JPEG_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
# APP0 (JFIF) and APP14 (Adobe) say how colours are coded; the others and COM do not.
_JPEG_METADATA: Final = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
_ORIENTATION_TAG: Final = 0x0112
_TRANSPOSES: Final = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def _redraw(content: bytes, media_type: str, limits: ImageLimits) -> bytes:
    outline = _OUTLINES[media_type](content)
    _check_limits(outline, limits)
    image = _open(outline.drawing, media_type)
    frames: list[Image] = []
    durations_ms: list[int] = []
    for index in range(outline.frame_count):
        image.seek(index)
        if image.size != (outline.width, outline.height):
            raise ValueError("a frame has another size than the file says")
        image.load()
        frames.append(_plain(image, _orientation(outline.exif)))
        durations_ms.append(int(image.info.get("duration", 0)))
    options: dict[str, Any] = {"lossless": outline.is_lossless, "quality": 90}
    if len(frames) > 1:
        # Every frame is whole, so each starts from nothing (disposal 2 of GIF).
        options |= {"save_all": True, "append_images": frames[1:], "disposal": 2}
        options["duration"] = durations_ms
        options |= {key: image.info[key] for key in ("loop",) if key in image.info}
    target = BytesIO()
    frames[0].save(target, media_type.removeprefix("image/"), **options)
    return target.getvalue()


def _check_limits(outline: _Outline, limits: ImageLimits) -> None:
    if outline.frame_count > limits.frames_max:
        raise _invalid(
            "image_frames",
            f"has {outline.frame_count:,} frames; at most {limits.frames_max:,} are "
            "right",
        )
    if outline.width * outline.height * outline.frame_count > limits.pixels_max:
        frames = f" in {outline.frame_count} frames" if outline.frame_count > 1 else ""
        raise _invalid(
            "image_pixels",
            f"has {outline.width:,} by {outline.height:,} pixels{frames}; at most "
            f"{limits.pixels_max:,} in all are right, so send a smaller picture",
        )


def _open(drawing: bytes, media_type: str) -> "ImageFile":
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    plugins: dict[str, type[ImageFile]] = {
        JPEG: JpegImagePlugin.JpegImageFile,
        PNG: PngImagePlugin.PngImageFile,
        GIF: GifImagePlugin.GifImageFile,
        WEBP: WebPImagePlugin.WebPImageFile,
    }
    return plugins[media_type](BytesIO(drawing))


def _plain(image: "Image", orientation: int) -> "Image":
    """Return a copy of the current frame, upright and without what it came with."""
    from PIL.Image import Transpose

    plain = image.convert("RGB") if image.mode == "CMYK" else image.copy()
    plain.info = {k: v for k, v in plain.info.items() if k == "transparency"}
    if orientation in _TRANSPOSES:
        return plain.transpose(Transpose[_TRANSPOSES[orientation]])
    return plain


def _jpeg_outline(content: bytes) -> _Outline:
    outline = _Outline()
    kept = [content[:2]]
    at = 2
    while True:
        at = content.index(b"\xff", at)
        marker = content[at + 1]
        if marker == 0xDA:
            outline.drawing = b"".join((*kept, content[at:]))
            return outline
        if marker in (0x00, 0xFF) or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at : at + 2 + length]
        at += len(segment)
        if marker in _JPEG_FRAME:
            outline.height, outline.width = struct.unpack_from(">HH", segment, 5)
        if marker not in _JPEG_METADATA:
            kept.append(segment)
        elif segment[4:10] == b"Exif\0\0":
            outline.exif = segment[10:]


def _png_outline(content: bytes) -> _Outline:
    outline = _Outline()
    kept = [content[:8]]
    for kind, data, whole in _png_chunks(content):
        if kind == b"IHDR":
            outline.width, outline.height = struct.unpack_from(">II", data)
        if kind == b"eXIf":
            outline.exif = data
        if kind in _PNG_DRAWING:
            kept.append(whole)
    outline.drawing = b"".join(kept)
    return outline


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        yield kind, content[at + 8 : end - 4], content[at:end]
        at = end


def _gif_outline(content: bytes) -> _Outline:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    outline = _Outline(content, width, height, frame_count=0)
    at = 13 + _gif_table_size(flags)
    # Some writers leave the trailer out.
    while at < len(content) and content[at] != 0x3B:
        if content[at] == 0x21:
            at = _after_gif_blocks(content, at + 2)
            continue
        if content[at] != 0x2C:
            raise ValueError("neither an extension nor a picture")
        x, y, width, height, flags = struct.unpack_from("<HHHHB", content, at + 1)
        outline.width = max(outline.width, x + width)
        outline.height = max(outline.height, y + height)
        outline.frame_count += 1
        at = _after_gif_blocks(content, at + 11 + _gif_table_size(flags))
    return outline


def _gif_table_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_gif_blocks(content: bytes, at: int) -> int:
    while size := content[at]:
        at += size + 1
    return at + 1


def _webp_outline(content: bytes) -> _Outline:
    outline = _Outline(content)
    frame_count = 0
    for kind, data in _webp_chunks(content):
        if kind == b"VP8X":
            outline.width = int.from_bytes(data[4:7], "little") + 1
            outline.height = int.from_bytes(data[7:10], "little") + 1
        elif kind == b"VP8 " and not outline.width:
            width, height = struct.unpack_from("<HH", data, 6)
            outline.width, outline.height = width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L":
            outline.is_lossless = True
            if not outline.width:
                bits = int.from_bytes(data[1:5], "little")
                outline.width = (bits & 0x3FFF) + 1
                outline.height = (bits >> 14 & 0x3FFF) + 1
        elif kind == b"ANMF":
            frame_count += 1
            outline.is_lossless |= data[16:20] == b"VP8L"
        elif kind == b"EXIF":
            outline.exif = data.removeprefix(b"Exif\0\0")
    outline.frame_count = max(1, frame_count)
    return outline


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


_OUTLINES: Final[Mapping[str, Callable[[bytes], _Outline]]] = {
    JPEG: _jpeg_outline,
    PNG: _png_outline,
    GIF: _gif_outline,
    WEBP: _webp_outline,
}


def _orientation(exif: bytes) -> int:
    """Return how the picture is turned (1 to 8), 1 when the data does not say."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        entries = struct.iter_unpack(
            f"{order}HHIHxx", exif[directory + 2 : directory + 2 + 12 * count]
        )
        return next((v for tag, _, _, v in entries if tag == _ORIENTATION_TAG), 1)
    except struct.error:
        return 1


def _invalid(kind: str, message: str) -> Invalid:
    problem = FieldProblem("form.file", message, kind)
    return Invalid(f"The file {message}.", fields=(problem,))
