"""Check the project; a plain `nox` runs what CI runs."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "tests"]
nox.options.reuse_venv = "yes"
# The sessions call the pip of their environment.
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = True

LOCKED = ("-c", "constraints.txt")

# Imports every module of the kernel, and the three roots, where little is installed.
KERNEL_PROBE = """
import importlib, pkgutil
import petstore, petstore.contract, petstore.rules, petstore_client, petstore_tui
for module in pkgutil.walk_packages(petstore.contract.__path__, "petstore.contract."):
    importlib.import_module(module.name)
"""


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` repairs what it can."""
    session.install(*LOCKED, "ruff")
    if "--fix" in session.posargs:
        session.run("ruff", "check", "--fix", ".")
        session.run("ruff", "format", ".")
        return
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, and that both checkers see all of the client's."""
    checkers = ("mypy", "basedpyright", "nox", "types-PyYAML")
    # Little of it is ever run, and compiling all takes as long as unpacking it.
    session.install(*LOCKED, "--no-compile", ".[test,bench]", *checkers)
    # Else it takes the .venv of the checkout, where there is one.
    here = (
        "basedpyright",
        "--pythonpath",
        str(Path(session.bin).absolute() / "python"),
    )
    # Apps see what is installed, and none of the checkout's settings.
    app = (*here, "--project", session.create_tmp(), "--ignoreexternal")
    commands = (
        ("mypy", *session.posargs),
        here,
        *(
            (*app, "--verifytypes", name)
            for name in ("petstore_client", "petstore.contract")
        ),
    )
    # On a core each: the one takes as long as the other three times.
    with ThreadPoolExecutor(2) as cores:
        list(cores.map(lambda command: session.run(*command, silent=True), commands))


@nox.session
def imports(session: nox.Session) -> None:
    """Check the directions of imports, and that the kernel needs pydantic only."""
    session.install(*LOCKED, "import-linter", "pydantic")
    session.run("lint-imports", "--no-cache")
    session.run("python", "-c", KERNEL_PROBE)


@nox.session
def tests(session: nox.Session) -> None:
    """Test the built wheel, and check that the tests reach enough of it."""
    _install_wheel(session, "test")
    session.run("coverage", "erase")
    chosen = session.posargs or ("-n", "2", "--dist", "worksteal")
    session.run("coverage", "run", "-m", "pytest", *chosen, env=_FROM_WHEEL)
    session.run("coverage", "combine", "--quiet")
    if session.posargs:
        return
    session.run("coverage", "report", "--fail-under=90")
    kernel = "--include=petstore/contract/*,petstore/rules.py"
    session.run("coverage", "report", kernel, "--fail-under=100")


@nox.session
def proof(session: nox.Session) -> None:
    """Run the long proofs at full scale, and say which ones could not run."""
    _install_wheel(session, "test")
    env = {**_FROM_WHEEL, "PETSTORE_PROOF": "full"}
    patient = ("-o", "faulthandler_timeout=3600")
    session.run("pytest", "-m", "proof", *patient, *session.posargs, env=env)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against the references; `-- --references` measures only those."""
    _install_wheel(session, "bench")
    generated = _generated_client(session)
    session.run(
        "python", "-m", "tests.bench", "--generated", generated, *session.posargs
    )


def _generated_client(session: nox.Session) -> str:
    """Return the folder of what a user would generate, and import it from."""
    folder = Path(session.create_tmp())
    # Its generator asks for other versions than ours, and is not what is measured.
    generator = folder / "generator"
    session.run("python", "-m", "venv", "--clear", str(generator))
    pip = (str(generator / "bin" / "python"), "-m", "pip", "install", "--quiet")
    session.run(*pip, "openapi-python-client==0.29.1", external=True)
    document = str(folder / "openapi.json")
    described = session.run("petstore", "openapi", silent=True)
    Path(document).write_text(str(described))
    output = folder / "generated"
    session.run(
        str(generator / "bin" / "openapi-python-client"),
        *("generate", "--overwrite", "--meta", "none"),
        *("--path", document, "--output-path", str(output / "pet_shop_client")),
        external=True,
        silent=True,
    )
    session.install(*LOCKED, "attrs", "python-dateutil")
    return str(output)


# Keeps the checkout off the path of the tests and of the programs that they start.
_FROM_WHEEL = {"PYTHONSAFEPATH": "1"}


def _install_wheel(session: nox.Session, extra: str) -> None:
    folder = Path(session.virtualenv.location) / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    build = ("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    session.run(*build)
    (wheel,) = folder.glob("petstore-*.whl")
    session.install(*LOCKED, f"{wheel}[{extra}]")
    # pip keeps an installed wheel of the same version, whatever is in it.
    session.install("--no-deps", "--force-reinstall", str(wheel))
