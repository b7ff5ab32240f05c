"""Name the log of the mock."""

import logging
from typing import Final

LOGGER: Final = logging.getLogger("petstore.mock")
