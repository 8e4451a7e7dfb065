"""Checkpoints: a tree head signed by the site's key, as C2SP's tlog-checkpoint and signed-note have it. Pure functions."""

import base64
import binascii

from gtvision_edge.audit.errors import BadProofError
from gtvision_edge.audit.model import TreeHead
from gtvision_edge.audit.tree import HASH_BYTES
from gtvision_edge.keys import BadSignatureError, SiteKey, SitePublicKey


def write_checkpoint(head: TreeHead, key: SiteKey) -> str:
    """Return the signed note: name of the log, size, root, signature."""
    root = base64.b64encode(head.root).decode()
    return key.sign_note(f"{key.public.name}\n{head.size}\n{root}\n")


def read_checkpoint(note: str, key: SitePublicKey) -> TreeHead:
    """Return what *key* signed in *note*.

    Raises:
        BadProofError: it is no checkpoint of that key's log.

    """
    try:
        name, size, root, *_ = key.open_note(note).splitlines()
        head = TreeHead(int(size), base64.b64decode(root, validate=True))
    except BadSignatureError as error:
        raise BadProofError(f"The checkpoint: {error.message}") from error
    except (ValueError, binascii.Error) as error:
        raise BadProofError("The checkpoint is damaged.") from error
    if name != key.name or len(head.root) != HASH_BYTES:
        raise BadProofError("The checkpoint is of another log.")
    return head
