"""Hold and draw pictures for tests that upload one."""

from io import BytesIO

from PIL import Image

# One transparent pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def a_picture(color: str = "red", media_type: str = "PNG") -> bytes:
    """Draw a small picture of one color."""
    file = BytesIO()
    Image.new("RGB", (4, 3), color).save(file, media_type)
    return file.getvalue()
