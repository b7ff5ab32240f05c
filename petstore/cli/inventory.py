"""Count the pets of a store or of a server."""

import typer

from petstore.cli.output import AsJson, print_json, print_table
from petstore.cli.stores import SERVER, AnyStore, connect

app = typer.Typer(add_completion=False)


@app.command()
def inventory(store: AnyStore = SERVER, as_json: AsJson = False) -> None:
    """Show how many pets have each status."""
    with connect(store) as client:
        counts = client.store.inventory()
    if as_json:
        print_json(dict(sorted(counts.items())))
    else:
        print_table(("status", "pets"), sorted(counts.items()))
