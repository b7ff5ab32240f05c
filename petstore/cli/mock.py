"""Record what a server answers, and replay it."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from petstore.cli.importing import uncollected
from petstore.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help=__doc__)

_WHAT: Final[dict[str, Any]] = {"rich_help_panel": "What it answers"}
_NETWORK: Final[dict[str, Any]] = {"rich_help_panel": "Network"}

Mode = Literal["replay", "auto", "extend", "record", "check", "off"]
OnMiss = Literal["fail", "engine", "example", "upstream"]
Format = Literal["cassette", "vcr", "har", "wiremock", "hoverfly"]

Cassettes = Annotated[
    list[Path],
    typer.Argument(
        metavar="[CASSETTE]...",
        help="What it replays; the first one is recorded to, the others are looked into"
        " after it.",
    ),
]
Cassette = Annotated[
    Path, typer.Argument(metavar="CASSETTE", help="The file of the recording.")
]
Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Cassettes, or folders of them.")
]
ModeOption = Annotated[
    Mode,
    typer.Option(
        help="replay answers from the recording; auto records where there is none;"
        " extend adds what is missing; record writes it anew; check compares; off"
        " passes everything on.",
        **_WHAT,
    ),
]
OnMissOption = Annotated[
    OnMiss,
    typer.Option(
        help="What answers a request that was not recorded: 501 with a report, the"
        " store in this process, an example of the contract, or the upstream.",
        **_WHAT,
    ),
]
UpstreamOption = Annotated[
    str | None,
    typer.Option(metavar="URL|engine", help="Who is asked for a recording.", **_WHAT),
]
ClockOption = Annotated[
    str,
    typer.Option(
        metavar="real|freeze|shift|TIME",
        help="What time it is in the session. Recorded dates stay as they are, but"
        " under shift, where they move to now.",
        **_WHAT,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        metavar="public|empty|FILE|N",
        help="First data of the store in this process; behind a recording, what it"
        " shows unless given.",
        **_WHAT,
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="The same one gives the same chances and examples.", **_WHAT)
]
FaultsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Rules of what goes wrong, as YAML.", **_WHAT),
]
IgnoreOption = Annotated[
    list[str],
    typer.Option(
        metavar="PATH",
        help="What may differ, as json.shipDate; may be repeated.",
        **_WHAT,
    ),
]
IsStrict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Exit with 1 after a miss, or when a part of the recording was not asked"
        " for.",
        **_WHAT,
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on.", **_NETWORK)]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="0 takes a free one.", **_NETWORK)
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="PETSTORE_MOCK_TOKEN",
        help="What /__mock asks for as a bearer token where others than this machine"
        " reach it; made where none is given.",
        **_NETWORK,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="Where the cassettes lie that may be named at /__mock; this folder unless"
        " given.",
        **_NETWORK,
    ),
]
AllowHost = Annotated[
    list[str],
    typer.Option(
        metavar="NAME",
        help="A further name that clients on this machine may give the server; may be"
        " repeated.",
        **_NETWORK,
    ),
]
AllowUpstream = Annotated[
    list[str],
    typer.Option(
        metavar="URL",
        help="Who may be asked by sessions that are begun at /__mock; may be repeated.",
        **_NETWORK,
    ),
]
AllowNetwork = Annotated[
    bool,
    typer.Option(
        "--allow-network", help="Ask an upstream although CI is set.", **_NETWORK
    ),
]


@app.command()
def serve(  # noqa: PLR0913 - one for each option
    cassettes: Cassettes = [],  # noqa: B006 - Typer copies it
    *,
    mode: ModeOption = "replay",
    on_miss: OnMissOption = "fail",
    upstream: UpstreamOption = None,
    clock: ClockOption = "real",
    data: DataOption = None,
    seed: SeedOption = 0,
    faults: FaultsOption = None,
    ignore: IgnoreOption = [],  # noqa: B006 - Typer copies it
    is_strict: IsStrict = False,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    token: Token = None,
    folder: Folder = None,
    allow_host: AllowHost = [],  # noqa: B006 - Typer copies it
    allow_upstream: AllowUpstream = [],  # noqa: B006 - Typer copies it
    allow_network: AllowNetwork = False,
) -> None:
    """
    Serve a recording until Ctrl-C; a page at /__mock/ shows what is asked.

    Prints one line of JSON with the url on stdout as soon as it answers.
    """
    with uncollected():
        from petstore.cli import mocking
        from petstore.mock.door import DoorOptions
    session = mocking.session_of(
        cassettes,
        mode=mode,
        on_miss=on_miss,
        upstream=upstream,
        clock=clock,
        data=data,
        seed=seed,
        faults=faults,
        ignore=ignore,
        is_strict=is_strict,
    )
    door = DoorOptions(
        host=host,
        token=token,
        folder=folder or Path.cwd(),
        allow_hosts=allow_host,
        upstreams=allow_upstream,
        is_network_asked=allow_network,
    )
    mocking.serve(mocking.Served(session, door, port))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": False}
)
def record(
    context: typer.Context,
    cassette: Cassette,
    upstream: Annotated[
        str, typer.Option(metavar="URL|engine", help="Who is recorded.")
    ] = "engine",
    only: Annotated[
        list[str],
        typer.Option(
            metavar="OPERATION",
            help="Record these anew, and leave the rest as it is; may be repeated.",
        ),
    ] = [],  # noqa: B006 - Typer copies it
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes a free one.")
    ] = 0,
    allow_network: AllowNetwork = False,
) -> None:
    """
    Record what a command asks: petstore mock record a.yaml -- pytest tests/

    The command finds the server's URL in PETSTORE_URL. What it asked becomes the file
    when it exits with 0; without a command, Ctrl-C ends the recording.
    """
    from petstore.cli import mocking

    code = mocking.record(
        mocking.Recording(
            cassette, upstream, tuple(only), tuple(context.args), port, allow_network
        )
    )
    raise typer.Exit(code)


@app.command()
def check(
    paths: Paths,
    against: Annotated[
        str,
        typer.Option(
            metavar="contract|engine|URL",
            help="The contract and the recording's own story; or, besides, who is asked"
            " again what is safe to ask.",
        ),
    ] = "contract",
    has_values: Annotated[
        bool,
        typer.Option(
            "--values", help="Whoever is asked must give the recorded values, too."
        ),
    ] = False,
    max_age: Annotated[
        str | None, typer.Option(metavar="DAYS", help="How old it may be, as 90d.")
    ] = None,
    allow_network: AllowNetwork = False,
    as_json: AsJson = False,
) -> None:
    """Find where recordings have drifted from the contract; exits with 1 if so."""
    from petstore.cli import mock_files

    checks = mock_files.checks_of(
        against, max_age, values=has_values, is_asked=allow_network
    )
    if mock_files.check(paths, checks, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def tidy(
    paths: Paths,
    is_canonical: Annotated[
        bool,
        typer.Option(
            "--canonical",
            help="Number the server's ids and move its times, as they appear.",
        ),
    ] = False,
    prune: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT",
            help="Drop what nobody asked for, by the report of a session that"
            " /__mock/sessions/ID gives.",
        ),
    ] = None,
) -> None:
    """Write recordings in their normal form, without secrets."""
    from petstore.cli import mock_files

    mock_files.tidy(paths, is_canonical=is_canonical, report=prune)


@app.command()
def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="A recording in any of the formats."),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", help="What is written: a file, or a folder for WireMock."
        ),
    ],
    to: Annotated[
        Format | None,
        typer.Option(help="What TARGET becomes; a cassette unless SOURCE is one."),
    ] = None,
) -> None:
    """Turn recordings of VCR.py, HAR, WireMock and Hoverfly into cassettes, or back."""
    from petstore.cli import mock_files

    mock_files.convert(source, target, to)


@app.command()
def show(cassette: Cassette, as_json: AsJson = False) -> None:
    """List what a recording holds."""
    from petstore.cli import mock_files

    mock_files.show(cassette, as_json=as_json)
