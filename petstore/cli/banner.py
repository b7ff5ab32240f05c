"""Tell whoever starts a server what it is, and what to know about it."""

from collections.abc import Iterator, Sequence

from petstore.cli.output import plain
from petstore.cli.plan import Plan
from petstore.contract.version import __version__
from petstore.engine.seeding import Account
from petstore.server.settings import is_exposed


def banner(
    plan: Plan, url: str, account: Account | None, workers: Sequence[int] = ()
) -> str:
    """
    Return what is said at the start.

    Args:
        account: Of the owner of a new shop; shown here and nowhere else.
        workers: Ids of the processes that serve, where this one does not.
    """
    blocks = [_facts(plan, url, workers), _warnings(plan)]
    if account is not None:
        blocks.append(_owner(account))
    texts = ["\n".join(lines) for lines in map(list, blocks) if lines]
    return "\n\n".join([f"petstore {__version__} at {url}", *texts, _END])


_END = "Ctrl-C stops it."


def _facts(plan: Plan, url: str, workers: Sequence[int]) -> Iterator[str]:
    chosen = plan.profile
    yield f"  API      {url}   and below /v2 and /api/v3"
    yield f"  Docs     {url}/docs"
    yield f"  Store    {plain(plan.address.shown)}{_made(plan)}"
    if plan.address.kind == "memory":
        yield "           It ends with this server; --store shop.db keeps it."
    yield (
        f"  Profile  {chosen.name}: auth={chosen.auth} contract={chosen.contract}"
        f" rules={chosen.rules}"
    )
    if workers:
        yield f"  Workers  {', '.join(map(str, workers))}"
    if plan.settings.allow_reset:
        yield f"  Reset    curl -X POST {url}/__petstore/reset"


def _made(plan: Plan) -> str:
    is_kept = plan.address.kind != "memory"
    return " (new)" if plan.is_new and is_kept else ""


def _warnings(plan: Plan) -> Iterator[str]:
    wanted = plan.wanted
    if plan.profile.name == "sandbox":
        yield "A sandbox keeps passwords readable: use none that matters."
    if is_exposed(wanted.host) and plan.profile.auth == "off":
        yield (
            f"Warning: with --host {plain(wanted.host)} others on the network may read"
            " and change everything."
        )
    if wanted.seed is not None and not plan.is_new:
        yield "--seed is for a new store: this one has its data already."


def _owner(account: Account) -> Iterator[str]:
    yield "The owner of this new shop, shown this once:"
    yield f"  username {account.username}"
    yield f"  password {account.password}"
