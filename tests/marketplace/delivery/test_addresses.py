"""Where Maru sends, and where it never does."""

import socket

import pytest

from marketplace.delivery import addresses, post
from marketplace.delivery.errors import WebhookAddressRefused

REFUSED = [
    "http://school.example/hook",
    "ftp://school.example/hook",
    "https://user:secret@school.example/hook",
    "https://127.0.0.1/hook",
    "https://10.0.0.8/hook",
    "https://192.168.0.4/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/hook",
    "https://[::1]/hook",
    "https://[fe80::1]/hook",
    "https://[fd00::1]/hook",
    "https://[fec0::1]/hook",
    "https://[3fff::1]/hook",
    "https://192.0.0.192/opc/v1/instance",
    "https://192.88.99.1/hook",
    "https://[::ffff:10.0.0.1]/hook",
    "https://[64:ff9b::a00:1]/hook",
    "https://[2002:a00:1::]/hook",
    "https://localhost/hook",
    "https://printer.local/hook",
    "https://metadata.google.internal/hook",
    "https://school.example:99999/hook",
    "https://school.example/a b",
    "https:///hook",
    "school.example/hook",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_inside_somebodys_network_or_in_the_clear_is_refused(url):
    with pytest.raises(WebhookAddressRefused):
        addresses.check_url(url)


def test_a_public_https_address_is_taken():
    addresses.check_url("https://school.example:8443/hook?x=1")


def test_the_demo_alone_may_send_to_itself_in_the_clear(settings):
    addresses.check_url("http://localhost:8000/hook")
    settings.DEMO = False

    with pytest.raises(WebhookAddressRefused):
        addresses.check_url("http://localhost:8000/hook")


def answering(*found):
    def getaddrinfo(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return getaddrinfo


def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(monkeypatch):
    monkeypatch.setattr(addresses.socket, "getaddrinfo", answering("93.184.216.34", "10.0.0.1"))

    with pytest.raises(WebhookAddressRefused):
        addresses.resolve("https://school.example/hook")


def test_the_checked_address_is_the_one_connected_to(monkeypatch):
    monkeypatch.setattr(addresses.socket, "getaddrinfo", answering("93.184.216.34"))
    asked = []

    def connect(address, timeout):
        asked.append(address)
        raise OSError

    monkeypatch.setattr(post.socket, "create_connection", connect)

    reply = post.send(url="https://school.example/hook", headers={}, body=b"{}")

    assert asked == [("93.184.216.34", 443)]
    assert reply == post.UNREACHED


def test_a_server_that_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(post, "TOTAL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = post.send(url=f"http://localhost:{silent.getsockname()[1]}/hook", headers={}, body=b"{}")

    assert reply == post.UNREACHED
