"""Name the log of the server."""

import logging
from typing import Final

LOGGER: Final = logging.getLogger("petstore.server")
