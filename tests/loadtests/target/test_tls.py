"""TLS of a target: its certificate, that of its CA, our own, and refusals in words."""

import socket
import ssl
import subprocess

import pytest

from loadtests.sender.samples import RESULTS
from loadtests.sender.target_client import TargetClient
from loadtests.service_under_test.client import ServiceError
from loadtests.target.key_source import TargetError
from loadtests.target.side_requests import set_ttl
from loadtests.target.target_control import TargetControl
from loadtests.target.target_file import TargetFlags, read_target
from tests.integration.target.small_services import ProductApi, SmallService

EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
SERVER_NAMES = "subjectAltName=IP:127.0.0.1"


def certificate(folder, name, *words):
    """Write NAME.pem and NAME.key, signed by itself or, with -CA, by another."""
    openssl = ["openssl", "req", "-x509", *EC_KEY, "-subj", f"/CN={name}", "-days", "2"]
    # From Python 3.13 on, a certificate that may sign must say so.
    openssl += ["-addext", "keyUsage=digitalSignature,keyCertSign"]
    openssl += ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", *words]
    subprocess.run(openssl, check=True, capture_output=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold a CA, and certificates that it signed: a server's, another host's and a client's."""
    folder = tmp_path_factory.mktemp("certificates")
    signed = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key")
    certificate(folder, "ca")
    certificate(folder, "server", *signed, "-addext", SERVER_NAMES)
    certificate(folder, "elsewhere", *signed, "-addext", "subjectAltName=DNS:elsewhere.example")
    certificate(folder, "client", *signed)
    subprocess.run(
        [
            *("openssl", "pkey", "-in", folder / "client.key", "-aes128"),
            *("-passout", "pass:word", "-out", folder / "locked.key"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def serve(folder):
    """Return what starts a product API with TLS: with a certificate, and for known clients only."""
    started = []

    def start(name="server", *, known_clients=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        if known_clients:
            context.load_verify_locations(folder / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        shop = SmallService(ProductApi)
        shop.socket = context.wrap_socket(shop.socket, server_side=True)
        started.append(shop.__enter__())
        return shop

    yield start
    for shop in started:
        shop.__exit__()


@pytest.fixture
def describe(folder):
    def describe(shop, tls, more=""):
        file = folder / "shop.toml"
        url = f"https://127.0.0.1:{shop.server_port}"
        file.write_text(
            f'url = "{url}/api/v2/products/{{key}}"\n[tls]\n{tls}\n{more}'.replace("SHOP", url)
        )
        return read_target(TargetFlags(file=str(file)))

    return describe


def look_up(target):
    client = TargetClient(target, 2, 1)
    answer = client.look_up(7)
    client.close()
    return RESULTS[answer.result], str(answer.failure or "")


def refusal(target):
    with pytest.raises(ServiceError) as refused:
        TargetControl(target).check()
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("tls", ['ca_file = "ca.pem"', "verify = false"])
def test_own_ca_and_no_check_are_two_ways_to_a_certificate_that_nobody_knows(serve, describe, tls):
    shop = serve()
    target = describe(shop, tls)

    TargetControl(target).check()
    assert look_up(target) == ("miss", "")
    assert look_up(target) == ("hit", "")
    assert shop.asked == ["GET /api/v2/products/7"] * 2


def test_certificate_that_nobody_knows_is_refused_in_words_and_asked_nothing(serve, describe):
    shop = serve()
    target = describe(shop, "")

    said = refusal(target)
    assert f"target https://127.0.0.1:{shop.server_port} cannot be reached" in said
    assert "its certificate is not trusted (" in said
    assert "ca_file in [tls] of --target-file" in said
    assert look_up(target)[0] == "failed"
    assert shop.asked == []


def test_certificate_of_another_host_is_refused_in_words(serve, describe):
    said = refusal(describe(serve("elsewhere"), 'ca_file = "ca.pem"'))

    assert "certificate is not valid for '127.0.0.1'" in said


def test_client_certificate_is_shown_to_who_asks_for_it(serve, describe):
    shop = serve(known_clients=True)
    own = 'ca_file = "ca.pem"\ncert_file = "client.pem"\nkey_file = "client.key"'

    assert look_up(describe(shop, own)) == ("miss", "")
    assert look_up(describe(shop, 'ca_file = "ca.pem"'))[0] == "failed"
    assert len(shop.asked) == 1


def test_requests_beside_the_load_use_the_same_certificates(serve, describe):
    shop = serve(known_clients=True)
    own = 'ca_file = "ca.pem"\ncert_file = "client.pem"\nkey_file = "client.key"'
    ttl = '[ttl]\nurl = "SHOP/api/v2/products/{ttl}"\nmethod = "GET"'

    set_ttl(describe(shop, own, ttl), 5.0)

    assert shop.asked == ["GET /api/v2/products/5"]
    with pytest.raises(ServiceError, match="its certificate is not trusted"):
        set_ttl(describe(serve(), "", ttl), 5.0)


def test_server_without_tls_is_named_as_such(describe):
    with SmallService(ProductApi) as plain:
        said = refusal(describe(plain, ""))

    assert "begin the URL with http:// if the server has no TLS" in said


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ('ca_file = "client.key"', "must name certificates in PEM"),
        ('cert_file = "client.pem"\nkey_file = "server.key"', "must name certificates in PEM"),
        ('cert_file = "client.pem"\nkey_file = "locked.key"', "a key without a password"),
        ('key_file = "client.key"', "alone; add cert_file"),
        ('ca_file = "nowhere.pem"', "must be a file, got 'nowhere.pem'"),
    ],
)
def test_file_that_will_not_do_is_refused_when_the_target_is_read(describe, tls, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        shop = type("Shop", (), {"server_port": listener.getsockname()[1]})
        with pytest.raises(TargetError) as refused:
            describe(shop, tls)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
