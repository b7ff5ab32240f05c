"""
Measure the product against its references, and print one table.

    python -m tests.bench [--references] [--client] [--mock] [--folder FOLDER]
                          [--generated FOLDER] [--tools FOLDER]

The servers have one core and the load has another: that is wrk where it is installed,
else a Python program. All that is compared is measured in turns within this run, and
compared round by round. The exit code is 1 when a bar is missed. Linux only.
"""

import argparse
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import client, embedded, fastapi_shop, load, mock, references, served
from tests.bench.processes import cores, pinned
from tests.bench.table import Row, render

PET_COUNT = 10_000


def main() -> int:
    """Measure, print, and return the exit code."""
    options = _options()
    with (
        tempfile.TemporaryDirectory(
            dir=options.folder, prefix="petstore-bench-"
        ) as name,
        pinned(cores()[1]),
    ):
        rows = [*_chosen_rows(Path(name), options)]
    print(_machine())
    print(render(rows))
    return 0 if all(row.is_met for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument(
        "--references", action="store_true", help="measure the references only"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="where to put the stores; a folder in memory makes commits too cheap",
    )
    parser.add_argument("--client", action="store_true", help="measure the client only")
    parser.add_argument(
        "--generated",
        type=Path,
        help="what openapi-python-client made of `petstore openapi`",
    )
    parser.add_argument("--mock", action="store_true", help="measure the mock only")
    parser.add_argument(
        "--tools",
        type=Path,
        help="where npm installed @stoplight/prism-cli, @mockoon/cli and wiremock",
    )
    return parser.parse_args()


def _chosen_rows(folder: Path, options: argparse.Namespace) -> Iterator[Row]:
    if options.mock:
        yield from mock.rows(folder, options.tools)
        return
    if not options.client:
        yield from _rows(folder, is_reference_only=options.references)
    if not options.references:
        with served.small(folder) as server:
            yield from client.rows(server, options.generated)
        if not options.client:
            yield from mock.rows(folder, options.tools)


def _rows(folder: Path, *, is_reference_only: bool) -> Iterator[Row]:
    file = folder / "reference.db"
    fastapi_shop.seed(str(file), PET_COUNT)
    with served.references(folder, file, PET_COUNT) as targets:
        if is_reference_only:
            yield from served.rate_rows(targets)
        else:
            yield from _product_rates(folder, targets)
    yield from served.start_rows(folder, is_reference_only=is_reference_only)
    yield from references.sqlite_rows(file, PET_COUNT)
    if is_reference_only:
        yield references.session_row(file, PET_COUNT)
    else:
        yield from _embedded_rows(folder, file)


def _product_rates(folder: Path, targets: served.Targets) -> Iterator[Row]:
    with served.product(folder, PET_COUNT) as ours:
        yield from served.rate_rows({**targets, **ours})
        yield served.rss_row(ours)


def _embedded_rows(folder: Path, file: Path) -> Iterator[Row]:
    yield embedded.speed_row(file, folder / "embedded.db", PET_COUNT)
    yield from embedded.growth_rows(folder)


def _machine() -> str:
    server_core, load_core = cores()
    return (
        f"{platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; servers on core {server_core}\n"
        f"{load.CONNECTION_COUNT} connections of {served.generator()} on core "
        f"{load_core}; medians of {served.ROUND_COUNT} rounds in turns, and of their "
        "ratios"
    )


if __name__ == "__main__":
    sys.exit(main())
