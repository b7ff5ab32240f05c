"""Record what a server answers, and replay it."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from petstore.cli import choices
from petstore.cli.importing import uncollected
from petstore.cli.output import AsJson
from petstore.cli.serve import NETWORK, Host, Port

app = typer.Typer(no_args_is_help=True, help=__doc__)

_WHAT: Final[dict[str, Any]] = {"rich_help_panel": "What it answers"}
_TO_READ: Final = (
    "More: python -m pydoc petstore.mock names what to read, such as petstore.mock"
    ".cassette (the format), petstore.mock.faults (that of --faults) and petstore.mock"
    ".admin (the calls at /__mock that begin sessions, verify, stub and set the clock)."
)

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
    choices.MockMode,
    typer.Option(
        help="replay answers from the recording; auto records where there is none;"
        " extend adds what is missing; record writes it anew; check compares; off"
        " passes everything on.",
        **_WHAT,
    ),
]
OnMissOption = Annotated[
    choices.OnMiss,
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
        help="What time it is in the session: now; when the recording was made; now,"
        " with recorded dates moved along; or always TIME, an instant as"
        " 2026-11-22T20:00:00Z.",
        **_WHAT,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        metavar="public|empty|FILE|N",
        help="First data of the store in this process; public unless given, and behind"
        " a recording what that shows.",
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
IsTimed = Annotated[
    bool,
    typer.Option(
        "--timing",
        help="Record when each event of a stream came, too; no two recordings are the"
        " same then.",
        **_WHAT,
    ),
]
IsRealtime = Annotated[
    bool,
    typer.Option(
        "--realtime",
        help="Let the events of a stream come when they came, where it was recorded"
        " with --timing.",
        **_WHAT,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="PETSTORE_MOCK_TOKEN",
        help="What /__mock asks for as a bearer token where others than this machine"
        " reach it; made where none is given.",
        **NETWORK,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="Where the cassettes lie that may be named at /__mock; this folder unless"
        " given.",
        **NETWORK,
    ),
]
AllowHost = Annotated[
    list[str],
    typer.Option(
        metavar="NAME",
        help="A further name that clients on this machine may give the server; may be"
        " repeated.",
        **NETWORK,
    ),
]
AllowUpstream = Annotated[
    list[str],
    typer.Option(
        metavar="URL",
        help="Who may be asked by sessions that are begun at /__mock; may be repeated.",
        **NETWORK,
    ),
]
AllowNetwork = Annotated[
    bool,
    typer.Option(
        "--allow-network", help="Ask an upstream although CI is set.", **NETWORK
    ),
]


@app.command(epilog=_TO_READ)
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
    is_timed: IsTimed = False,
    is_realtime: IsRealtime = False,
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
        is_timed=is_timed,
        is_realtime=is_realtime,
    )
    door = DoorOptions(host=host, token=token, folder=folder or Path.cwd())
    door |= DoorOptions(allow_hosts=allow_host, upstreams=allow_upstream)
    door["is_network_asked"] = allow_network
    raise typer.Exit(mocking.serve(mocking.Served(session, door, port)))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": False}
)
def record(  # noqa: PLR0913 - one for each option
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
    is_timed: IsTimed = False,
    allow_network: AllowNetwork = False,
) -> None:
    """
    Record what a command asks: petstore mock record a.yaml -- pytest tests/

    The command finds the server's URL in PETSTORE_URL. What it asked becomes the file
    when it exits with 0; without a command, Ctrl-C ends the recording.
    """
    from petstore.cli import mocking

    wanted = mocking.Recording(
        cassette,
        upstream,
        tuple(only),
        tuple(context.args),
        port,
        is_timed=is_timed,
        is_network_asked=allow_network,
    )
    raise typer.Exit(mocking.record(wanted))


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
        str | None,
        typer.Option(
            metavar="DAYS", help="How old it may be, as 90d; the engine's has no age."
        ),
    ] = None,
    allow_network: AllowNetwork = False,
    as_json: AsJson = False,
) -> None:
    """Find where recordings have drifted from the contract; exits with 1 if so."""
    from petstore.cli import mock_files

    checks = mock_files.checks_of(
        against, max_age, values=has_values, is_asked=allow_network
    )
    raise typer.Exit(mock_files.check(paths, checks, as_json=as_json))


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
            help="Drop what nobody asked for, by the report of a session on these"
            " recordings that /__mock/sessions/ID gives.",
        ),
    ] = None,
) -> None:
    """
    Write recordings in their normal form, without secrets.

    Repeats of what is safe are dropped, and so are comments; each `note` stays.
    """
    from petstore.cli import mock_files

    code = mock_files.tidy(paths, is_canonical=is_canonical, unasked=prune)
    raise typer.Exit(code)


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
        choices.Format | None,
        typer.Option(
            help="What TARGET becomes; else its name says it: .har, .yaml for a"
            " cassette, none for a folder of WireMock."
        ),
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
