"""What a text file is encoded in. Exports do not say; but few encodings are in use, and each has marks of its own."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

BLOCK: Final = 1 << 20

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Undecodable(ValueError):
    """A file that is in none of the encodings that were tried."""


def encoding_of(path: Path, *, told: str | None) -> str:
    """The encoding of a file: what the merchant says; by its mark; UTF-8 if all of it is; else GB18030, as Chinese platforms write.

    Raises:
        Undecodable: It is none of these.
        OSError
    """
    if told is not None:
        if not _decodes(path, told):
            raise Undecodable(f"expected text in {told}, was something else")
        return told
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    for name in ("utf-8", "gb18030"):
        if _decodes(path, name):
            return name
    raise Undecodable("expected UTF-8 or GB18030, was neither; set encoding")


def copy_as_utf8(path: Path, to: Path, *, encoding: str, whole_lines_only: bool) -> None:
    """Write the text of ``path`` to ``to`` in UTF-8, with line feeds; what follows the last of them is left, if it may still be growing.

    Raises:
        Undecodable, OSError
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source, to.open("w", encoding="utf-8", newline="") as target:
        held = ""
        try:
            while block := source.read(BLOCK):
                lines, end, rest = (held + decoder.decode(block)).rpartition("\n")
                target.write((lines + end).replace("\r\n", "\n"))
                held = rest
            # half a character at the end belongs to a line that is still growing
            held += decoder.decode(b"", final=not whole_lines_only)
        except UnicodeDecodeError as error:
            raise Undecodable(f"expected text in {encoding}, was something else at byte {error.start}") from None
        if not whole_lines_only:
            target.write(held.replace("\r", "\n"))


def _decodes(path: Path, encoding: str) -> bool:
    """Whether all of a file is text in this encoding; half a character at its end is no objection, it may be growing."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
        except UnicodeDecodeError:
            return False
    return True
