"""The pages of a window by name, each made when it is first needed.

A window stands before its pages do: making all of them, and loading what they are made of, takes longer than a person
wants to wait for the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from seworkbench.ui.pages.page import Page


@dataclass(frozen=True, slots=True)
class PageEntry:
    """What the rail says of a page, and how it is made.

    Args:
        name: stable name, also in the settings; that of the page.
        title: as in the rail.
        icon: name of its icon.
        make: makes it.
    """

    name: str
    title: str
    icon: str
    make: Callable[[], Page]


class PageList(Mapping[str, "Page"]):
    """See the module's text; asking for a page makes it.

    Args:
        entries: the pages, in rail order.
        adopt: told of each page once it is made.
    """

    def __init__(self, entries: Iterable[PageEntry], adopt: Callable[[Page], None]) -> None:
        self.entries = {entry.name: entry for entry in entries}
        self._adopt = adopt
        self._made: dict[str, Page] = {}

    def __getitem__(self, name: str) -> Page:
        """The page of that name.

        Raises:
            KeyError: if there is none.
        """
        if name not in self._made:
            page = self.entries[name].make()
            if name != page.NAME:
                raise ValueError(f"the page {page.NAME} is listed as {name}")
            self._made[name] = page
            self._adopt(page)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in rail order."""
        return iter(self.entries)

    def __len__(self) -> int:
        """How many there are, made or not."""
        return len(self.entries)

    @property
    def made(self) -> tuple[Page, ...]:
        """Those that exist, in rail order."""
        return tuple(self._made[name] for name in self.entries if name in self._made)

    def make_next(self) -> bool:
        """Make the first that does not exist; tells whether there was one."""
        for name in self.entries:
            if name not in self._made:
                self[name]
                return True
        return False
