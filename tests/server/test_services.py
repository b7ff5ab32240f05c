"""What is no operation is answered beside the faces."""

import pytest

from tests.kit.server import open_shop, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")


def authorization_url(document: dict) -> str:
    schemes = document.get("securityDefinitions")
    if schemes is None:
        schemes = document["components"]["securitySchemes"]
    scheme = schemes["petstore_auth"]
    return scheme.get("flows", {}).get("implicit", scheme)["authorizationUrl"]


@pytest.mark.parametrize(
    "name", ["openapi", "v2/swagger", "v2/openapi", "api/v3/openapi"]
)
async def test_oauth_page_that_a_document_names_says_how_to_log_in(name):
    async with open_shop() as shop:
        document = (await shop.ask(f"GET /{name}.json")).json()
        page = await shop.http.get(authorization_url(document))

    assert page.status_code == 404
    assert "Log in with POST /tokens" in problem_of(page)["detail"]
