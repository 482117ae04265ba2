"""What must be true of every contract, said a second time.

Everything is worked out from the rows of the ledger, the schedule and the decisions,
in plain SQL and arithmetic: nothing here calls the addon's computes or imports its
allocation, so a fault of theirs is not repeated.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

RANK = [
    "blocked",
    "to_decide",
    "ready",
    "drafted",
    "running",
    "upcoming",
    "billed",
    "paid",
    "written_off",
]

LINKS = """
    SELECT item.id, item.milestone_billing_line_id AS line_id,
           item.milestone_billing_planned AS planned,
           item.price_subtotal AS net, item.move_id
      FROM account_move_line item
     WHERE item.milestone_billing_line_id IS NOT NULL
     ORDER BY item.id
"""

MOVES = """
    SELECT move.id, move.name, move.move_type, move.state, move.reversed_entry_id,
           move.amount_total AS total, move.amount_residual AS residual,
           move.currency_id, move.company_id, move.posted_before,
           move.milestone_billing_contract_id AS contract_id,
           move.milestone_billing_ordinal AS ordinal,
           move.milestone_statement AS statement
      FROM account_move move
     WHERE move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
"""

# documents that were posted before somebody linked them to a stage
BY_HAND = """
    SELECT DISTINCT item.move_id AS id
      FROM milestone_billing_opening opening
      JOIN account_move_line item ON item.id = opening.move_line_id
"""

# what came in for each document, in its currency: matched with a payment or a bank
# statement line, by the share of that entry which is money
RECEIVED = """
    WITH matched AS (
        SELECT item.move_id, partial.debit_amount_currency AS amount,
               partial.credit_move_id AS other_id
          FROM account_partial_reconcile partial
          JOIN account_move_line item ON item.id = partial.debit_move_id
         UNION ALL
        SELECT item.move_id, partial.credit_amount_currency, partial.debit_move_id
          FROM account_partial_reconcile partial
          JOIN account_move_line item ON item.id = partial.credit_move_id
    )
    SELECT matched.move_id, matched.amount, money.liquid, money.counterpart
      FROM matched
      JOIN account_move_line other ON other.id = matched.other_id
      JOIN LATERAL (
        SELECT SUM(entry.balance) FILTER (WHERE entry.account_id IN (
                   SELECT journal.default_account_id
                    UNION SELECT method.payment_account_id
                     FROM account_payment_method_line method
                    WHERE method.journal_id = journal.id
                    UNION SELECT payment.outstanding_account_id
               )) AS liquid,
               SUM(entry.balance) FILTER (WHERE account.account_type IN
                   ('asset_receivable', 'liability_payable')) AS counterpart
          FROM account_move move
          JOIN account_journal journal ON journal.id = move.journal_id
          JOIN account_move_line entry ON entry.move_id = move.id
          JOIN account_account account ON account.id = entry.account_id
          LEFT JOIN account_payment payment ON payment.id = move.origin_payment_id
         WHERE move.id = other.move_id
           AND (move.origin_payment_id IS NOT NULL
                OR move.statement_line_id IS NOT NULL)
         GROUP BY move.id
      ) money ON TRUE
"""


class Broken(Exception):
    """A rule that does not hold.

    :param str rule: which one, in few words that stay the same from case to case
    :param str details: the figures
    """

    def __init__(self, rule, details):
        super().__init__(f"{rule}: {details}")
        self.rule = rule


class Row(dict):
    """A row of the database whose columns are attributes."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


class Facts:
    """What the database says at one moment, and what follows from it."""

    def __init__(self, cr):
        self._cr = cr
        self.contracts = self._fetch("SELECT * FROM milestone_billing_contract")
        self.lines = self._fetch("SELECT * FROM milestone_billing_line ORDER BY id")
        self.milestones = self._fetch("SELECT * FROM project_milestone")
        self.projects = self._fetch("SELECT * FROM project_project")
        self.moves = self._fetch(MOVES)
        self.links = self._fetch(LINKS)
        self.decisions = self._fetch("SELECT * FROM milestone_billing_decision")
        self.changes = self._fetch("SELECT * FROM milestone_billing_change")
        self.by_hand = self._fetch(BY_HAND)
        self.roundings = {
            row.id: row.rounding
            for row in self._fetch("SELECT id, rounding FROM res_currency").values()
        }
        self._work_out_received()
        self._work_out_lines()
        for contract in self.contracts.values():
            self._work_out_contract(contract)

    def _fetch(self, query):
        self._cr.execute(query)
        return {row["id"]: Row(row) for row in self._cr.dictfetchall()}

    # --- what the ledger says ---

    def _work_out_received(self):
        for move in self.moves.values():
            move.received = 0.0
            move.sign = -1 if move.move_type == "out_refund" else 1
        self._cr.execute(RECEIVED)
        for move_id, amount, liquid, counterpart in self._cr.fetchall():
            if move_id in self.moves and counterpart:
                share = min(abs(liquid or 0.0) / abs(counterpart), 1.0)
                self.moves[move_id].received += amount * share

    def get_family(self, move):
        """Return the id of the invoice that a document reverses, or its own."""
        seen = set()
        while move.reversed_entry_id in self.moves and move.id not in seen:
            seen.add(move.id)
            move = self.moves[move.reversed_entry_id]
        return move.id

    def _work_out_lines(self):
        of_line, members = defaultdict(list), defaultdict(list)
        for link in self.links.values():
            link.move = self.moves.get(link.move_id)
            if link.move is None:
                raise Broken("a document of another kind bills", str(link))
            link.family = self.get_family(link.move)
            of_line[link.line_id].append(link)
        for move in self.moves.values():
            if move.state == "posted":
                members[self.get_family(move)].append(move)
        for line in self.lines.values():
            line.links = of_line[line.id]
            self._work_out_line(line, members)

    def _work_out_line(self, line, members):
        posted = [link for link in line.links if link.move.state == "posted"]
        line.drafts = [
            link
            for link in line.links
            if link.move.state == "draft" and link.move.sign > 0
        ]
        opening = line.amount_opening or 0.0
        line.drafted = sum(link.net for link in line.drafts)
        line.invoiced = sum(link.net for link in posted if link.move.sign > 0)
        line.credited = sum(link.net for link in posted if link.move.sign < 0)
        line.billed = opening + line.invoiced - line.credited
        line.unpaid, line.settled, line.paid = 0.0, opening, opening
        families = defaultdict(list)
        for link in posted:
            families[link.family].append(link)
        for family, links in families.items():
            self._add_family(line, members[family], links)
        line.live_links = line.drafts + [
            link
            for link in posted
            if link.move.sign > 0
            and not self._is_credited_in_full(families[link.family], line)
        ]
        line.is_live_now = bool(line.live_links)

    def _is_credited_in_full(self, links, line):
        """Whether the posted documents of one family leave nothing of a line."""
        net = sum(link.net * link.move.sign for link in links)
        is_credited = any(link.move.sign < 0 for link in links)
        return is_credited and not self._exceeds(net, 0.0, line)

    def _add_family(self, line, moves, links):
        """Add what one invoice and its credit notes leave unpaid of a line."""
        net = sum(link.net * link.move.sign for link in links)
        total = sum(move.total * move.sign for move in moves)
        residual = sum(move.residual * move.sign for move in moves)
        received = sum(move.received * move.sign for move in moves)
        unpaid = net * residual / total if self._is_amount(total, line) else 0.0
        gone = total - residual
        line.unpaid += unpaid
        line.settled += net - unpaid
        if self._is_amount(gone, line):
            line.paid += (net - unpaid) * received / gone

    # --- the schedule ---

    def _work_out_contract(self, contract):
        """Share the contract sum out among its lines."""
        lines = [li for li in self.lines.values() if li.contract_id == contract.id]
        lines.sort(key=lambda line: (line.sequence, line.id))
        contract.lines = lines
        for line in lines:
            of_line = [d for d in self.decisions.values() if d.line_id == line.id]
            line.carried = sum(d.amount for d in of_line if d.kind == "carry")
            line.written_off = sum(d.amount for d in of_line if d.kind == "write_off")
            line.decisions = sorted(of_line, key=lambda d: d.id)
        self._work_out_changes(contract)
        written_off = sum(line.written_off for line in lines)
        contract.to_date = contract.original + contract.changed - written_off
        for line in lines:
            closing = [d for d in line.decisions if d.is_closing]
            line.is_closed_now = bool(closing)
            line.kept = closing[-1].amount_kept if closing else None
            line.planned = self._get_own_plan(contract, line)
        takes = {
            line.id: max(line.planned, line.drafted + line.billed) for line in lines
        }
        rest_line = self._find_rest_line(contract)
        if rest_line:
            del takes[rest_line.id]
            rest = self._round(contract.to_date - sum(takes.values()), contract)
            rest_line.planned = max(rest, 0.0)
            takes[rest_line.id] = max(
                rest_line.planned, rest_line.drafted + rest_line.billed
            )
        contract.gap = self._round(contract.to_date - sum(takes.values()), contract)
        for line in lines:
            self._work_out_state(line, contract)

    def _work_out_changes(self, contract):
        """Add up what was agreed on top of the original sum, and of what one is a part."""
        approved = [
            change
            for change in self.changes.values()
            if change.contract_id == contract.id and change.state == "approved"
        ]
        for line in contract.lines:
            line.changed = sum(c.amount for c in approved if c.line_id == line.id)
        contract.original = contract.contract_sum or sum(
            line.amount or 0.0 for line in contract.lines if line.basis == "fixed"
        )
        contract.changed = sum(change.amount for change in approved)
        contract.agreed = contract.original + sum(
            change.amount for change in approved if change.spread == "all"
        )

    def _get_own_plan(self, contract, line):
        """Return what a line plans before anything is left over."""
        if line.is_closed_now:
            return max(self._round(line.kept, contract), 0.0)
        if line.is_live_now:
            plan = max(line.live_links, key=lambda link: link.id).planned or 0.0
        elif line.basis == "percent":
            plan = contract.agreed * (line.percent or 0.0) / 100
        elif line.basis == "fixed":
            plan = line.amount or 0.0
        else:
            plan = 0.0
        if not line.is_live_now:
            plan += line.changed
        plan = self._round(plan, contract) - line.carried - line.written_off
        return max(self._round(plan, contract), 0.0)

    def _find_rest_line(self, contract):
        """Return the open line that takes the rest, if there is one."""
        balance = [line for line in contract.lines if line.basis == "balance"]
        percent = [line for line in contract.lines if line.basis == "percent"]
        missing = sum(line.percent or 0.0 for line in percent) - 100
        if balance:
            candidates = balance
        elif percent and abs(missing) <= 0.000001 * len(percent) + 1e-9:
            candidates = [
                line
                for line in percent
                if not line.amount_opening
                or self._exceeds(line.planned, line.amount_opening, line)
            ]
        else:
            return None
        candidates = [
            line
            for line in candidates
            if not line.is_live_now and not line.is_closed_now
        ]
        return candidates[-1] if candidates else None

    def _work_out_state(self, line, contract):
        used = line.drafted + line.billed
        line.open = self._round(line.planned - used, contract)
        line.to_decide = max(min(line.credited, line.open), 0.0)
        line.expected_state = self._get_state(line)

    def _get_state(self, line):
        is_open = self._exceeds(line.open, 0.0, line)
        is_billed = self._is_amount(line.billed, line)
        if line.is_closed_now and not (line.drafts or is_open or is_billed):
            return "written_off"
        if line.drafts:
            return "drafted"
        is_reached = self.milestones[line.milestone_id].is_reached
        if is_open:
            if self._is_amount(line.to_decide, line):
                return "to_decide"
            if not is_reached:
                return "upcoming"
            return "blocked" if line.check_code else "ready"
        if not (is_reached or is_billed):
            return "upcoming"
        return "billed" if self._is_amount(line.unpaid, line) else "paid"

    def is_fully_billed(self, contract):
        """Whether all of a contract that has a schedule is billed."""
        billed = sum(line.billed for line in contract.lines)
        is_left = self._exceeds(contract.to_date, billed, contract)
        return bool(contract.lines) and not is_left

    # --- arithmetic ---

    def _get_rounding(self, row):
        return self.roundings[row.currency_id]

    def _round(self, amount, row):
        unit = Decimal(str(self._get_rounding(row)))
        units = (Decimal(f"{amount:.9f}") / unit).quantize(0, ROUND_HALF_UP)
        return float(units * unit)

    def _is_amount(self, amount, row):
        return abs(amount) >= self._get_rounding(row) / 2 - 1e-9

    def _exceeds(self, amount, limit, row):
        return amount - limit >= self._get_rounding(row) / 2 - 1e-9


# -------------------------------------------------------------------------
# THE RULES
# -------------------------------------------------------------------------


def check(facts, before=None):
    """Hold what is stored against what follows from the facts.

    :param Facts facts: now
    :param Facts before: one step earlier
    :raise Broken: with the first rule that does not hold
    """
    for contract in facts.contracts.values():
        for line in contract.lines:
            _check_amounts(facts, line)
            _check_guards(facts, line)
        _check_contract(facts, contract)
        _check_numbers(contract)
    _check_documents(facts)
    for project in facts.projects.values():
        _check_project(facts, project)
    if before:
        _check_kept(facts, before)


def _compare(facts, row, label, expected, tolerance=0.0):
    for column, amount in expected.items():
        stored = row[column] or 0.0
        limit = tolerance + facts.roundings[row.currency_id] * 0.51
        if abs(stored - amount) > limit:
            raise Broken(
                f"{column} is right",
                f"{label}: stored {stored}, the ledger says {amount}",
            )
        if str(stored) == "-0.0":
            raise Broken(f"{column} is no negative zero", label)


def _check_amounts(facts, line):
    label = f"line {line.name}"
    _compare(
        facts,
        line,
        label,
        {
            "amount_drafted": line.drafted,
            "amount_billed": line.billed,
            "amount_credited": line.credited,
            "amount_carried": line.carried,
            "amount_written_off": line.written_off,
            "amount_changed": line.changed,
            "amount_planned": line.planned,
            "amount_open": line.open,
            "amount_to_decide": line.to_decide,
        },
    )
    # a family's last linked line takes the rounding, of all of them
    families = {link.family for link in line.links if link.move.state == "posted"}
    others = [link for link in facts.links.values() if link.family in families]
    _compare(
        facts,
        line,
        label,
        {
            "amount_unpaid": line.unpaid,
            "amount_settled": line.settled,
            "amount_paid": line.paid,
        },
        tolerance=facts.roundings[line.currency_id] * len(others),
    )
    if bool(line.is_live) != line.is_live_now:
        raise Broken("is_live is right", f"{label}: stored {line.is_live}")
    if line.state != line.expected_state:
        raise Broken(
            "the state of a line is right",
            f"{label}: stored {line.state}, expected {line.expected_state}",
        )
    if bool(line.is_reached) != bool(facts.milestones[line.milestone_id].is_reached):
        raise Broken("a line is reached with its milestone", label)


def _check_guards(facts, line):
    label = f"line {line.name}"
    if facts._exceeds(0.0, line.drafted, line):
        raise Broken("drafted is not negative", f"{label}: {line.drafted}")
    own = line.drafted + line.invoiced - line.credited
    if facts._exceeds(0.0, own, line):
        raise Broken("no more is credited than invoiced", f"{label}: {own}")
    if facts._exceeds(0.0, line.planned, line):
        raise Broken("planned is not negative", f"{label}: {line.planned}")


def _check_contract(facts, contract):
    label = f"contract {contract.id}"
    lines = contract.lines

    def total(column):
        return sum(line[column] for line in lines)

    used = total("drafted") + total("billed")
    if facts._exceeds(used, contract.to_date, contract):
        raise Broken(
            "no more is drafted and billed than the contract",
            f"{label}: {used} of {contract.to_date}",
        )
    ready = sum(li.open for li in lines if li.expected_state in ("ready", "blocked"))
    _compare(
        facts,
        contract,
        label,
        {
            "amount_original": contract.original,
            "amount_changes": contract.changed,
            "amount_written_off": total("written_off"),
            "amount_to_date": contract.to_date,
            "amount_drafted": total("drafted"),
            "amount_billed": total("billed"),
            "amount_ready": ready,
            "amount_to_decide": total("to_decide"),
            "amount_to_bill": contract.to_date - total("billed"),
            "amount_unscheduled": max(contract.gap, 0.0),
            "amount_over_scheduled": max(-contract.gap, 0.0),
            # of the stored ones, each compared with the ledger before
            "amount_unpaid": total("amount_unpaid"),
            "amount_settled": total("amount_settled"),
            "amount_paid": total("amount_paid"),
        },
    )
    for column in ("currency_id", "company_id"):
        if any(line[column] != contract[column] for line in lines):
            raise Broken(f"{column} of lines is the contract's", label)
    # a whole schedule adds up to the last digit
    if not facts._is_amount(contract.gap, contract):
        takes = sum(max(li.amount_planned, li.drafted + li.billed) for li in lines)
        if facts._is_amount(takes - contract.to_date, contract):
            raise Broken("the schedule adds up", f"{label}: {takes}")
    done = [line for line in lines if facts.milestones[line.milestone_id].is_reached]
    _compare_facts(
        contract,
        label,
        {
            "stage_count": len(lines),
            "stage_done_count": len(done),
            "state": _get_state(lines, facts),
            "is_fully_billed": facts.is_fully_billed(contract),
        },
    )


def _check_numbers(contract):
    label = f"contract {contract.id}"
    numbers = [line.number for line in contract.lines if line.number]
    if len(numbers) != len(set(numbers)):
        raise Broken("numbers are unique", f"{label}: {numbers}")
    if numbers and max(numbers) > (contract.last_number or 0):
        raise Broken("the last number is the highest", f"{label}: {numbers}")


def _compare_facts(row, label, expected):
    """Hold columns against what they must be, nothing being nothing."""
    for column, value in expected.items():
        if (row[column] or False) != (value or False):
            raise Broken(
                f"{column} is right", f"{label}: stored {row[column]}, expected {value}"
            )


def _get_state(lines, facts):
    """Return the status of a contract or project with these lines."""
    states = {line.expected_state for line in lines}
    state = next((state for state in RANK if state in states), None)
    if state == "upcoming" and any(facts._is_amount(li.billed, li) for li in lines):
        return "running"
    return state


def _check_documents(facts):
    linked = defaultdict(set)
    for link in facts.links.values():
        linked[link.move_id].add(facts.lines[link.line_id].contract_id)
    ordinals = defaultdict(list)
    for move in facts.moves.values():
        contracts = linked[move.id]
        label = f"document {move.name} ({move.id})"
        if len(contracts) > 1:
            raise Broken("a document bills one contract", label)
        if (move.contract_id or None) != next(iter(contracts), None):
            raise Broken("a document knows its contract", f"{label}: {contracts}")
        if contracts and move.state != "cancel":
            _check_document(move, facts.contracts[move.contract_id], label)
            keeps = move.id in facts.by_hand or (move.statement and move.ordinal)
            if move.state == "posted" and not keeps:
                raise Broken("a posted document keeps statement and ordinal", label)
        if contracts and move.ordinal:
            ordinals[move.contract_id].append(move.ordinal)
    for contract, given in ordinals.items():
        if len(given) != len(set(given)):
            raise Broken("ordinals are unique", f"contract {contract}: {given}")


def _check_document(move, contract, label):
    if move.currency_id != contract.currency_id:
        raise Broken("a document is in the contract's currency", label)
    if move.company_id != contract.company_id:
        raise Broken("a document is of the contract's company", label)


def _check_project(facts, project):
    contracts = [
        contract
        for contract in facts.contracts.values()
        if contract.project_id == project.id and contract.active
    ]
    lines = [line for contract in contracts for line in contract.lines]
    if project.is_template:
        contracts, lines = [], []
    stages = {line.milestone_id for line in lines}
    done = [stage for stage in stages if facts.milestones[stage].is_reached]
    _compare_facts(
        project,
        f"project {project.id}",
        {
            "billing_state": _get_state(lines, facts),
            "billing_stage_count": len(stages),
            "billing_stage_done_count": len(done),
            "is_fully_billed": bool(contracts)
            and all(facts.is_fully_billed(contract) for contract in contracts),
        },
    )
    upcoming = [line for line in lines if line.expected_state == "upcoming"]
    if bool(project.billing_next_milestone_id) != bool(upcoming):
        raise Broken("the next stage is an upcoming one", f"project {project.id}")
    dates = [facts.milestones[line.milestone_id].deadline for line in upcoming]
    first = min((date for date in dates if date), default=None)
    _compare_facts(
        project,
        f"project {project.id}",
        {
            "billing_next_date": first,
            "billing_share": _get_share(facts, contracts, lines),
        },
    )


def _get_share(facts, contracts, lines):
    """Return the whole percent that is billed of contracts."""
    if len({contract.currency_id for contract in contracts}) > 1:
        part = sum(line.expected_state in ("billed", "paid") for line in lines)
        whole = len(lines)
    else:
        part = sum(line.billed for line in lines)
        whole = sum(contract.to_date for contract in contracts)
    share = part / whole if abs(whole) > 1e-9 else 0.0
    return int(100 * min(max(share, 0.0), 1.0) + 1e-6)


def _check_kept(facts, before):
    """What does not change once something is drafted or billed."""
    for contract_id, contract in facts.contracts.items():
        if contract_id in before.contracts:
            _check_contract_kept(contract, before.contracts[contract_id])
    for line_id, line in facts.lines.items():
        if line_id in before.lines:
            _check_line_kept(line, before.lines[line_id])
    _check_new_decisions(facts, before)
    _check_changes(facts, before)
    _check_statements(facts, before)
    for move_id, move in facts.moves.items():
        old = before.moves.get(move_id)
        if old and old.ordinal and old.ordinal != move.ordinal:
            raise Broken("an ordinal given stays", f"document {move.name}")


def _check_contract_kept(contract, old):
    label = f"contract {contract.id}"
    if contract.project_id != old.project_id:
        raise Broken("a contract stays on its project", label)
    if not any(line.is_live_now for line in old.lines):
        return
    for column in ("currency_id", "company_id"):
        if contract[column] != old[column]:
            raise Broken(f"{column} of a billed contract stays", label)


def _check_changes(facts, before):
    """What was agreed stays as it is, and so does the sum that it was agreed on."""
    numbers = defaultdict(list)
    for change in facts.changes.values():
        old = before.changes.get(change.id)
        label = f"change order {change.name}"
        if change.number:
            numbers[change.contract_id].append(change.number)
        _check_answered(change, label)
        if not old:
            continue
        for column in _get_kept_columns(change, old):
            if old[column] != change[column]:
                raise Broken(f"{column} of a change order stays", label)
        if (old.state == "approved") != (change.state == "approved"):
            _check_billed_unmoved(facts, before.contracts[change.contract_id])
        original = before.contracts[change.contract_id].original
        now = facts.contracts[change.contract_id]
        is_agreed = old.state == change.state == "approved"
        if is_agreed and facts._is_amount(now.original - original, now):
            raise Broken("the original sum stays", label)
    for contract, given in numbers.items():
        if len(given) != len(set(given)):
            raise Broken("change orders' numbers are unique", f"contract {contract}")


def _get_kept_columns(change, old):
    """Return what of a change order is the same as before."""
    if old.state == "draft":
        return ("number",) if old.number else ()
    if old.state != "sent":
        # asked again, a draft by then, or for good
        return ("number", "amount", "name", "contract_after", "approved_on")
    return ("number", "amount", "name") if change.state == "sent" else ("number",)


def _check_answered(change, label):
    """A signature approves, a refusal declines, and nobody is asked for the rest."""
    states = {
        "asked": ("sent",),
        "accepted": ("approved", "cancelled"),
        "returned": ("declined",),
    }
    answer = change.acceptance_state
    if answer and change.state not in states[answer]:
        raise Broken("an answer fits its change order", f"{label}: {answer}")
    if change.state == "sent" and answer != "asked":
        raise Broken("who is sent a change order is asked", label)
    is_signed = answer == "accepted"
    if is_signed != bool(change.acceptance_signature and change.acceptance_signed_by):
        raise Broken("what is signed bears a signature", label)
    if change.state == "approved" and is_signed == bool(change.approved_by):
        raise Broken("one agrees: the client, or somebody here", label)


def _check_billed_unmoved(facts, contract):
    """What is agreed, or taken back, moves no stage that is invoiced."""
    for old in contract.lines:
        line = facts.lines.get(old.id)
        if old.is_live_now and facts._is_amount(line.planned - old.planned, line):
            raise Broken("a change order moves no live stage", f"line {line.name}")


def _check_statements(facts, before):
    """What a document says is what was true when it was posted."""
    nets = defaultdict(float)
    for link in facts.links.values():
        nets[link.move_id] += link.net * link.move.sign
    for move in facts.moves.values():
        old = before.moves.get(move.id)
        is_new = move.state == "posted" and (not old or old.state != "posted")
        # what was posted before it was linked says nothing of the schedule
        if not (is_new and move.contract_id and move.statement):
            continue
        contract = facts.contracts[move.contract_id]
        previously = sum(line.amount_opening or 0.0 for line in contract.lines) + sum(
            nets[other.id]
            for other in facts.moves.values()
            if other.contract_id == move.contract_id
            and other.state == "posted"
            and (other.ordinal or 0) < move.ordinal
        )
        for key, amount in (
            ("to_date", contract.to_date),
            ("previously", previously),
            ("this_document", nets[move.id]),
            ("remaining", contract.to_date - previously - nets[move.id]),
        ):
            if facts._is_amount(move.statement[key] - amount, contract):
                raise Broken(
                    f"{key} on a document is right",
                    f"{move.name}: says {move.statement[key]}, is {amount}",
                )


def _check_new_decisions(facts, before):
    """A decision that takes all that is open keeps what is drafted and billed."""
    new = defaultdict(list)
    for decision_id, decision in facts.decisions.items():
        if decision_id not in before.decisions:
            new[decision.line_id].append(decision)
    for line_id, decisions in new.items():
        line = before.lines[line_id]
        taken = sum(decision.amount for decision in decisions)
        takes_all = not facts._exceeds(line.open, taken, line)
        closing = [decision for decision in decisions if decision.is_closing]
        if bool(closing) != takes_all:
            raise Broken("a decision on all that is open closes", f"line {line.name}")
        used = line.drafted + line.billed
        if closing and facts._is_amount(closing[-1].amount_kept - used, line):
            raise Broken("a closed line keeps what it has", f"line {line.name}")


def _check_line_kept(line, old):
    if old.contract_id != line.contract_id:
        if old.is_live_now or old.decisions or old.amount_opening:
            raise Broken("a billed line stays on its contract", f"line {line.name}")
    elif old.number and line.number != old.number and line.kind == old.kind:
        raise Broken("a number given stays", f"line {line.name}")
