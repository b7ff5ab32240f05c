"""Work with stores and servers from a terminal."""


def main() -> None:
    """Run the command line of this process."""
    from petstore.cli.importing import uncollected

    with uncollected():
        from petstore.cli.main import run

    run()
