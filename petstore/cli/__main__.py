"""Run the command as `python -m petstore.cli`."""

from petstore.cli.main import main

main()
