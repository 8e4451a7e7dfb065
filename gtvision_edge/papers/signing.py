"""Signs PDFs with pyHanko: PAdES B-B, in one revision, without asking any network."""

import io
from typing import Final

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gtvision_edge.keys import PaperKey

FIELD: Final = "Assinatura"


def sign_pdf(content: bytes, key: PaperKey, *, reason: str, location: str) -> bytes:
    """Return *content* signed by *key* as a certified document: any later change breaks the signature."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # as its authors left it
    store.register_multiple([_asn1(each) for each in key.chain])
    signer = signers.SimpleSigner(
        signing_cert=_asn1(key.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            key.key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
        location=location,
        name=key.holder,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        embed_validation_info=False,
        # Certificates of municipalities differ in their key usage; whether one is fit is for its reader to judge.
        signer_key_usage=set(),
    )
    out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), metadata, signer=signer)
    return bytes(out.getvalue())


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
