"""
Name the values that options take.

They are those of the engine and of the mock, which are too heavy to import for a
`--help`; a test holds both equal.
"""

from typing import Literal

ProfileName = Literal["sandbox", "shop"]
Auth = Literal["off", "on"]
Contract = Literal["public", "strict"]
Rules = Literal["lenient", "shop"]
Flavour = Literal["native", "v2", "seed", "v3"]
PetStatus = Literal["available", "pending", "sold"]
OrderStatus = Literal["placed", "approved", "delivered"]
PetSort = Literal["id", "-id", "name", "-name"]
OrderSort = Literal["id", "-id"]
MockMode = Literal["replay", "auto", "extend", "record", "check", "off"]
OnMiss = Literal["fail", "engine", "example", "upstream"]
Format = Literal["cassette", "vcr", "har", "wiremock", "hoverfly"]
