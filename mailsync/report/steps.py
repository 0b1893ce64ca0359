"""What a person types into a control panel, step by step, in the panel's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text
from mailsync.mail import ptr
from mailsync.plan.model import Stage
from mailsync.plan.panel import ROUTING, Language, Panel, Step, Text, Trap, is_spf, steps
from mailsync.plan.printable import printable
from mailsync.plan.times import local_text

_STRING_OCTETS = 255
"""The longest character-string of a TXT (RFC 1035 §3.3)."""

_LABELS = {
    "name": Text("ホスト名", "name"),
    "type": Text("種別", "type"),
    "ttl": Text("TTL (秒)", "TTL (seconds)"),
    "value": Text("値", "value"),
    "preference": Text("優先度", "preference"),
}
"""What a field is called where the panel's own word is not known."""


def steps_text(
    stage: Stage, domain: str, zone: str, panel: Panel, ahead: tzinfo | None = None
) -> str:
    """Write the steps of a stage; ``domain`` and ``zone`` without their final dots.

    ``ahead``: they are not to be done yet, but will be, at a time by the clock of that zone.
    """
    return "\n".join(_Paper(panel, zone, ahead).lines(stage, domain)) + "\n"


@dataclass(frozen=True, slots=True)
class _Paper:
    """The steps for one panel and zone."""

    panel: Panel
    zone: str
    ahead: tzinfo | None = None

    def lines(self, stage: Stage, domain: str) -> Iterator[str]:
        """Give the whole text, line by line."""
        settable = self.panel.ttl_settable
        found = [one for one in steps(stage.changes) if settable or one.before != one.after]
        count, title = len(found), self.panel.name
        yield f"{printable(domain)}: {stage.name}: " + self._said(
            f"{title.ja}での手作業 {count} 件",
            f"{count} step{'' if count == 1 else 's'} by hand in {title.en}",
        )
        if self.ahead is not None:
            time = local_text(stage.not_before, self.ahead)
            yield from self._noted(Text(*(text.format(time) for text in (_AHEAD.ja, _AHEAD.en))))
        for trap in self._traps("before"):
            yield from self._noted(trap.text)
        if self.panel.unknown is not None:
            yield from self._noted(self.panel.unknown)
        typed = any(step.key[1] != "PTR" for step in found)
        if typed and "unknown" in {self.panel.apex, self.panel.final_dot}:
            yield from self._noted(_FORM)
        if self.panel.menu:
            way = " > ".join(printable(self.zone) if m == "ZONE" else m for m in self.panel.menu)
            yield f"  {self._said('開く画面', 'open')}: {way}"
        warned: set[Trap] = set()
        for number, step in enumerate(found, 1):
            yield ""
            yield from self._step(number, step)
            for trap in self._of(step):
                if trap not in warned:
                    warned.add(trap)
                    yield from self._noted(trap.text, "     ")
        yield ""
        if self.panel.save:
            yield f"  {self._said('最後に押す', 'last, press')}: {' → '.join(self.panel.save)}"
        yield from self._noted(_OTHERS, sign="-")
        for trap in self._traps("after"):
            yield from self._noted(trap.text, sign="-")
        yield from self._noted(_NOT_YET, sign="-")

    def _step(self, number: int, step: Step) -> Iterator[str]:
        what = _ADD if step.before is None else _DELETE if step.after is None else _CHANGE
        yield f"  {number}. {self._short(what)}: {printable(shown(step.key[0]))} {step.key[1]}"
        before = dict(self._fields(step, step.before, step.ttl_before))
        after = dict(self._fields(step, step.after, step.ttl_after))
        for label in before | after:
            old, new = before.get(label), after.get(label)
            value = f"{old} → {new}" if old and new and old != new else new or old
            yield f"     {label}: {value}"
        if step.before is None and self.panel.row:
            yield f"     {self._said('押す', 'press')}: {self.panel.row}"
        if step.after is None and self.panel.delete is not None:
            yield from self._noted(self.panel.delete, "     ", "-")

    def _fields(self, step: Step, value: str | None, ttl: int | None) -> Iterator[tuple[str, str]]:
        if value is None:
            return
        name, rdtype = step.key
        if rdtype == "PTR":
            yield self._said("IPアドレス", "IP address"), _address(name)
            yield self._said("FQDN", "host's full name"), printable(shown(value))
            return
        yield self._label("name"), self._name(name)
        yield self._label("type"), rdtype
        if self.panel.ttl_settable and ttl is not None:
            yield self._label("ttl"), str(ttl)
        if rdtype == "MX":
            preference, exchange = value.split()
            yield self._label("value"), self._target(exchange)
            yield self._label("preference"), preference
        elif rdtype == "TXT":
            yield self._label("value"), _typed_text(value)
        elif rdtype in {"CNAME", "NS"}:
            yield self._label("value"), self._target(value)
        else:
            yield self._label("value"), printable(value)

    def _name(self, name: str) -> str:
        relative = shown(name).removesuffix(self.zone).rstrip(".")
        if relative:
            return printable(relative)
        if self.panel.apex == "blank":
            return self._said("(空欄)", "(leave it blank)")
        return self._said("(ゾーン自身)", "(the zone itself)")

    def _target(self, name: str) -> str:
        return printable(name if self.panel.final_dot == "keep" or name == "." else shown(name))

    def _of(self, step: Step) -> Iterator[Trap]:
        """Give what goes wrong easily with a step."""
        if step.after is not None:
            yield from self._traps(step.key[1])
            if is_spf(step):
                yield from self._traps("SPF")
            if step.key[1] == "TXT" and len(txt_text(step.after)) > _STRING_OCTETS:
                yield Trap("TXT", _LONG)
            if step.key[1] == "MX" and step.after == "0 .":
                yield Trap("MX", _NULL_MX)
        if step.before is not None and step.after not in {None, step.before}:
            yield Trap("change", _ADD_FIRST if step.key[1] in ROUTING else _IN_ONE_SAVE)

    def _traps(self, when: str) -> Iterator[Trap]:
        return (trap for trap in self.panel.traps if trap.when == when)

    # ---- Languages -------------------------------------------------------------------------------

    def _label(self, field: str) -> str:
        return self.panel.fields.get(field) or self._short(_LABELS[field])

    def _said(self, ja: str, en: str) -> str:
        return self._short(Text(ja, en))

    def _short(self, text: Text) -> str:
        return " / ".join(dict.fromkeys(_in(self.panel.language, text)))

    def _noted(self, text: Text, indent: str = "  ", sign: str = "!") -> Iterator[str]:
        for sentence in _in(self.panel.language, text):
            yield f"{indent}{sign} {sentence}"


def _in(language: Language, text: Text) -> tuple[str, ...]:
    return {"ja": (text.ja,), "en": (text.en,), "both": (text.ja, text.en)}[language]


def _address(name: str) -> str:
    """Give the address of a reverse name; the name itself in zones that are divided otherwise."""
    try:
        return ptr.address_of(name)
    except ptr.BadReverse:
        return printable(shown(name))


def _typed_text(value: str) -> str:
    """Write a TXT as it is typed: its text, or the quoted strings where text cannot say it."""
    text = txt_text(value)
    return text if text.isascii() and text.isprintable() else value


_ADD = Text("レコードを追加", "add a record")
_CHANGE = Text("レコードを変更", "change a record")
_DELETE = Text("レコードを削除", "delete a record")
_FORM = Text(
    "入力欄の書き方 (ゾーン自身は空欄か @ か、名前の最後に点を付けるか) は分かっていません。"
    "画面の既存の行に合わせてください。",
    "How the form wants names (the zone itself as blank or @, a final dot or none) is not known: "
    "do as the rows that are there do.",
)
_OTHERS = Text("ほかのレコードには触れないでください。", "Leave every other record as it is.")
_NOT_YET = Text(
    "まだ完了ではありません。すべての権威サーバーが応答してから完了になります。"
    "作業後に mailsync apply をもう一度実行してください (--wait なら待っています)。",
    "Nothing counts as done yet: it does when every authoritative server serves it. Run mailsync "
    "apply again after that; with --wait it looks by itself.",
)
_AHEAD = Text(
    "これは予定です ({} 以降)。mailsync apply が同じ手順を出すまで作業しないでください。"
    "ジャーナルに記録されるのはその時です。",
    "To come, not before {}: wait until mailsync apply gives these steps out, for only then does "
    "the journal know of them.",
)
_ADD_FIRST = Text(
    "行を変更できない画面では、先に新しい行を追加して保存し、その後で古い行を削除してください。"
    "逆の順ではレコードのない時間ができます。",
    "Where the form cannot change a row, add the new one and save, and only then delete the old "
    "one: the other way round there would be none for a while.",
)
_IN_ONE_SAVE = Text(
    "行を変更できない画面では、古い行の削除と新しい行の追加を一度に保存してください。",
    "Where the form cannot change a row, delete the old one and add the new one in one save.",
)
_LONG = Text(
    "255文字を超えるTXTです。全体を1つの値として入力してください。"
    "受け付けない画面では、途中で切らずに作業を止めてください。",
    "This text is longer than 255 characters: enter all of it as one value. Where the form refuses "
    "it or cuts it, stop: half a text is worse than none.",
)
_NULL_MX = Text(
    "「.」だけのMXはメールを受け取らないという意味です (RFC 7505)。"
    "受け付けない画面では作業を止めてください。",
    "An MX of a single dot says that no mail is taken (RFC 7505). Where the form refuses it, stop.",
)
