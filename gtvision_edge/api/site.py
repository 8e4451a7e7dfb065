"""The public halves of the site's keys: what everybody needs to check what the site signed."""

from gtvision_edge.api.routing import EVERYONE, Answer, Call, Endpoint
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.recordings.evidence.layout import NAMESPACE


class SiteKeyAnswer(Answer):
    name: str
    """The signer's name, for ``ssh-keygen -I`` and in checkpoints."""
    fingerprint: str
    """As ``ssh-keygen -l`` prints it."""
    openssh: str
    allowed_signers: str
    """The line for ``ssh-keygen -Y verify -f`` that takes signatures of evidence bundles."""
    pem: str
    note_verifier: str
    """For verifiers of signed notes: the audit log's checkpoints."""


class CertificateAnswer(Answer):
    holder: str
    issuer: str
    fingerprint: str
    """SHA-256 of the certificate."""
    self_made: bool
    pem: str


class SiteKeysAnswer(Answer):
    site_key: SiteKeyAnswer
    paper_certificate: CertificateAnswer


def site_endpoints(keys: OpenedKeys) -> list[Endpoint]:
    """Return ``/site/keys``."""
    public, paper = keys.site.public, keys.paper
    answer = SiteKeysAnswer(
        site_key=SiteKeyAnswer(
            name=public.name,
            fingerprint=public.fingerprint,
            openssh=public.openssh,
            allowed_signers=public.allowed_signer(NAMESPACE),
            pem=public.pem,
            note_verifier=public.note_verifier,
        ),
        paper_certificate=CertificateAnswer(
            holder=paper.holder,
            issuer=paper.issuer,
            fingerprint=paper.fingerprint,
            self_made=paper.is_self_made,
            pem=paper.certificate_pem,
        ),
    )

    async def read(_: Call) -> SiteKeysAnswer:
        return answer

    return [
        Endpoint(
            "GET",
            "/site/keys",
            read,
            "Get the public keys by which signatures of this site are checked",
            "site",
            EVERYONE,
            response=SiteKeysAnswer,
            description="Compare the fingerprint by another way before you trust it, once.",
        )
    ]
