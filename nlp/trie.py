"""Texts with a number each in a twentieth of a dictionary's memory: a trie in two sorted arrays.

A node is the place of its entry, counted from one; the root is nought. An entry is
the parent's node and the character that leads from there, packed into 64 bits.
Nodes lie level by level, so entries are sorted and bisection finds a child.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from typing import Mapping

import numpy as np

ROOT, NONE = 0, -1
CHARACTER_BITS = 21  # of Unicode's largest character
ENTRY, VALUE = 8, 4  # bytes


class Trie:
    """What ``packed`` made; not changed any more, so that a mapped file does.

    Args:
        content: of the file.
    """

    def __init__(self, content: bytes | mmap.mmap) -> None:
        self._count = len(content) // (ENTRY + VALUE)
        self._entries = memoryview(content)[: ENTRY * self._count].cast("Q")
        self._values = memoryview(content)[ENTRY * self._count :].cast("I")

    def child(self, node: int, character: str) -> int:
        """The node that a character leads to; ``NONE`` where it leads nowhere."""
        wanted = node << CHARACTER_BITS | ord(character)
        at = bisect_left(self._entries, wanted, node)  # children stand behind their parent
        return at + 1 if at < self._count and self._entries[at] == wanted else NONE

    def find(self, text: str) -> int:
        """The node of a text or of a beginning of texts; ``NONE`` where it is neither."""
        node = ROOT
        for character in text:
            node = self.child(node, character)
            if node == NONE:
                break
        return node

    def value(self, node: int) -> int:
        """The number of a node's text; nought for a mere beginning of texts."""
        return int(self._values[node - 1])

    def values(self) -> np.ndarray:
        """The numbers of all nodes."""
        return np.frombuffer(self._values, np.uint32)


def packed(numbers: Mapping[str, int]) -> bytes:
    """The content of a trie's file.

    Args:
        numbers: of each text, from 0 to 2**32 - 1.
    """
    entries: list[int] = []
    values: list[int] = []
    texts, parents, size = list(numbers), {"": ROOT}, 0
    while texts := [one for one in texts if len(one) > size]:
        size += 1
        level = {one[:size] for one in texts}
        found = sorted((parents[one[:-1]] << CHARACTER_BITS | ord(one[-1]), one) for one in level)
        parents = {one: len(entries) + place for place, (_, one) in enumerate(found, start=1)}
        entries.extend(entry for entry, _ in found)
        values.extend(numbers.get(one, 0) for _, one in found)
    return np.array(entries, np.uint64).tobytes() + np.array(values, np.uint32).tobytes()
