"""A payment schedule in rows and columns: a spreadsheet, CSV, Markdown, pure."""

import csv
import re
from collections import Counter

from .figures import read_line
from .prose import read_prose
from .schedule_words import BESIDE_TOTAL, HEADERS, REST, TOTAL, get_words, is_multiple
from .stage import (
    Stage,
    Total,
    Unread,
    get_kind,
    has_word,
    split_name,
    take_day,
    take_out,
    take_share,
)
from .written import Reason, to_plain

_RULE = re.compile(r"[\s|:+=-]+")
_GROUPED = re.compile(r"\d,\d{3}(?!\d)")
_NOTHING = frozenset({"", "-", "–", "—"})
_MAX_COLUMNS = 30


def read_table(lines, notation):
    """Return what the rows of a table say, None if the text is no table.

    :param lines: pairs of number and text
    :return: a list of ``Stage``, ``Unread`` and ``Total``

    >>> from .written import Notation
    >>> rows = read_table([(1, "Stage | Share"), (2, "Design | 30 %")], Notation())
    >>> [(row.name, row.percent) for row in rows]
    [('Design', Decimal('30'))]
    """
    rows = split_cells(lines)
    if rows is None:
        return None
    head = find_head(rows, notation)
    table = Table(rows, head, notation)
    read = []
    for number, text, cells in rows:
        if cells is not head and not (cells and _RULE.fullmatch(text)):
            read += table.read_row(number, text, cells)
    return read


# -----------------------------------------------------------------------------
# CELLS
# -----------------------------------------------------------------------------


def split_cells(lines):
    """Return the rows of a table as number, text and cells; None if it is none.

    A line that is not of the table has no cells.

    >>> split_cells([(1, "a;b"), (2, 'c;"d;e"')])
    [(1, 'a;b', ['a', 'b']), (2, 'c;"d;e"', ['c', 'd;e'])]
    >>> split_cells([(1, "Deposit, 30 %"), (2, "Rest")])
    """
    for separator, is_table in (
        ("\t", _has_tabs),
        ("|", _has_bars),
        (";", _is_regular),
    ):
        rows = [
            (number, text, _split(text, separator) if separator in text.strip() else [])
            for number, text in lines
        ]
        if is_table(rows):
            return rows
    rows = [(number, text, _split(text, ",")) for number, text in lines]
    return rows if _has_commas(rows) else None


def _split(text, separator):
    if separator == "|":
        text = text.strip()
        return [
            cell.strip() for cell in text.removeprefix("|").removesuffix("|").split("|")
        ]
    (cells,) = csv.reader([text.rstrip("\n")], delimiter=separator)
    return [" ".join(cell.split(" ")).strip() for cell in cells[:_MAX_COLUMNS]]


def _has_tabs(rows):
    return any(len(cells) > 1 for _number, _text, cells in rows)


def _has_bars(rows):
    return sum(len(cells) > 1 for _number, _text, cells in rows) > 1


def _is_regular(rows):
    """Whether most lines have the same number of cells, and at least two lines have."""
    widths = Counter(len(cells) for _number, _text, cells in rows if len(cells) > 1)
    if not widths:
        return False
    _width, count = widths.most_common(1)[0]
    return count > 1 and count * 2 >= len(rows)


def _has_commas(rows):
    """Whether all lines are CSV with commas, and no number can be meant by one."""
    if not _is_regular(rows) or any(", " in text for _number, text, _cells in rows):
        return False
    widths = {len(cells) for _number, _text, cells in rows}
    has_head = len([role for role in _get_roles(rows[0][2]) if role]) > 1
    unquoted = (
        re.sub(r'"[^"]*"', "", to_plain(text)) for _number, text, _cells in rows
    )
    return len(widths) == 1 and (
        has_head or not any(_GROUPED.search(text) for text in unquoted)
    )


# -----------------------------------------------------------------------------
# COLUMNS
# -----------------------------------------------------------------------------


def _get_roles(cells):
    """Return what the cells of a head say that their columns hold.

    >>> _get_roles(["Nr.", "Stufe", "Anteil in %", "Betrag netto", "Fällig am", "?"])
    ['number', 'name', 'percent', 'amount', 'date', '']
    """
    return [_get_role(cell) for cell in cells]


def _get_role(cell):
    words = set(get_words(cell))
    if "%" in to_plain(cell):
        return "percent"
    if cell.strip() == "#":
        return "number"
    return next((role for role, known in HEADERS.items() if known & words), "")


def find_head(rows, notation):
    """Return the cells that name the columns: the first row that has no figures."""
    for _number, _text, cells in rows[:4]:
        roles = [role for role in _get_roles(cells) if role]
        figures = [
            figure
            for cell in cells
            for figure in read_line(cell, notation, is_cell=True).figures
        ]
        if len(set(roles)) > 1 and not figures:
            return cells
    return None


class Table:
    """Rows, and what their columns hold."""

    def __init__(self, rows, head, notation):
        self.notation = notation
        self.head = head
        self.rows = [
            [read_line(cell, notation, is_cell=True) for cell in cells]
            for _number, _text, cells in rows
            if len(cells) > 1 and cells is not head and not _is_total(cells)
        ]
        self.width = max(map(len, self.rows), default=0)
        self.roles = self._find_roles()
        self.units = [self._get_unit(index) for index in range(self.width)]

    def _find_roles(self):
        roles = _get_roles(self.head) if self.head else []
        roles += [""] * (self.width - len(roles))
        if not self.head:
            roles = [self._guess_role(index) for index in range(self.width)]
        return self._name_texts(roles)

    def _name_texts(self, roles):
        """Let the first column of text be the names, and the next what must be true."""
        names = [index for index, role in enumerate(roles) if role == "name"]
        texts = names + [
            index
            for index, role in enumerate(roles)
            if role == "text" or (not role and self.head and self._is_text(index))
        ]
        free = [role for role in ("name", "deliverable") if role not in roles]
        if names:
            texts = texts[1:]
        for index, role in zip(texts, free, strict=False):
            roles[index] = role
        for index in texts[len(free) :]:
            roles[index] = "skipped"
        return roles

    def _column(self, index):
        return [row[index] for row in self.rows if index < len(row) and row[index].text]

    def _is_text(self, index):
        column = self._column(index)
        return bool(column) and not any(line.figures or line.days for line in column)

    def _guess_role(self, index):
        """Return what a column without a head holds, by what stands in it."""
        column = self._column(index)
        shares = [line for line in column if self._is_share(line)]
        days = [line for line in column if line.days and not line.figures]
        if len(days) * 2 > len(column):
            return "date"
        numbers = [line.figures[0].value for line in shares if line.figures]
        if index == 0 and numbers == list(range(1, len(column) + 1)) and self.width > 2:
            return "number"
        return "figure" if len(shares) * 2 > len(column) else "text"

    @staticmethod
    def _is_share(line):
        """Whether a cell is a figure, or the word for what is left, and little else."""
        words = get_words(line.blanked)
        if line.figures:
            return len(words) < 2
        return len(words) == 1 and words[0] in REST

    def _get_unit(self, index):
        """Return what the numbers without a sign are in a column of figures.

        :raise Doubt: never; a code of a reason stands for a unit that is not clear
        """
        role = self.roles[index]
        values = [
            figure.value
            for line in self._column(index)
            for figure in line.figures
            if not figure.unit and figure.value is not None
        ]
        if role == "percent":
            # as spreadsheets keep percentages: 0.3 is 30 %
            return "?unit" if values and max(values) <= 1 else "percent"
        if role == "amount":
            head = get_words(self.head[index]) if self.head else ()
            return "?multiplied" if any(map(is_multiple, head)) else "amount"
        if role != "figure" or not values:
            return ""
        if sum(values) == 100:
            return "percent"
        return "amount" if max(values) > 100 else "?unit"

    # -------------------------------------------------------------------------
    # ROWS
    # -------------------------------------------------------------------------

    def read_row(self, number, text, cells):
        """Return what a row says, as a list."""
        if len(cells) < 2:
            return read_prose(number, text, self.notation)
        if _is_total(cells):
            return [Total(self._read_total(cells))]
        row = {role: [] for role in (*HEADERS, "figure")}
        for index, cell in enumerate(cells[: self.width]):
            row.get(self.roles[index], []).append((index, cell))
        stage = self._read_stage(number, text, row)
        if stage.basis or stage.reasons:
            return [stage]
        plain = "  ".join(cell for cell in cells if cell)
        read = read_prose(number, plain, self.notation)
        return [
            Unread(number, text.strip(), item.reason)
            if isinstance(item, Unread)
            else item
            for item in read
        ]

    def _read_total(self, cells):
        figures = [
            figure
            for index, cell in enumerate(cells[: self.width])
            for figure in self._read_cell(index, cell)
            if figure[0] == "amount"
        ]
        values = {figure[1].value for figure in figures}
        return values.pop() if len(values) == 1 else None

    def _read_stage(self, number, text, row):
        figures = [
            item
            for role in ("percent", "amount", "figure")
            for index, cell in row[role]
            for item in self._read_cell(index, cell)
        ]
        of = {
            unit: [figure for kind, figure in figures if kind == unit]
            for unit in ("percent", "amount")
        }
        is_rest = self._is_rest(row)
        share, reasons = take_share(of["percent"], of["amount"], is_rest=is_rest)
        day, doubts = self._read_day(row["date"])
        name, deliverable = self._read_texts(row)
        words = " ".join(cell for cells in row.values() for _index, cell in cells)
        return Stage(
            line=number,
            text=text.strip(),
            name=name,
            deliverable=deliverable,
            kind=get_kind(words if row["kind"] or is_rest else name),
            deadline=day,
            reasons=(*reasons, *doubts),
            **share,
        )

    def _is_rest(self, row):
        cells = [c for role in ("percent", "amount", "figure") for _i, c in row[role]]
        if any(has_word(cell, REST) for cell in cells):
            return True
        names = [cell for _index, cell in row["name"]]
        return all(cell in _NOTHING for cell in cells) and any(
            get_words(cell)[:1] and get_words(cell)[0] in REST for cell in names
        )

    def _read_cell(self, index, cell):
        """Return the figures of a cell with their units, as pairs."""
        role, unit = self.roles[index], self.units[index]
        if role not in ("percent", "amount", "figure") or cell.strip() in _NOTHING:
            return []
        line = read_line(cell, self.notation, is_cell=True)
        if not line.figures and not has_word(cell, REST):
            return [
                (role if role != "figure" else "amount", _Doubtful("no_figure", cell))
            ]
        return [self._read_figure(figure, unit, cell) for figure in line.figures]

    def _read_figure(self, figure, unit, cell):
        if figure.unit:
            if unit.startswith("?m"):
                return figure.unit, _Doubtful(unit[1:], cell)
            return figure.unit, figure
        if unit.startswith("?") or not unit:
            return "amount", _Doubtful(unit[1:] or "unit", cell)
        sign = "%" if unit == "percent" else self.notation.currency
        return unit, self._read_bare(figure, unit, sign, cell)

    def _read_bare(self, figure, unit, sign, cell):
        """Return a number without a sign, read with that of its column."""
        if figure.reason and figure.reason.code != "ambiguous":
            return figure
        text = f"{figure.text} {sign}".strip()
        (read, *more) = read_line(text, self.notation, is_cell=True).figures
        if more:
            return _Doubtful("several", cell)
        if read.reason:
            return _Doubtful(read.reason.code, cell)
        return read if sign else figure

    def _read_day(self, cells):
        lines = [read_line(cell, self.notation) for _index, cell in cells]
        days = [day for line in lines for day in line.days]
        unread = [line.text for line in lines if not line.days]
        unread = [text for text in unread if text.strip() not in _NOTHING]
        if unread and not days:
            return None, [Reason("no_date", unread[0])]
        return take_day(days)

    def _read_texts(self, row):
        name = " ".join(cell for _index, cell in row["name"])
        deliverable = " ".join(cell for _index, cell in row["deliverable"])
        if not name:
            return split_name(deliverable)
        return take_out(name, ()), deliverable


class _Doubtful:
    """Stands for a figure of a cell that says none."""

    __slots__ = ("reason", "text", "value")

    def __init__(self, code, text):
        self.value = None
        self.text = text
        self.reason = Reason(code, text)


def _is_total(cells):
    """Whether the first text of a row is the word for a total, and nothing else."""
    words = next((get_words(cell) for cell in cells if get_words(cell)), [])
    return bool(set(words) & TOTAL) and not set(words) - BESIDE_TOTAL
