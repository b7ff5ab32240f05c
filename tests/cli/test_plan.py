"""What a server is started with: the profiles' choices, and what is refused."""

import pytest

import petstore
from petstore.cli.plan import Wanted, make_plan
from petstore.contract.errors import ConfigError
from petstore.engine.profile import SANDBOX, SHOP, profile
from petstore.engine.seeds import Seed
from petstore.server.settings import LOOPBACK_HOSTS

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - nothing is bound


def wanted(**choices):
    return Wanted(**{"host": "127.0.0.1", "port": 0, "store": "memory:", **choices})


def hosts(**choices):
    """Return the names that the server would answer to."""
    settings = make_plan(wanted(**choices)).settings
    assert settings.hosts is not None
    return settings.hosts


def refusal(**choices):
    with pytest.raises(ConfigError) as caught:
        make_plan(wanted(**choices))
    return caught.value.message


def test_a_sandbox_takes_any_host_and_any_origin():
    plan = make_plan(wanted())

    assert SANDBOX == plan.profile
    assert plan.settings.hosts is None
    assert plan.settings.cors_origin == "*"
    assert not plan.settings.allow_reset
    assert plan.is_new


def test_a_shop_answers_to_this_machine_and_to_no_web_page():
    plan = make_plan(wanted(profile="shop"))

    assert SHOP == plan.profile
    assert plan.settings.hosts == LOOPBACK_HOSTS
    assert plan.settings.cors_origin is None


def test_a_shop_answers_to_the_names_that_it_is_given():
    named = hosts(
        profile="shop", host=ALL_ADDRESSES, allow_host=("Shop.example", "2001:DB8::1")
    )

    assert named == {*LOOPBACK_HOSTS, "shop.example", "[2001:db8::1]"}


@pytest.mark.parametrize(
    ("host", "name"), [("10.0.0.7", "10.0.0.7"), ("2001:db8::1", "[2001:db8::1]")]
)
def test_a_shop_answers_to_the_address_that_it_listens_on(host, name):
    assert name in hosts(profile="shop", host=host)


def test_a_sandbox_can_be_told_its_names():
    assert "shop.example" in hosts(allow_host=("shop.example",))


def test_a_switch_can_be_set_by_itself():
    plan = make_plan(wanted(auth="on", contract="strict"))

    assert plan.profile == profile("sandbox", auth="on", contract="strict")


def test_a_store_keeps_its_profile(tmp_path):
    store = str(tmp_path / "shop.db")
    petstore.open(store, profile="shop").close()

    plan = make_plan(wanted(store=store))

    assert SHOP == plan.profile
    assert plan.settings.hosts == LOOPBACK_HOSTS
    assert not plan.is_new


def test_looking_at_a_store_makes_none(tmp_path):
    make_plan(wanted(store=str(tmp_path / "shop.db")))

    assert list(tmp_path.iterdir()) == []


def test_a_shop_refuses_the_store_of_a_sandbox(tmp_path):
    store = str(tmp_path / "shop.db")
    petstore.open(store).close()

    assert "profile=sandbox" in refusal(store=store, profile="shop")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        pytest.param({"allow_reset": True}, "--allow-reset", id="reset"),
        pytest.param({"cors_origin": "*"}, "--cors-origin", id="any-origin"),
        pytest.param(
            {"auth": "off", "host": ALL_ADDRESSES}, "--auth off", id="no-auth"
        ),
        pytest.param({"auth": "off", "host": "pets"}, "--auth off", id="by-name"),
        pytest.param({"host": ALL_ADDRESSES}, "--allow-host", id="all-addresses"),
        pytest.param({"host": "::"}, "--allow-host", id="all-addresses-6"),
    ],
)
def test_a_shop_refuses_what_is_unsafe(choices, message):
    assert message in refusal(profile="shop", **choices)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_a_shop_on_this_machine_may_leave_auth_off(host):
    plan = make_plan(wanted(profile="shop", auth="off", host=host))

    assert plan.profile.auth == "off"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        pytest.param({"host": ""}, "--host", id="no-host"),
        pytest.param({"store": "http://127.0.0.1:1"}, "is a server", id="server"),
        pytest.param({"store": "mysql://x/y"}, "no known kind", id="other-store"),
        pytest.param({"workers": 2}, "--workers", id="workers-in-memory"),
        pytest.param({"workers": 2, "store": "x.db"}, "--workers", id="workers"),
        pytest.param({"data_dir": "x"}, "--data-dir", id="data-dir"),
        pytest.param({"seed": "typo.json"}, "typo.json", id="no-seed"),
        pytest.param({"seed": "9" * 30}, "100,000,000", id="too-many-pets"),
        pytest.param({"seed": "9" * 5000}, "100,000,000", id="far-too-many-pets"),
        pytest.param({"cors_origin": "http://x/"}, "--cors-origin", id="path"),
        pytest.param({"cors_origin": "shop"}, "--cors-origin", id="no-scheme"),
        pytest.param({"cors_origin": "ftp://x"}, "--cors-origin", id="scheme"),
        pytest.param({"cors_origin": "http://a\r\nb: c"}, "--cors", id="header"),
        pytest.param({"allow_host": ("http://x",)}, "--allow-host", id="url"),
        pytest.param({"allow_host": ("x:80",)}, "--allow-host", id="port"),
        pytest.param({"allow_host": ("",)}, "--allow-host", id="no-name"),
    ],
)
def test_what_is_wrong_is_named(choices, message):
    assert message in refusal(**choices)


@pytest.mark.parametrize(
    "origin", ["*", "https://shop.example", "http://localhost:3000"]
)
def test_an_origin_is_what_browsers_send(origin):
    assert make_plan(wanted(cors_origin=origin)).settings.cors_origin == origin


def test_the_engine_gets_what_was_asked_for():
    options = make_plan(wanted(seed="5", upload_bytes_max=7)).options

    assert options["upload_bytes_max"] == 7
    assert isinstance(options["seed"], Seed)
    assert len(options["seed"].pets) == 5
