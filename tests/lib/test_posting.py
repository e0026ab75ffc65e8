"""An address that somebody typed in leads nowhere inside our own net."""

import socket

import pytest

from backoffice.lib.posting import AddressRefused, checked_address, is_public, post
from tests.lib.telling import a_receiver

PRIVATE = [
    *["127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    *["0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.7", "::1", "::"],
    *["fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"],
    *["64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"],
]
PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_private_net_is_never_called(address):
    assert is_public(address) is False


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_may_be_called(address):
    assert is_public(address) is True


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://localhost/x", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"]
)
def test_however_it_is_spelt_our_own_machine_is_not_called(url):
    with pytest.raises((AddressRefused, OSError)) as refusal:
        post(url, b"{}", {})
    assert not isinstance(refusal.value, ConnectionError)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:pw@example.com/",
        "https:///x",
        "https://a:99999/",
    ],
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(AddressRefused):
        post(url, b"{}", {})


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    found = [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    with pytest.raises(AddressRefused):
        checked_address("both.example", 443, may_be_private=False)


def test_the_connection_goes_to_the_address_that_was_judged_though_the_name_answers_otherwise_later(monkeypatch):
    with a_receiver() as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        real, asked = socket.getaddrinfo, []

        def rebinding(host, *args, **kwargs):
            asked.append(host)
            return real("127.0.0.1" if host == "rebind.example" and len(asked) == 1 else host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        assert post(f"http://rebind.example:{port}/", b"{}", {}, may_be_private=True).status == 200
        assert asked.count("rebind.example") == 1
        assert receiver.got[0][0]["host"] == f"rebind.example:{port}"
