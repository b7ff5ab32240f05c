"""Hold the version of the product; the packaging reads it from here."""

# Without an annotation, which the packaging's pattern does not know.
__version__ = "0.1.0"
