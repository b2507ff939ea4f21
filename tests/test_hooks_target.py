"""Where webhooks may be, and how they are connected to: judged addresses, certificates, a bound on time."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from schemas import InputError
from worker.hooks import delivery, new_secret
from worker.hooks.target import addresses, check_url
from worker.store.hooks import Sending


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/", "is not https://"),
        ("ftp://example.com/", "is not https://"),
        ("https://", "names no host"),
        ("https://me:pw@example.com/", "holds a name, a password or a fragment"),
        ("https://example.com/#part", "holds a name, a password or a fragment"),
        ("https://example.com:99999/", "is no URL"),
        ("https://exa mple.com/", "holds what a URL cannot"),
        ("https://example.com/\r\nx: y", "holds what a URL cannot"),
        ("https://[::1", "is no URL"),
        *(
            (f"https://{host}/", "is on a private network")
            for host in (
                *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
                *("[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]"),
                *("[2002:a00:1::]", "224.0.0.1", "[ff02::1]"),
            )
        ),
    ],
)
def test_where_a_webhook_may_not_be(url: str, problem: str) -> None:
    with pytest.raises(InputError, match="GOUJI_WEBHOOK_PRIVATE=1") as caught:
        check_url(url, private=False)
    assert problem in caught.value.problem


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up(host: str) -> None:
    with pytest.raises(InputError, match="leads to a private network"):
        addresses(check_url(f"https://{host}/", private=False), private=False)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does `serve` with each connection, until it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        serve(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def sending(url: str) -> Sending:
    return Sending(1, "msg_1", url, "{}", new_secret())


def test_who_answers_a_byte_at_a_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_DEADLINE_S", 0.3)
    sent = count()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nX-Long: ")
        # Each byte comes well within the time-out of a read; all of them take ten minutes.
        while next(sent) < 6000 and not over.wait(0.1):
            connection.sendall(b"a")

    over = threading.Event()
    with listening(drip) as port:
        answer = delivery.send(sending(f"http://127.0.0.1:{port}/"), private=True)
        over.set()
    assert (answer.code, answer.unreached) == (None, True)
    assert answer.error.startswith("no answer")
    assert next(sent) < 6000


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_must_hold_for_the_name_though_its_address_is_asked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    heads: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            # What is left unread when a connection is closed resets it, and the answer may be lost with it.
            head = b""
            while not head.endswith(b"\r\n\r\n{}") and (more := secured.recv(65536)):
                head += more
            heads.append(head.lower())
            secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with listening(answer) as port:
        unknown = delivery.send(sending(f"https://localhost:{port}/"), private=True)
        assert "its certificate does not hold" in unknown.error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert delivery.send(sending(f"https://localhost:{port}/"), private=True).code == 204
        other = delivery.send(sending(f"https://127.0.0.1:{port}/"), private=True)
        assert "its certificate does not hold" in other.error
    assert names == ["localhost", "localhost", None]
    (head,) = heads
    assert f"host: localhost:{port}\r\n".encode() in head
