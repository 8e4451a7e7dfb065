"""The tree against the published vectors, against RFC 6962's own definition, and against those who lie."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.audit import tree

# Those of the Certificate Transparency project: leaves, and the roots over the first 1, 2, 3 … of them.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 40
HASHES = [tree.leaf_hash(b"%d" % number) for number in range(MOST)]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    leaves = [tree.leaf_hash(each) for each in LEAVES[:size]]

    assert tree.root_over(leaves).hex() == ROOTS[size - 1]


def test_the_proofs_are_the_published_ones() -> None:
    node_at = tree.nodes_over([tree.leaf_hash(each) for each in LEAVES])

    assert [each.hex() for each in tree.inclusion(0, 8, node_at)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in tree.consistency(6, 8, node_at)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert tree.root_over([]) == tree.EMPTY_ROOT == defined_root([])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_roots_and_proofs_are_as_defined(size: int) -> None:
    leaves = HASHES[:size]
    node_at = tree.nodes_over(leaves)
    whole = tree.root_over(leaves)
    frontier = tree.Frontier()
    for leaf in leaves:
        for place, node in frontier.append(leaf):
            assert node == node_at(place)

    assert whole == frontier.root() == defined_root(leaves)
    for index in range(size):
        proof = tree.inclusion(index, size, node_at)
        assert tree.verify_inclusion(leaves[index], index, size, proof, whole)
    for old in range(1, size + 1):
        proof = tree.consistency(old, size, node_at)
        assert tree.verify_consistency(old, defined_root(leaves[:old]), size, whole, proof)


@given(st.data())
def test_no_other_leaf_place_or_tree_is_proven(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    node_at = tree.nodes_over(HASHES[:size])
    whole = tree.root_over(HASHES[:size])
    proof = tree.inclusion(index, size, node_at)
    lies = [
        (HASHES[other], index, size, proof, whole) if other != index else None,
        (HASHES[index], other, size, proof, whole) if other != index else None,
        (HASHES[index], index, size, proof[:-1], whole),
        (HASHES[index], index, size, [*proof, whole], whole),
        (HASHES[index], index, size, [bytes(32), *proof[1:]], whole),
        (HASHES[index], index, size, proof, HASHES[0]),
        (HASHES[index], size, size, proof, whole),
    ]

    for lie in lies:
        assert lie is None or not tree.verify_inclusion(*lie)


@given(st.data())
def test_a_rewritten_beginning_is_no_beginning(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, MOST))
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    history = list(HASHES[:new])
    history[changed] = tree.leaf_hash(b"another")
    node_at = tree.nodes_over(history)
    proof = tree.consistency(old, new, node_at)
    root, seen = tree.root_over(history), tree.root_over(HASHES[:old])

    assert not tree.verify_consistency(old, seen, new, root, proof)
    assert not tree.verify_consistency(old, seen, new, root, proof[:-1])
    assert not tree.verify_consistency(old, seen, new, seen, [])
    assert not tree.verify_consistency(0, tree.EMPTY_ROOT, new, root, [])
    assert tree.verify_consistency(old, tree.root_over(history[:old]), new, root, proof)


def test_what_is_not_there_is_not_proven() -> None:
    node_at = tree.nodes_over(HASHES)
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion(3, 3, node_at)
    with pytest.raises(ValueError, match="no such tree"):
        tree.consistency(4, 3, node_at)
