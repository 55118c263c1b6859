"""Bytes of unknown origin → the root of an XML tree, by lxml.

Owns the safety of parsing: no entity is resolved, no DTD or network touched, a document type refused (JUnit files have none, and an entity
bomb needs one); what is cut off or damaged is read as far as it goes. Must not know what the XML means.
"""

import re
from collections.abc import Callable

from lxml import etree

BEFORE_ROOT = re.compile(rb"(?:[\s\xef\xbb\xbf\xfe\xff]|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
DOCUMENT_TYPE = b"<!DOCTYPE"
REFUSED = "declares a document type, which JUnit files do not have and which can hide an entity bomb: refused"
# libxml2 lifts its own limits for large files only; then no encoding may hide a document type from the look at the bytes.
LARGE = 9 * 1024 * 1024
HIDING_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"'](?!utf-?8|us-ascii|ascii|iso-8859-|windows-125)", re.IGNORECASE)
BLANK = b"\x00\r\n\t "

Say = Callable[[str], None]


def parse(data: bytes, say: Say) -> tuple[etree._Element | None, bool]:
    """The root (None where there is nothing to read) and whether the file is cut off; `say` is told what is wrong."""
    if not data.strip(BLANK):
        say("is empty: the run was ended before pytest wrote it")
        return None, False
    head = data[:65536].replace(b"\x00", b"")
    before = BEFORE_ROOT.match(head)
    if head[before.end() if before else 0 :].upper().startswith(DOCUMENT_TYPE):
        say(REFUSED)
        return None, False
    huge = len(data) > LARGE and not HIDING_ENCODING.match(head)
    try:
        return _checked(etree.fromstring(data, _parser(huge=huge, recover=False)), say), False
    except (etree.XMLSyntaxError, ValueError) as error:
        return _recovered(data, _reason(error), say, huge=huge)


def _reason(error: Exception) -> str:
    return re.sub(r" \(<string>, line \d+\)$", "", str(error))


def _parser(*, huge: bool, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=huge, recover=recover, remove_comments=True
    )


def _checked(root: etree._Element | None, say: Say) -> etree._Element | None:
    if root is not None and root.getroottree().docinfo.internalDTD is not None:
        say(REFUSED)
        return None
    return root if root is None else _without_namespaces(root)


def _without_namespaces(root: etree._Element) -> etree._Element:
    """Some tools put JUnit's elements into a namespace of their own."""
    if isinstance(root.tag, str) and root.tag.startswith("{"):
        for element in root.iter("*"):
            element.tag = etree.QName(element).localname
    return root


def _recovered(data: bytes, error: str, say: Say, *, huge: bool) -> tuple[etree._Element | None, bool]:
    try:
        root = etree.fromstring(data, _parser(huge=huge, recover=True))
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or not isinstance(root.tag, str):
        say(f"cannot be read as XML ({error}); download it again, or give another copy")
        return None, False
    root = _checked(root, say)
    is_cut = not data.rstrip(BLANK).endswith((b"</testsuites>", b"</testsuite>"))
    if root is not None and is_cut:
        say(f"is cut off ({error}): only the tests before the cut were read; give the whole file if there is one")
    elif root is not None:
        say(f"is damaged ({error}): what could be read of it was read")
    return root, is_cut
