"""TLS is spoken with the name, at the address that was checked; a certificate of another name is refused."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.kit.addresses import Guard
from service.kit.http import Outbound, Unreachable

NAME = "receiver.example"
GUARD = Guard((ip_network("127.0.0.0/8"),))


def certificate(folder: Path) -> Path:
    """Key and self-signed certificate of NAME, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "receiver.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def post(folder: Path, name: str, *, trusted: bool = True) -> tuple[str, list[str | None]]:
    """Status or problem, and the names that the server was asked for."""
    path = certificate(folder)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    asked: list[str | None] = []
    serving.sni_callback = lambda _, asked_for, __: asked.append(asked_for)
    trust = ssl.create_default_context(cafile=str(path)) if trusted else ssl.create_default_context()

    async def resolve(host: str, _: int) -> Sequence[str]:
        assert host == name
        return ["127.0.0.1"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    async def go() -> str:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)  # the server's side of a refused handshake
        async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving) as server:
            port = server.sockets[0].getsockname()[1]
            outbound = Outbound(GUARD, 10, resolve, trusted=trust)
            try:
                return str((await outbound.post(f"https://{name}:{port}/", b"{}", {})).status)
            except Unreachable as unreachable:
                return unreachable.problem

    return asyncio.run(go()), asked


def test_the_name_is_spoken_with_at_the_pinned_address(tmp_path: Path) -> None:
    assert post(tmp_path, NAME) == ("204", [NAME])


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    assert post(tmp_path, "other.example") == ("tls", ["other.example"])


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    assert post(tmp_path, NAME, trusted=False)[0] == "tls"


def test_by_default_the_systems_authorities_are_trusted_and_names_are_checked() -> None:
    async def nowhere(*_: object) -> Sequence[str]:
        return []

    context = Outbound(Guard(), 1, nowhere)._trusted
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_answer_to_a_name_that_is_not_known(scheme: str) -> None:
    async def nowhere(*_: object) -> Sequence[str]:
        return []

    async def go() -> str:
        with pytest.raises(Unreachable) as refused:
            await Outbound(Guard(allow_http=True), 1, nowhere).post(f"{scheme}://{NAME}/", b"", {})
        return refused.value.problem

    assert asyncio.run(go()) == "no-public-address"
