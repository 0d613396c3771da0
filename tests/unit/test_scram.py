"""A password's verifier, against the exchange that RFC 7677 shows."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest

from service.kit.scram import verifier

SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SAID = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s={SALT},i=4096,c=biws,r={NONCE}".encode()
PROOF = b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_it_verifies_the_exchange_of_the_standard() -> None:
    head, _, keys = verifier("pencil", b64decode(SALT)).rpartition("$")
    assert head == f"SCRAM-SHA-256$4096:{SALT}"
    stored, server = (b64decode(part) for part in keys.split(":"))
    assert b64encode(hmac.digest(server, SAID, "sha256")).decode() == SIGNATURE
    client = bytes(a ^ b for a, b in zip(PROOF, hmac.digest(stored, SAID, "sha256"), strict=True))
    assert hashlib.sha256(client).digest() == stored


def test_what_would_need_preparation_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        verifier("é", b"salt")
