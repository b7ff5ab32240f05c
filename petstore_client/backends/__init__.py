"""Answer calls somewhere else, each backend in its own way."""
