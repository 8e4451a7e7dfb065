"""Reads a stranger's XML within limits: no entities, no DOCTYPE, bounded in size, depth and number of elements."""

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

MAX_DOCUMENT: Final = 2**20
MAX_DEPTH: Final = 48
MAX_ELEMENTS: Final = 20_000

_CHUNK: Final = 16 * 1024


class UnreadableXmlError(Exception):
    """It is no XML, or more of it than any device needs to say."""


class Node:
    """An element by its local name, whatever its namespace: devices use every prefix and several wrong namespaces."""

    __slots__ = ("attributes", "children", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] = []
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()

    def child(self, *path: str) -> "Node | None":
        """Return the first descendant down *path*, one name a level; None = there is none."""
        found = self
        for name in path:
            child = next((node for node in found.children if node.name == name), None)
            if child is None:
                return None
            found = child
        return found

    def value(self, *path: str) -> str:
        """Return the text down *path*, '' if there is none."""
        found = self.child(*path)
        return found.text if found is not None else ""

    def find(self, name: str) -> "Node | None":
        """Return the first element called *name*, at any depth below this one."""
        return next(self.every(name), None)

    def every(self, name: str) -> Iterator["Node"]:
        """Give all elements called *name* below this one, in the document's order."""
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name == name:
                yield node
            waiting.extend(reversed(node.children))


class _Builder:
    """What the parser calls; refuses to grow."""

    def __init__(self, max_elements: int) -> None:
        self._left = max_elements
        self._open: list[Node] = []
        self._root: Node | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0 or len(self._open) >= MAX_DEPTH:
            raise UnreadableXmlError("too many elements, or too deep")
        node = Node(_local(tag), {_local(name): text for name, text in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].parts.append(text)

    def close(self) -> Node | None:
        return self._root


def read_tree(document: bytes, *, max_elements: int = MAX_ELEMENTS) -> Node:
    """Return the root of *document*. Takes up to some tenths of a second: not for the loop's thread.

    Raises:
        UnreadableXmlError: it is not well-formed, carries a DOCTYPE or an entity, or exceeds a limit.

    """
    if len(document) > MAX_DOCUMENT:
        raise UnreadableXmlError("too long")
    parser: Any = DefusedXMLParser(
        target=_Builder(max_elements), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        for start in range(0, len(document), _CHUNK):
            parser.feed(document[start : start + _CHUNK])
        root: Node | None = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UnreadableXmlError(type(error).__name__) from error
    if root is None:
        raise UnreadableXmlError("empty")
    return root


def _local(name: str) -> str:
    return name.rpartition("}")[2]
