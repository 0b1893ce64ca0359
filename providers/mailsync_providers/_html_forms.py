"""Forms in a web page, as a browser would send them back unchanged."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: where it goes, and its fields with the values that they have. No buttons."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


def forms(page: str) -> list[Form]:
    """Give the forms of a page, in order."""
    parser = _Forms()
    parser.feed(page)
    parser.close()
    return parser.found


class _Forms(HTMLParser):
    """Collects forms. The names of tags and attributes come in lower case, entities resolved."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, or note a field."""
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self._form = Form(given.get("action") or "")
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            # The first option counts until one is marked.
            if "selected" in given or self._select not in self._form.fields:
                self._form.fields[self._select] = value
        elif tag == "input" and name and self._counts(given):
            self._form.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        """Close a form, or a list of options."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""

    @staticmethod
    def _counts(given: dict[str, str | None]) -> bool:
        kind = (given.get("type") or "text").lower()
        if kind in {"checkbox", "radio"}:
            return "checked" in given
        return kind not in {"submit", "button", "image", "reset", "file"}
