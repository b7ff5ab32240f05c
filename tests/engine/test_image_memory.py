"""What decoding takes is bounded, however many pictures come together."""

import threading
from concurrent.futures import ThreadPoolExecutor

from PIL.PngImagePlugin import PngImageFile

from petstore.engine.images import inspect_image
from tests.kit.pictures import a_picture


def test_two_pictures_at_most_are_decoded_at_once(monkeypatch):
    """Eight small files of 40 million pixels each take gigabytes otherwise."""
    content = a_picture()
    running: list[int] = []
    counts: list[int] = []
    pair = threading.Barrier(2, timeout=10)
    seek = PngImageFile.seek

    def counted(image, frame):
        running.append(1)
        pair.wait()
        counts.append(len(running))
        pair.wait()
        running.pop()
        seek(image, frame)

    monkeypatch.setattr(PngImageFile, "seek", counted)
    with ThreadPoolExecutor(6) as threads:
        pictures = list(threads.map(inspect_image, [content] * 6))

    assert 6 == len(pictures)
    assert 2 == max(counts)
