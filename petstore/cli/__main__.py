"""Run the command as `python -m petstore.cli`."""

from petstore.cli import run

run()
