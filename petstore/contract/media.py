"""Name the media types that the codec reads and writes."""

from typing import Final

JSON: Final = "application/json"
XML: Final = "application/xml"
YAML: Final = "application/yaml"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
OCTETS: Final = "application/octet-stream"
MERGE_PATCH: Final = "application/merge-patch+json"
