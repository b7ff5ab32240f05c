"""
State what the official documents say, as facts in our own notation.

An operation is a row of seven columns:

    id | method, path | arguments | media types of a body | statuses | answer | auth

An argument is `name@place`, with `!` where it is required; a body of one value is
`@body`. An answer is the schema of status 200. A type is `int64`, `date-time`, `Pet`,
`Pet[]`, `{int32}` for a map, or `a/b` for an enum of texts. Auth names alternatives:
`key` (the api_key), `pets` (petstore_auth with both scopes), or `-`.

Source: petstore.swagger.io 1.0.7 (Swagger 2.0); @readme/oas-examples 8.2.2 (OpenAPI
3.1); swagger-petstore 1.0.26 (OpenAPI 3.0).
"""

from dataclasses import dataclass

_V2 = """
addPet | POST /pet | @body! | json xml | 405 | - | pets
updatePet | PUT /pet | @body! | json xml | 400 404 405 | - | pets
findPetsByStatus | GET /pet/findByStatus | status@query! | - | 200 400 | Pet[] | pets
findPetsByTags | GET /pet/findByTags | tags@query! | - | 200 400 | Pet[] | pets
getPetById | GET /pet/{petId} | petId@path! | - | 200 400 404 | Pet | key
updatePetWithForm | POST /pet/{petId} | petId@path! name@form status@form | form \
| 405 | - | pets
deletePet | DELETE /pet/{petId} | api_key@header petId@path! | - | 400 404 | - | pets
uploadFile | POST /pet/{petId}/uploadImage | petId@path! additionalMetadata@form \
file@form | multipart | 200 | ApiResponse | pets
getInventory | GET /store/inventory | - | - | 200 | {int32} | key
placeOrder | POST /store/order | @body! | json | 200 400 | Order | -
getOrderById | GET /store/order/{orderId} | orderId@path! | - | 200 400 404 | Order | -
deleteOrder | DELETE /store/order/{orderId} | orderId@path! | - | 400 404 | - | -
createUser | POST /user | @body! | json | default | - | -
createUsersWithArrayInput | POST /user/createWithArray | @body! | json | default | - | -
createUsersWithListInput | POST /user/createWithList | @body! | json | default | - | -
loginUser | GET /user/login | username@query! password@query! | - | 200 400 | string | -
logoutUser | GET /user/logout | - | - | default | - | -
getUserByName | GET /user/{username} | username@path! | - | 200 400 404 | User | -
updateUser | PUT /user/{username} | username@path! @body! | json | 400 404 | - | -
deleteUser | DELETE /user/{username} | username@path! | - | 400 404 | - | -
"""
# Where the seed says something else than Swagger 2.0.
_SEED = """
getPetById | GET /pet/{petId} | petId@path! | - | 200 400 404 default | Pet | key
uploadFile | POST /pet/{petId}/uploadImage | petId@path! @body | octets | 200 \
| ApiResponse | pets
"""
_V3 = """
addPet | POST /pet | @body! | json xml form | 200 400 422 default | Pet | pets
updatePet | PUT /pet | @body! | json xml form | 200 400 404 422 default | Pet | pets
findPetsByStatus | GET /pet/findByStatus | status@query | - | 200 400 default \
| Pet[] | pets
findPetsByTags | GET /pet/findByTags | tags@query | - | 200 400 default | Pet[] | pets
getPetById | GET /pet/{petId} | petId@path! | - | 200 400 404 default | Pet | key pets
updatePetWithForm | POST /pet/{petId} | petId@path! name@query status@query | - \
| 200 400 default | Pet | pets
deletePet | DELETE /pet/{petId} | api_key@header petId@path! | - | 200 400 default \
| - | pets
uploadFile | POST /pet/{petId}/uploadImage | petId@path! additionalMetadata@query \
@body | octets | 200 400 404 default | ApiResponse | pets
getInventory | GET /store/inventory | - | - | 200 default | {int32} | key
placeOrder | POST /store/order | @body | json xml form | 200 400 422 default | Order | -
getOrderById | GET /store/order/{orderId} | orderId@path! | - | 200 400 404 default \
| Order | -
deleteOrder | DELETE /store/order/{orderId} | orderId@path! | - | 200 400 404 default \
| - | -
createUser | POST /user | @body | json xml form | 200 default | User | -
createUsersWithListInput | POST /user/createWithList | @body | json | 200 default \
| User | -
loginUser | GET /user/login | username@query password@query | - | 200 400 default \
| string | -
logoutUser | GET /user/logout | - | - | 200 default | - | -
getUserByName | GET /user/{username} | username@path! | - | 200 400 404 default \
| User | -
updateUser | PUT /user/{username} | username@path! @body | json xml form \
| 200 400 404 default | - | -
deleteUser | DELETE /user/{username} | username@path! | - | 200 400 404 default | - | -
"""

# The same in every flavour; `!` marks what is required.
SCHEMAS = {
    "Pet": {
        "id": "int64",
        "category": "Category",
        "name": "string!",
        "photoUrls": "string[]!",
        "tags": "Tag[]",
        "status": "available/pending/sold",
    },
    "Category": {"id": "int64", "name": "string"},
    "Tag": {"id": "int64", "name": "string"},
    "Order": {
        "id": "int64",
        "petId": "int64",
        "quantity": "int32",
        "shipDate": "date-time",
        "status": "placed/approved/delivered",
        "complete": "boolean",
    },
    "User": {
        "id": "int64",
        "username": "string",
        "firstName": "string",
        "lastName": "string",
        "email": "string",
        "password": "string",
        "phone": "string",
        "userStatus": "int32",
    },
    "ApiResponse": {"code": "int32", "type": "string", "message": "string"},
}
# Types of the arguments whose name does not mean the same everywhere stand in the
# tests; these do.
ARGUMENTS = {
    "petId": "int64",
    "orderId": "int64",
    "username": "string",
    "password": "string",
    "tags": "string[]",
    "name": "string",
    "additionalMetadata": "string",
    "api_key": "string",
}
LOGIN_HEADERS = {"X-Expires-After": "date-time", "X-Rate-Limit": "int32"}
TAGS = {"pet", "store", "user"}
SCOPES = {"read:pets", "write:pets"}
XML_ROOTS = {"v2": ("Pet", "Order", "User"), "v3": ("pet", "order", "user")}
BASES = {"v2": "/v2", "seed": "/v2", "v3": "/api/v3"}


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """
    Hold what a document says of one operation.

    Args:
        route: Method and path, as in `GET /pet`.
        arguments: As `name@place`, mapped to whether they are required.
    """

    id: str
    route: str
    arguments: dict[str, bool]
    media_types: set[str]
    statuses: set[str]
    answer: str
    auth: set[str]


def _rows(table: str) -> dict[str, OperationFacts]:
    rows = [
        [cell.strip() for cell in line.split("|")]
        for line in table.strip().splitlines()
    ]
    return {
        row[0]: OperationFacts(
            id=row[0],
            route=row[1],
            arguments={word.rstrip("!"): word.endswith("!") for word in _words(row[2])},
            media_types=set(_words(row[3])),
            statuses=set(_words(row[4])),
            answer=row[5],
            auth=set(_words(row[6])),
        )
        for row in rows
    }


def _words(cell: str) -> list[str]:
    return [word for word in cell.split() if word != "-"]


OFFICIAL = {
    "v2": _rows(_V2),
    "seed": _rows(_V2) | _rows(_SEED),
    "v3": _rows(_V3),
}
