"""
Show the documents in Swagger UI and ReDoc, without any network.

Both come from the files of the installed `offapi`, which are read when somebody asks
for them. The package is never imported: its `__init__` loads all of them, 9 MB. A page
names each file with a hash of its content, so that a browser may keep it for good.

Nothing in a page comes from a request.
"""

from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.util import find_spec, module_from_spec
from json import dumps
from typing import Final

from petstore.contract.errors import NotFound
from petstore.contract.replies import Response

ASSETS_PATH: Final = "/__petstore/assets/"
# What a page offers, and where it is, as seen from the page.
DOCUMENTS: Final = (
    ("Petstore (native, OpenAPI 3.1)", "openapi.json"),
    ("/v2 (Swagger 2.0)", "v2/swagger.json"),
    ("/v2 (OpenAPI 3.1)", "v2/openapi.json"),
    ("/api/v3 (OpenAPI 3.0)", "api/v3/openapi.json"),
)

_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"
# Files of offapi, under the names that they have here.
_INSTALLED: Final = {
    "swagger-ui.css": ("swagger_style.css", _STYLE),
    "swagger-ui-bundle.js": ("swagger_bundle.js", _SCRIPT),
    "swagger-ui-preset.js": ("swagger_preset.js", _SCRIPT),
    "redoc.js": ("redoc.js", _SCRIPT),
}
_PAGES: Final = {
    "docs": (
        "Swagger UI",
        ("swagger-ui-bundle.js", "swagger-ui-preset.js", "swagger-start.js"),
        ("swagger-ui.css", "page.css"),
    ),
    "redoc": ("ReDoc", ("redoc-start.js",), ("page.css",)),
}
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
# Both write styles into the page and have icons or a font as data, and Swagger UI shows
# a downloaded picture as a blob. They may ask nobody but this server.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(kind: str) -> bytes:
    """
    Return the HTML of a page.

    Args:
        kind: `docs` for Swagger UI, `redoc` for ReDoc.

    Raises:
        NotFound: There is no such page.
    """
    if kind not in _PAGES:
        raise NotFound(f"There is no page {kind}; there are {' and '.join(_PAGES)}.")
    title, scripts, styles = _PAGES[kind]
    is_redoc = kind == "redoc"
    script_tag = _MODULE_TAG if is_redoc else _SCRIPT_TAG
    return _PAGE.format(
        title=title,
        choice=_NAV_TAG.format(_links("redoc?url=")) if is_redoc else "",
        styles="".join(_STYLE_TAG.format(_address(name)) for name in styles),
        scripts="".join(script_tag.format(_address(name)) for name in scripts),
        links=_links(),
    ).encode()


def _links(prefix: str = "") -> str:
    return " · ".join(
        _LINK_TAG.format(prefix + url, escape(name)) for name, url in DOCUMENTS
    )


def asset(name: str) -> tuple[bytes, str] | None:
    """Return the content and media type of a file of the pages; None for any other."""
    if name in _INSTALLED:
        file_name, media_type = _INSTALLED[name]
        return _installed(file_name), media_type
    if name == "page.css":
        return _PAGE_CSS.encode(), _STYLE
    if name == "swagger-start.js":
        urls = [{"name": name, "url": url} for name, url in DOCUMENTS]
        return _SWAGGER_START.replace("URLS", dumps(urls)).encode(), _SCRIPT
    if name == "redoc-start.js":
        redoc = f"redoc.js?v={_version('redoc.js')}"
        addresses = dumps([url for _, url in DOCUMENTS])
        start = _REDOC_START.replace("REDOC", redoc).replace("DOCUMENTS", addresses)
        return start.encode(), _SCRIPT
    return None


def page_response(kind: str, *, if_none_match: str = "") -> Response:
    """
    Answer a request for a page.

    Raises:
        NotFound: There is no such page.
    """
    body = page(kind)
    headers = {
        **_HEADERS,
        "cache-control": "no-cache",
        "content-security-policy": _POLICY,
        "content-type": "text/html; charset=utf-8",
        "etag": f'"{_digest(body)}"',
    }
    return _unless_known(headers, body, if_none_match)


def asset_response(name: str, *, if_none_match: str = "") -> Response:
    """
    Answer a request for a file of the pages.

    Raises:
        NotFound: There is no such file.
    """
    found = asset(name)
    if found is None:
        raise NotFound(f"There is nothing at {ASSETS_PATH}{name}.")
    body, media_type = found
    headers = {
        **_HEADERS,
        "cache-control": "public, max-age=31536000, immutable",
        "content-type": media_type,
        "etag": f'"{_version(name)}"',
    }
    return _unless_known(headers, body, if_none_match)


def _unless_known(headers: dict[str, str], body: bytes, if_none_match: str) -> Response:
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if known & {headers["etag"], "*"}:
        return Response(304, headers)
    return Response(200, headers, body)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


@cache
def _version(name: str) -> str:
    found = asset(name)
    assert found is not None
    return _digest(found[0])


def _address(name: str) -> str:
    # Relative, so that a page works below the path of a proxy.
    return f"{ASSETS_PATH.removeprefix('/')}{name}?v={_version(name)}"


def _installed(file_name: str) -> bytes:
    """Read a file of offapi by its spec, which runs none of its code."""
    spec = find_spec("offapi")
    assert spec is not None, "offapi is a dependency of this product"
    content = files(module_from_spec(spec)).joinpath(file_name).read_bytes()
    for url in _LOGO_URLS:
        content = content.replace(url, _LOGO)
    return content


# The one picture that ReDoc has from elsewhere; its name is shown in its place.
_LOGO_URLS: Final = (
    b"https://cdn.redoc.ly/redoc/logo-mini-full.svg",
    b"https://cdn.redoc.ly/redoc/logo-mini.svg",
)
_LOGO: Final = (
    b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='52'"
    b" height='16'%3E%3Ctext y='13' font-family='sans-serif' font-size='13'"
    b" fill='gray'%3ERedocly%3C/text%3E%3C/svg%3E"
)

_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'"
    "%3E%3Ctext y='13' font-size='13'%3E🐾%3C/text%3E%3C/svg%3E"
)
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Petstore: {{title}}</title>
<link rel="icon" href="{_ICON}">
{{styles}}</head>
<body>
{{choice}}<div id="page"></div>
<noscript>This page needs JavaScript; the documents themselves do not:
{{links}}</noscript>
{{scripts}}</body>
</html>
"""
_STYLE_TAG: Final = '<link rel="stylesheet" href="{}">\n'
_SCRIPT_TAG: Final = '<script defer src="{}"></script>\n'
_MODULE_TAG: Final = '<script type="module" src="{}"></script>\n'
_NAV_TAG: Final = "<nav>{}</nav>\n"
_LINK_TAG: Final = '<a href="{}">{}</a>'

_PAGE_CSS: Final = """body { margin: 0; }
nav { font: 14px sans-serif; padding: 10px 20px; border-bottom: 1px solid #ddd; }
nav a { color: #333; }
nav a[aria-current] { font-weight: bold; text-decoration: none; }
"""
_SWAGGER_START: Final = """SwaggerUIBundle({
  urls: URLS,
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
"""
# ReDoc shows one document and has no list to choose from. What the address of the page
# asks for is only ever compared.
_REDOC_START: Final = """import { init } from "./REDOC";

const urls = DOCUMENTS;
const asked = new URLSearchParams(location.search).get("url");
const url = urls.find((one) => one === asked) ?? urls[0];
document
  .querySelector(`nav a[href="redoc?url=${url}"]`)
  .setAttribute("aria-current", "page");
init(url, { disableTelemetry: true }, document.querySelector("#page"));
"""
