"""A password as PostgreSQL keeps it (SCRAM-SHA-256, RFC 5802 and 7677). Pure.

Sent instead of the password, so that no log, statistics or list of running statements of the server ever holds that.
"""

import hashlib
import hmac
from base64 import b64encode

ITERATIONS = 4096
SALT_BYTES = 16


def verifier(password: str, salt: bytes, iterations: int = ITERATIONS) -> str:
    """What `ALTER ROLE ... PASSWORD` takes as it is. Raises UnicodeEncodeError: ASCII alone needs no preparation."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
