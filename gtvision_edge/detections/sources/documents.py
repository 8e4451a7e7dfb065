"""XML and JSON documents of cameras as one kind of tree: names in small letters without namespace, values as text.

Nothing here follows an entity, and a document that is too deep or too large is refused. A badly encoded or unescaped name must
not cost a reading: the declared charset counts, else UTF-8, else Latin-1; where the XML is still broken, single fields are looked for.
"""

import codecs
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Any, Final

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from gtvision_edge.detections.errors import MalformedPushError

MAX_DOCUMENT: Final = 512 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 5000
_MAX_MARKS: Final = 4 * MAX_NODES
"""Commas and brackets of a JSON document, those within its texts too: told before a tree is built of it."""
_CHUNK: Final = 64 * 1024
"""Of XML that is given to the parser at a time."""
_MAX_TAG: Final = 2 * _CHUNK
"""Bytes of a tag with its attributes, and of a comment: the parser holds it whole before anybody is asked. It is asked after each chunk, so up to one more may pass. Text comes in pieces."""
_CHARSETS: Final = frozenset(
    {
        "utf-8",
        "ascii",
        "iso8859-1",
        "iso8859-15",
        "cp1250",
        "cp1251",
        "cp1252",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "shift_jis",
        "euc_kr",
        "koi8-r",
    }
)
"""Those of cameras, by Python's names for them. It knows others that are none, or take the square of a text's length."""
_CHARSET: Final = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml.{0,200}?\?>", re.DOTALL)
_SIMPLE: Final = re.compile(
    r"<(?:[\w.-]{1,40}:)?([A-Za-z]\w{0,60})(?:\s[^<>]{0,300})?>([^<]{0,500})</(?:[\w.-]{1,40}:)?\1\s*>"
)


@dataclass(slots=True)
class Node:
    """A place of the tree: its own text, and its children by name."""

    text: str = ""
    children: dict[str, list["Node"]] = field(default_factory=dict)

    def find(self, *names: str) -> "Node | None":
        """Return the first of *names* among the children."""
        for name in names:
            if found := self.children.get(name):
                return found[0]
        return None

    def value(self, *names: str) -> str:
        """Return the text of the first of *names* that has one, ''."""
        for name in names:
            for each in self.children.get(name, ()):
                if each.text:
                    return each.text
        return ""

    def walk(self) -> Iterator["Node"]:
        """Return this one and everything below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [each for some in node.children.values() for each in some]

    def search(self, name: str) -> "Node | None":
        """Return the first one called *name* anywhere below."""
        return next((each for node in self.walk() if (each := node.find(name))), None)


def read_document(raw: bytes, charset: str = "", *, limit: int = MAX_DOCUMENT) -> Node:
    """Return the tree of an XML or JSON document of at most *limit* bytes; *charset* as its Content-Type has it.

    Raises:
        MalformedPushError: it is neither, too large, too deep, or carries declarations of its own (DTD, entities).

    """
    if len(raw) > limit:
        raise MalformedPushError("The document is too large.")
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return read_json(raw, charset)
    return _read_xml(start, charset)


def read_json(raw: bytes, charset: str = "") -> Node:
    """Return the tree of a JSON document.

    Raises:
        MalformedPushError: as for :func:`read_document`.

    """
    text = _decoded(raw, charset).lstrip("\ufeff")
    if sum(map(text.count, ",[{")) > _MAX_MARKS:
        raise _too_much()
    try:
        value = json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=str,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedPushError("The body is no JSON that can be read.") from error
    counter = [0]
    return _node_of(value, 0, counter)


def _too_much() -> MalformedPushError:
    return MalformedPushError("The document is nested too deeply or has too many fields.")


def _node_of(value: Any, depth: int, counter: list[int]) -> Node:
    counter[0] += 1
    if depth > MAX_DEPTH or counter[0] > MAX_NODES:
        raise _too_much()
    if isinstance(value, dict):
        node = Node()
        for name, each in value.items():
            values = each if isinstance(each, list) else [each]
            node.children.setdefault(clean(name).lower(), []).extend(
                _node_of(one, depth + 1, counter) for one in values
            )
        return node
    if isinstance(value, list):
        return Node(children={"": [_node_of(each, depth + 1, counter) for each in value]})
    if value is None:
        return Node()
    if isinstance(value, bool):
        return Node("true" if value else "false")
    return Node(clean(str(value)))


def _read_xml(raw: bytes, charset: str) -> Node:
    try:
        return _tree_of(_parse(raw))
    except ElementTree.ParseError:
        text = _DECLARATION.sub("", _decoded(raw, charset))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MalformedPushError("The document declares entities of its own.")
    try:
        return _tree_of(_parse(text.encode("utf-8", "replace")))
    except ElementTree.ParseError:
        return _recovered(text)


def _parse(raw: bytes) -> ElementTree.Element:
    parser = defusedxml.ElementTree.DefusedXMLParser(
        target=_BoundedTree(), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        for start in range(0, len(raw), _CHUNK):
            parser.feed(raw[start : start + _CHUNK])
            if start + _CHUNK - parser.parser.CurrentByteIndex > _MAX_TAG:
                raise _too_much()
        root: ElementTree.Element = parser.close()
    except DefusedXmlException as error:
        raise MalformedPushError("The document declares entities of its own.") from error
    except (LookupError, ValueError, UnicodeError) as error:  # a charset that nobody knows
        raise ElementTree.ParseError(str(error)) from error
    return root


class _BoundedTree(ElementTree.TreeBuilder):
    """Refuses what is too much while it comes: a tree takes a hundred times the bytes of its document."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._count += 1 + len(attrs)
        self._depth += 1
        if self._depth > MAX_DEPTH + 1 or self._count > MAX_NODES:
            raise _too_much()
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def _tree_of(root: ElementTree.Element) -> Node:
    whole = Node()
    waiting: list[tuple[Node, ElementTree.Element, int]] = [(whole, root, 0)]
    count = 0
    while waiting:
        parent, element, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise _too_much()
        node = Node(clean((element.text or "").strip()))
        parent.children.setdefault(_local(element.tag), []).append(node)
        waiting += [(node, each, depth + 1) for each in reversed(element)]
    return whole


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _recovered(text: str) -> Node:
    """Return the simple fields of XML that is broken somewhere, all side by side."""
    node = Node()
    for found in islice(_SIMPLE.finditer(text), MAX_NODES):
        value = clean(unescape(found[2]).strip())
        node.children.setdefault(found[1].lower(), []).append(Node(value))
    if not node.children:
        raise MalformedPushError("The body is no XML that can be read.")
    return node


def _decoded(raw: bytes, charset: str) -> str:
    declared = _CHARSET.match(raw.lstrip(b"\xef\xbb\xbf \t\r\n"))
    names = [charset, declared[1].decode() if declared else "", "utf-8"]
    for name in names:
        try:
            if codecs.lookup(name).name in _CHARSETS:
                return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def clean(text: str) -> str:
    """Return *text* without what can be neither stored nor shown: lone surrogates, control characters."""
    if text.isprintable():  # a picture in base64 has millions of characters
        return text
    return "".join(each for each in text if each.isprintable() or each == "\t")


def first_of(nodes: Iterable[Node | None], *names: str) -> str:
    """Return the first text that one of *nodes* has under one of *names*."""
    for node in nodes:
        if node is not None and (value := node.value(*names)):
            return value
    return ""


def number_of(text: str) -> float | None:
    """Return the number in *text*; None where there is none that is finite and below a million millions."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None  # also not NaN


def whole_of(text: str) -> int | None:
    number = number_of(text)
    return int(number) if number is not None and number == int(number) else None
