"""Name the three switches and their presets."""

from typing import Final, Literal, NamedTuple

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Contract

Auth = Literal["off", "on"]
Rules = Literal["lenient", "shop"]
ProfileName = Literal["sandbox", "shop"]


class Profile(NamedTuple):
    """
    Decide how a store behaves.

    Args:
        name: What the store was made for; a sandbox keeps passwords readable.
        auth: Whether scopes are enforced.
        contract: Whether `/v2` and `/api/v3` answer as the public servers do.
        rules: Whether the shop's state machines hold.
    """

    name: ProfileName
    auth: Auth
    contract: Contract
    rules: Rules

    @property
    def keeps_passwords(self) -> bool:
        """Whether passwords are stored readable, as public clients read them back."""
        return self.name == "sandbox"


SANDBOX: Final = Profile("sandbox", auth="off", contract="public", rules="lenient")
SHOP: Final = Profile("shop", auth="on", contract="strict", rules="shop")
_PRESETS: Final = {"sandbox": SANDBOX, "shop": SHOP}


def profile(
    name: str,
    *,
    auth: Auth | None = None,
    contract: Contract | None = None,
    rules: Rules | None = None,
) -> Profile:
    """
    Return a preset with single switches set by hand.

    Raises:
        ConfigError: There is no such preset, or no such value of a switch.
    """
    preset = _PRESETS.get(name)
    if preset is None:
        raise ConfigError(f"There is no profile {name!r}; use sandbox or shop.")
    chosen = preset._replace(
        auth=auth or preset.auth,
        contract=contract or preset.contract,
        rules=rules or preset.rules,
    )
    _check("auth", chosen.auth, ("off", "on"))
    _check("contract", chosen.contract, ("public", "strict"))
    _check("rules", chosen.rules, ("lenient", "shop"))
    return chosen


def _check(switch: str, value: str, allowed: tuple[str, str]) -> None:
    if value not in allowed:
        right = " or ".join(allowed)
        raise ConfigError(f"{switch} must be {right}, not {value!r}.")
