"""Start a server."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from petstore.cli import choices
from petstore.cli.importing import uncollected
from petstore.cli.stores import STORE_VARIABLE

app = typer.Typer(add_completion=False)

_DATA: Final[dict[str, Any]] = {"rich_help_panel": "Data"}
_SWITCH: Final[dict[str, Any]] = {"rich_help_panel": "Behaviour"}
NETWORK: Final[dict[str, Any]] = {"rich_help_panel": "Network"}

Store = Annotated[
    str,
    typer.Option(
        envvar=STORE_VARIABLE,
        metavar="STORE",
        help="memory:, a path or postgresql://…; made if it is not there.",
        **_DATA,
    ),
]
Seed = Annotated[
    str | None,
    typer.Option(
        metavar="public|empty|FILE|N",
        help="First data of a new store: the public Petstore's, none, those of a JSON"
        " file, or N random pets.",
        **_DATA,
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where a store on Postgres keeps pictures.", **_DATA),
]
UploadBytesMax = Annotated[
    int | None, typer.Option(min=1, help="Size of the largest picture.", **_DATA)
]
Profile = Annotated[
    choices.ProfileName | None,
    typer.Option(
        help="What a new store is for: sandbox for tests, shop for a real counter.",
        **_SWITCH,
    ),
]
Auth = Annotated[
    choices.Auth | None, typer.Option(help="Whether credentials count.", **_SWITCH)
]
Contract = Annotated[
    choices.Contract | None,
    typer.Option(
        help="Answers of /v2 and /api/v3: as the public servers give them, or as the"
        " documents say.",
        **_SWITCH,
    ),
]
Rules = Annotated[
    choices.Rules | None,
    typer.Option(help="Whether a shop's rules for statuses hold.", **_SWITCH),
]
AllowReset = Annotated[
    bool,
    typer.Option(
        "--allow-reset",
        help="Let POST /__petstore/reset bring the first data back.",
        **_SWITCH,
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on.", **NETWORK)]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="0 takes a free one.", **NETWORK)
]
AllowHost = Annotated[
    list[str],
    typer.Option(
        metavar="NAME",
        help="Name that the server answers to; may be repeated.",
        **NETWORK,
    ),
]
CorsOrigin = Annotated[
    str | None,
    typer.Option(
        metavar="ORIGIN",
        help="Whose web pages may call: any ('*') in a sandbox, none in a shop.",
        **NETWORK,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=64, help="Processes that serve; above 1 on Postgres.", **NETWORK
    ),
]
IsVerbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Log each refused request, as a sandbox does anyway."
    ),
]
IsQuiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Log no refused request in a sandbox.")
]
ListenFd = Annotated[int | None, typer.Option(hidden=True)]


@app.command()
def serve(  # noqa: PLR0913 - one for each option
    *,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    store: Store = "memory:",
    profile: Profile = None,
    auth: Auth = None,
    contract: Contract = None,
    rules: Rules = None,
    seed: Seed = None,
    allow_reset: AllowReset = False,
    workers: Workers = 1,
    data_dir: DataDir = None,
    allow_host: AllowHost = [],  # noqa: B006 - Typer copies it
    cors_origin: CorsOrigin = None,
    upload_bytes_max: UploadBytesMax = None,
    is_verbose: IsVerbose = False,
    is_quiet: IsQuiet = False,
    listen_fd: ListenFd = None,
) -> None:
    """
    Serve a store at /, /v2 and /api/v3 until Ctrl-C.

    Prints one line of JSON with the url on stdout as soon as it answers.
    """
    with uncollected():
        from petstore.cli import foreground
        from petstore.cli.plan import Wanted

    wanted = Wanted(
        host=host,
        port=port,
        store=store,
        profile=profile,
        auth=auth,
        contract=contract,
        rules=rules,
        seed=seed,
        allow_reset=allow_reset,
        workers=workers,
        data_dir=data_dir,
        allow_host=tuple(allow_host),
        cors_origin=cors_origin,
        upload_bytes_max=upload_bytes_max,
        is_verbose=is_verbose,
        is_quiet=is_quiet,
    )
    foreground.start(wanted, listen_fd=listen_fd)
