"""
Upload a picture, and show how far it is.

    petstore serve
    python client_upload.py http://127.0.0.1:8080 rex.png

Without arguments it draws a picture, and starts a server of its own.
"""

import sys
from contextlib import nullcontext
from pathlib import Path

from PIL import Image
from rich.progress import Progress as Bar

import petstore
from petstore_client import Petstore, Progress

given, picture = sys.argv[1:] or (None, "rex.png")
path = Path(picture)
if not path.exists():
    Image.effect_noise((1200, 900), 60).save(path)

with nullcontext(given) if given else petstore.serve() as server:
    url = server if isinstance(server, str) else server.url
    with Petstore(url) as client, Bar() as bar:
        task = bar.add_task("Uploading")

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.sent_bytes, total=progress.total_bytes)

        photo = client.pets.upload_photo(1, path, on_progress=show)

        name = (photo.url or "").rpartition("/")[2]
        content = client.pets.photo(name)

    print("stored:", photo.media_type)
    print("read back:", len(content) > 0)
