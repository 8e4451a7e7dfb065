"""A certificate as a municipality gets one, issued by nobody."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gtvision_edge.settings import PaperSettings


def pkcs12_file(
    path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
) -> PaperSettings:
    """Write *key* with a certificate to the PKCS#12 file *path*; return the settings that name it."""

    def name(organisation: str, common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name("ICP-Brasil", "MUNICIPIO DE SERRA AZUL:00000000000191"))
        .issuer_name(name("ICP-Brasil", "AC de teste"))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(3650))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", key, certificate, None, serialization.BestAvailableEncryption(b"segredo")
        )
    )
    return PaperSettings.model_validate(
        {"certificate_file": path, "certificate_password": "segredo"}
    )


DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
DECADE = datetime.timedelta(3650)


def tls_files(
    folder: Path,
    *,
    valid: tuple[datetime.datetime, datetime.datetime] = (DAY, DAY + DECADE),
    host: str = "127.0.0.1",
) -> None:
    """Write ``ca.pem``, and ``server`` and ``box`` as ``.pem`` and ``.key``, both signed by that one; the server is *host*."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC da central")])

    def made(
        name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(DAY if name == ca_name else valid[0])
            .not_valid_after(DAY + DECADE if name == ca_name else valid[1])
        )
        for extension in extensions:
            # Erlang refuses a critical name of a subject.
            is_critical = isinstance(extension, x509.BasicConstraints)
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(ca_key, hashes.SHA256())

    def write(name: str, certificate: x509.Certificate) -> None:
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    write("ca.pem", made(ca_name, ca_key, x509.BasicConstraints(ca=True, path_length=0)))
    for who in ("server", "box"):
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        uses = x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        )
        write(f"{who}.pem", made(name, key, address, uses))
        (folder / f"{who}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
