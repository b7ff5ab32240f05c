"""Print the OpenAPI documents without a server."""

from typing import Annotated

import typer

from petstore.cli.choices import Contract, Flavour
from petstore.cli.output import say
from petstore.contract.version import __version__

app = typer.Typer(add_completion=False)


@app.command()
def openapi(
    flavour: Annotated[
        Flavour,
        typer.Option(
            help="native: the whole API; v2: Swagger 2.0 of /v2; seed: OpenAPI 3.1 of"
            " /v2; v3: OpenAPI 3.0 of /api/v3."
        ),
    ] = "native",
    *,
    contract: Annotated[
        Contract, typer.Option(help="Which answers the /v2 and /api/v3 ones describe.")
    ] = "public",
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Server to name in it; none unless given."),
    ] = None,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print YAML instead of JSON.")
    ] = False,
) -> None:
    """Print an OpenAPI document; a running server has the same ones."""
    import json

    from petstore.contract.openapi import document

    described = document(flavour, contract=contract, origin=server, version=__version__)
    if not as_yaml:
        say(json.dumps(described, indent=2))
        return
    import yaml

    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
    say(text.rstrip("\n"))
