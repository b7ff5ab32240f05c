"""Work with stores and servers from a terminal."""


def run() -> None:
    """Run the command line of this process."""
    from petstore.cli.importing import uncollected

    with uncollected():
        from petstore.cli.main import main

    main()
