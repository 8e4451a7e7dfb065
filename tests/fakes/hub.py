"""A hub that issues tokens, good ones and every kind of bad one."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from tests.fakes.clock import FakeClock

ISSUER = "https://hub.example"
AUDIENCE = "gtvision-edge"

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public_pem(key: PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def part(content: bytes | str | dict[str, Any]) -> str:
    """Return *content* as a token holds it."""
    if isinstance(content, dict):
        content = json.dumps(content)
    if isinstance(content, str):
        content = content.encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(data: bytes, key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    first, second = utils.decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    return first.to_bytes(32, "big") + second.to_bytes(32, "big")


def algorithm_of(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256"
    return "EdDSA" if isinstance(key, ed25519.Ed25519PrivateKey) else "ES256"


def token_of(
    header: bytes | str | dict[str, Any], payload: bytes | str | dict[str, Any], key: PrivateKey
) -> str:
    """Sign anything at all."""
    signed = f"{part(header)}.{part(payload)}"
    return f"{signed}.{part(sign(signed.encode(), key))}"


@dataclass
class Hub:
    """Issues tokens of tenant a for one of our sites, an hour long at most."""

    clock: FakeClock
    key: PrivateKey = field(default_factory=lambda: RSA_KEY)

    def now_s(self) -> int:
        return self.clock.now_us() // 1_000_000

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims with *changes*; None takes one away."""
        now = self.now_s()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "ana",
            "iat": now,
            "exp": now + 600,
            "tenant_id": "a",
            "role": "viewer",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        *,
        header: dict[str, Any] | None = None,
        key: PrivateKey | None = None,
        **claims: Any,
    ) -> str:
        """Return a good token, but for what *header*, *key* and *claims* change in it."""
        key = key or self.key
        whole = {"alg": algorithm_of(key), "typ": "JWT", **(header or {})}
        return token_of(whole, self.claims(**claims), key)

    def confused(self) -> str:
        """Return a token whose shared secret is the text of our public key."""
        signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(self.claims())}"
        secret = public_pem(self.key).encode()
        return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def bad_tokens(self) -> dict[str, str]:
        """Return the table of what must be refused, each nearly good."""
        now = self.now_s()
        good = self.token()
        header, payload, signature = good.split(".")
        body = json.dumps(self.claims())
        changed = part(self.claims(role="operator"))
        return {
            "forged: signed by another key": self.token(key=OTHER_RSA_KEY),
            "forged: another key under a name of its own": self.token(
                key=OTHER_RSA_KEY, header={"kid": "mine"}
            ),
            "forged: claims changed": f"{header}.{changed}.{signature}",
            "forged: signature of another token": f"{header}.{payload}."
            + self.token(sub="bob").rpartition(".")[2],
            "forged: signature cut": good[:-4],
            "forged: no signature": f"{header}.{payload}.",
            "forged: two parts": f"{header}.{payload}",
            "forged: five parts": f"{good}.a.b",
            "forged: another alphabet": f"{header}.{payload}.{signature[:-2]}+/",
            "expired": self.token(iat=now - 700, exp=now - 31),
            "expired: long ago": self.token(iat=0, exp=600),
            "not yet issued": self.token(iat=now + 31),
            "not yet valid": self.token(nbf=now + 31),
            "lives too long": self.token(exp=now + 3601),
            "lives too long, issue unsaid": self.token(iat=None, exp=now + 3700),
            "foreign issuer": self.token(iss="https://other.example"),
            "foreign issuer: nearly": self.token(iss=ISSUER + "/"),
            "foreign audience": self.token(aud="other-edge"),
            "foreign audience: nearly": self.token(aud=AUDIENCE.upper()),
            "foreign audiences": self.token(aud=["other", AUDIENCE + " "]),
            "wrong algorithm: none": f"{part({'alg': 'none'})}.{payload}.",
            "wrong algorithm: none, signed": self.token(header={"alg": "none"}),
            "wrong algorithm: None": self.token(header={"alg": "nOnE"}),
            "wrong algorithm: public key as secret": self.confused(),
            "wrong algorithm: RS512": self.token(header={"alg": "RS512"}),
            "wrong algorithm: PS256": self.token(header={"alg": "PS256"}),
            "wrong algorithm: ES256 by an RSA key": self.token(header={"alg": "ES256"}),
            "wrong algorithm: ES256 by an EC key": self.token(key=EC_KEY),
            "wrong algorithm: unsaid": token_of({"typ": "JWT"}, self.claims(), self.key),
            "wrong algorithm: a list": self.token(header={"alg": ["RS256"]}),
            "header: crit": self.token(header={"crit": ["exp"]}),
            "header: crit of ours": self.token(header={"crit": ["b64"], "b64": False}),
            "header: jku": self.token(header={"jku": "http://127.0.0.1/keys"}),
            "header: x5u": self.token(header={"x5u": "http://127.0.0.1/keys"}),
            "header: jwk": self.token(header={"jwk": {"kty": "oct", "k": "AA"}}),
            "header: wrong typ": self.token(header={"typ": "secevent+jwt"}),
            "header: typ no text": self.token(header={"typ": 1}),
            "header: kid no text": self.token(header={"kid": ["a"]}),
            "header: twice": token_of('{"alg":"none","alg":"RS256"}', body, self.key),
            "claims: no exp": self.token(exp=None),
            "claims: exp as text": self.token(exp=str(now + 600)),
            "claims: exp true": self.token(exp=True),
            "claims: exp infinite": token_of(
                {"alg": "RS256"}, body.replace(str(now + 600), "1e999"), self.key
            ),
            "claims: exp huge": self.token(exp=10**400),
            "claims: iat as text": self.token(iat="now"),
            "claims: no iss": self.token(iss=None),
            "claims: iss a list": self.token(iss=[ISSUER]),
            "claims: no aud": self.token(aud=None),
            "claims: no sub": self.token(sub=None),
            "claims: empty sub": self.token(sub=""),
            "claims: sub with a line break": self.token(sub="ana\nadmin"),
            "claims: sub too long": self.token(sub="a" * 129),
            "claims: twice": token_of({"alg": "RS256"}, body[:-1] + ', "role": "admin"}', self.key),
            "claims: a list": token_of({"alg": "RS256"}, "[1]", self.key),
            "claims: no JSON": token_of({"alg": "RS256"}, "{", self.key),
            "claims: no UTF-8": token_of({"alg": "RS256"}, b"\xff{}", self.key),
            "claims: deep": token_of({"alg": "RS256"}, '{"a":' + "[" * 3000, self.key),
            "role: unknown": self.token(role="root"),
            "role: none": self.token(role=None),
            "role: a list": self.token(role=["viewer"]),
            "role: above and beside": self.token(role="auditor"),
            "wrong tenant: unknown": self.token(tenant_id="zz"),
            "wrong tenant: none": self.token(tenant_id=None),
            "wrong tenant: null": token_of({"alg": "RS256"}, body.replace('"a"', "null"), self.key),
            "wrong tenant: no text": self.token(tenant_id=["a"]),
            "wrong tenant: another case": self.token(tenant_id="A"),
            "wrong tenant: half a letter": token_of(
                {"alg": "RS256"}, body.replace('"a"', '"\\ud800"'), self.key
            ),
            "cameras: text": self.token(camera_ids="cam01"),
            "cameras: no texts": self.token(camera_ids=[1]),
            "cameras: null": token_of(
                {"alg": "RS256"}, body[:-1] + ', "camera_ids": null}', self.key
            ),
            "oversized": self.token(padding="x" * 4700),
        }


def write_key(path: Path, *keys: PrivateKey) -> None:
    """Write the public keys to *path*, as somebody who changes them does."""
    draft = path.with_name(path.name + ".new")
    draft.write_text("".join(public_pem(key) for key in keys))
    draft.replace(path)
