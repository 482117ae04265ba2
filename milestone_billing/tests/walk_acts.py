"""The acts of a random walk: what people do to projects, contracts and schedules."""

from collections import Counter
from random import Random

from odoo.fields import Command

from .walk_oracle import Broken

ACTS = {}


def act(weight):
    """Make a method an act; ``weight`` says how often it is taken."""

    def register(method):
        ACTS[method.__name__] = (method, weight)
        return method

    return register


class Skipped(Exception):
    """There is nothing that the act could be done to."""


class Acts:
    """What a walk can do; each act chooses by ``rng`` alone."""

    # --- choosing ---

    def _pick(self, rng, records, key=None):
        """Choose a record by name: others that come or go do not change the choice."""
        salt = rng.random()
        if not records:
            raise Skipped
        key = key or (lambda record: record.display_name)
        return min(records, key=lambda record: Random(f"{salt}{key(record)}").random())

    def _some(self, rng, records, key, most=3):
        """Choose one or a few records by name."""
        count = min(rng.choice([1, 1, 1, 2, most]), most, len(records))
        chosen = records.browse()
        for _index in range(count):
            chosen |= self._pick(rng, records - chosen, key)
        if not chosen:
            raise Skipped
        return chosen

    def _pick_lines(self, rng, *states, most=1):
        domain = [("state", "in", states)] if states else []
        lines = self.env["milestone.billing.line"].search(domain)
        return self._some(rng, lines, lambda line: line.name, most)

    def _pick_contract(self, rng):
        contracts = self.env["milestone.billing.contract"].search([])
        return self._pick(rng, contracts, lambda contract: contract.reference)

    def _pick_moves(
        self, rng, states, types=("out_invoice", "out_refund"), most=1, where=None
    ):
        self.env.cr.execute(
            "SELECT move_id FROM account_move_line"
            " WHERE milestone_billing_line_id IS NOT NULL ORDER BY move_id"
        )
        moves = self.env["account.move"].browse(
            dict.fromkeys(move_id for (move_id,) in self.env.cr.fetchall())
        )
        names, counts = {}, Counter()
        for move in moves:
            lines = move.line_ids.milestone_billing_line_id.mapped("name")
            name = f"{move.move_type} of {'+'.join(sorted(lines))}"
            counts[name] += 1
            names[move] = f"{name} no. {counts[name]}"
        self.names = names
        moves = moves.filtered(lambda m: m.state in states and m.move_type in types)
        if where:
            moves = moves.filtered(where)
        return self._some(rng, moves, names.get, most)

    def _name(self, moves):
        return ", ".join(
            f"{self.names.get(move, move.name)} ({move.state} {move.amount_untaxed:g})"
            for move in moves
        )

    def _amount(self, rng, amount):
        """Return an amount near another, half of it, none, or a random one."""
        factor = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0, 1.0, 1.1, 2.0, rng.random()])
        return round(abs(amount) * factor, 3)

    def _note_edited(self, lines):
        """Remember what may be billed beyond its plan from now on."""
        self.edited.update(lines.ids)

    def _as(self, user, records):
        """Return records as a user gets them, in the company they belong to."""
        company = records.company_id[:1] if "company_id" in records._fields else False
        company = company or self.env.company
        companies = company | user.company_ids
        return records.with_user(user).with_context(allowed_company_ids=companies.ids)

    # -------------------------------------------------------------------------
    # ACTS: the project
    # -------------------------------------------------------------------------

    @act(12)
    def tick(self, rng):
        milestones = self.env["project.milestone"].search(
            [("is_reached", "=", False), ("billing_line_ids", "!=", False)]
        )
        milestones = self._some(rng, milestones, lambda m: m.name)
        self._say(milestones.mapped("name"))
        lines = milestones.billing_line_ids
        waiting = lines.filtered(lambda li: li.state == "upcoming" and li.amount_open)
        known = lines.move_line_ids.move_id
        self._as(self.case.project_user, milestones).write({"is_reached": True})
        self._flush()
        self.env.invalidate_all()
        self._check_ticked(waiting, lines.move_line_ids.move_id - known)

    def _check_ticked(self, waiting, moves):
        """What waited is drafted, once, or says why it is not."""
        for line in waiting:
            self._check_drafted_or_blocked(line)
        keys = Counter()
        for move in moves:
            linked = move.line_ids.milestone_billing_line_id
            keys[linked.contract_id, linked.milestone_id] += 1
            if len(linked.milestone_id) != 1 or len(linked.contract_id) != 1:
                raise Broken(
                    "a tick makes an invoice a milestone", linked.mapped("name")
                )
            for move_line in move.invoice_line_ids:
                line = move_line.milestone_billing_line_id
                if line.currency_id.compare_amounts(
                    move_line.price_subtotal, line.amount_drafted
                ):
                    raise Broken("a draft's net is what was open", line.name)
            if move.create_uid != self.env.ref("base.user_root"):
                raise Broken("the system makes the draft", move.create_uid.name)
        if any(count > 1 for count in keys.values()):
            raise Broken("a tick makes one invoice", keys)

    def _check_drafted_or_blocked(self, line):
        contract = line.contract_id
        project = contract.project_id
        if (
            contract.automation != "manual"
            and contract.active
            and project.active
            and not project.is_template
        ):
            expected = {"drafted", "blocked"}
        else:
            expected = {"ready", "blocked"}
        if line.state not in expected:
            raise Broken(
                "a tick drafts or says why not",
                f"{line.name} is {line.state}, open {line.amount_open}",
            )
        if line.state == "blocked" and not line.blocking_reason:
            raise Broken("what is blocked says why", line.name)

    @act(4)
    def untick(self, rng):
        milestones = self.env["project.milestone"].search(
            [("is_reached", "=", True), ("billing_line_ids", "!=", False)]
        )
        milestones = self._some(rng, milestones, lambda m: m.name)
        self._say(milestones.mapped("name"))
        self._as(self.case.project_user, milestones).write({"is_reached": False})

    @act(1)
    def move_milestone(self, rng):
        lines = self._pick_lines(rng)
        project = self._pick(rng, self.projects.exists())
        milestone = lines.milestone_id
        self._say(milestone.name, "to", project.name)
        self._as(self.case.project_user, milestone).project_id = project

    @act(0.4)
    def delete_milestone(self, rng):
        milestone = self._pick_lines(rng).milestone_id
        self._say(milestone.name)
        self._as(self.case.manager, milestone).unlink()

    @act(0.4)
    def copy_project(self, rng):
        if len(self.projects) > 4:
            raise Skipped
        project = self._pick(rng, self.projects.exists())
        self._say(project.name)
        copy = self._as(self.case.project_admin, project).copy()
        self.projects |= copy.with_env(self.env)
        for index, contract in enumerate(copy.sudo().billing_contract_ids):
            reference = f"{copy.name}/{index}"
            contract.reference = reference
            for position, line in enumerate(contract.line_ids.sorted()):
                line.name = f"{reference}/{position}"

    @act(0.3)
    def delete_project(self, rng):
        project = self._pick(rng, self.projects.exists())
        if len(self.projects.exists()) < 2:
            raise Skipped
        self._say(project.name)
        self._as(self.case.project_admin, project).unlink()

    @act(1)
    def change_project(self, rng):
        project = self._pick(rng, self.projects.exists())
        values = rng.choice(
            [
                {"partner_id": rng.choice([*self.customers.ids, False])},
                {"company_id": rng.choice([*self.case.companies.ids, False])},
                {"account_id": rng.choice([self.case.analytic.id, False])},
                {"active": not project.active},
                {"is_template": not project.is_template},
                {"allow_milestones": not project.allow_milestones},
                {"user_id": rng.choice([self.case.project_admin.id, False])},
            ]
        )
        self._say(project.name, values)
        self._as(self.case.project_admin, project).write(values)

    @act(0.7)
    def change_customer(self, rng):
        customer = self._pick(rng, self.customers)
        values = rng.choice(
            [
                {"company_id": rng.choice([*self.case.companies.ids, False])},
                {"active": not customer.active},
                {"parent_id": rng.choice([self.case.customer.id, False])},
                {"country_id": self.env.ref("base.de").id},
                {"lang": "en_US"},
            ]
        )
        self._say(customer.name, values)
        customer.write(values)

    # -------------------------------------------------------------------------
    # ACTS: the contract and its schedule
    # -------------------------------------------------------------------------

    @act(1.5)
    def change_sum(self, rng):
        contract = self._pick_contract(rng)
        used = contract.amount_drafted + contract.amount_billed
        contract_sum = rng.choice(
            [self._amount(rng, contract.contract_sum or 1000.0), used, 0.0]
        )
        self._say(contract.reference, contract.contract_sum, "→", contract_sum)
        self._as(self.case.manager, contract).contract_sum = contract_sum

    @act(1)
    def change_contract(self, rng):
        contract = self._pick_contract(rng)
        values = rng.choice(
            [
                {"currency_id": rng.choice(self.case.currencies).id},
                {"company_id": rng.choice(self.case.companies).id},
                {"active": not contract.active},
                {"allow_acceptance": not contract.allow_acceptance},
                {"date": "2026-01-31"},
            ]
        )
        self._say(contract.reference, values)
        self._as(self.case.manager, contract).write(values)

    @act(1)
    def change_contract_as_accountant(self, rng):
        contract = self._pick_contract(rng)
        values = rng.choice(
            [
                {"partner_id": rng.choice(self.customers).id},
                {"automation": rng.choice(["manual", "draft", "draft", "post"])},
                {"product_id": rng.choice([self.product.id, False])},
                {"journal_id": rng.choice([self.journal.id, False])},
                {"payment_term_id": rng.choice([self.case.discount_term.id, False])},
                {"user_id": rng.choice([self.case.accountant.id, False])},
            ]
        )
        self._say(contract.reference, values)
        self._as(self.case.accountant, contract).write(values)

    @act(1)
    def check_again(self, rng):
        contract = self._pick_contract(rng)
        self._say(contract.reference)
        self._as(self.case.accountant, contract).action_check_again()

    @act(0.1)
    def delete_contract(self, rng):
        contract = self._pick_contract(rng)
        self._say(contract.reference)
        self._as(self.case.manager, contract).unlink()

    @act(2)
    def change_line(self, rng):
        line = self._pick_lines(rng)
        values = rng.choice(
            [
                {"percent": rng.choice([0, 10, 20, 25, 33.333333, 50, 100])},
                {"amount": self._amount(rng, line.amount or line.amount_planned)},
                {"basis": rng.choice(["percent", "fixed", "balance"])},
                {"basis": "fixed", "amount": self._amount(rng, line.amount_planned)},
                {"kind": rng.choice(["deposit", "progress", "final"])},
                {"sequence": rng.randrange(10)},
                {"tax_ids": [Command.set(rng.choice(self.case.tax_sets).ids)]},
                {"product_id": rng.choice([self.product.id, False])},
                {"deadline": rng.choice(["2026-01-31", "2027-01-31", False])},
            ]
        )
        self._say(line.name, values)
        self._as(self.case.manager, line).write(values)

    @act(1.5)
    def change_shares(self, rng):
        """Move a part of the contract from one line to another, at once."""
        contract = self._pick_contract(rng)
        lines = contract.line_ids.filtered(lambda line: line.basis == "percent")
        line = self._pick(rng, lines, lambda line: line.name)
        other = self._pick(rng, lines - line, lambda line: line.name)
        part = rng.choice([1, 5, line.percent, line.percent / 2])
        self._say(part, "% of", line.name, "to", other.name)
        self._as(self.case.manager, contract).line_ids = [
            Command.update(line.id, {"percent": line.percent - part}),
            Command.update(other.id, {"percent": other.percent + part}),
        ]

    @act(1)
    def add_line(self, rng):
        contract = self._pick_contract(rng)
        if len(contract.line_ids) > 9:
            raise Skipped
        basis = rng.choice(["percent", "fixed", "balance"])
        name = f"{contract.reference}n{rng.randrange(10**4)}"
        values = {
            "contract_id": contract.id,
            "name": name,
            "kind": rng.choice(["deposit", "progress", "final"]),
            "basis": basis,
            "percent": rng.choice([0, 5, 25]),
            "amount": self._amount(rng, max(contract.amount_unscheduled, 100.0)),
            "sequence": rng.randrange(10),
        }
        if rng.random() < 0.6:
            milestone = self._pick(
                rng, contract.project_id.milestone_ids, lambda m: m.name
            )
            values["milestone_id"] = milestone.id
        self._say(values)
        self._as(self.case.manager, contract.line_ids.browse()).create(values)

    @act(0.5)
    def add_contract(self, rng):
        """Give a project a second contract, with a line on a milestone it has."""
        project = self._pick(rng, self.projects.exists())
        if len(project.billing_contract_ids) > 2 or not project.milestone_ids:
            raise Skipped
        milestone = self._pick(rng, project.milestone_ids, lambda m: m.name)
        reference = f"S{rng.randrange(10**4)}"
        self._say(reference, "on", project.name, milestone.name)
        self._as(self.case.manager, project.billing_contract_ids.browse()).create(
            {
                "project_id": project.id,
                "reference": reference,
                "partner_id": rng.choice(self.customers).id,
                "currency_id": rng.choice(self.case.currencies).id,
                "contract_sum": rng.choice([0.0, 500.0]),
                "product_id": self.product.id,
                "line_ids": [
                    Command.create(
                        {
                            "name": f"{reference}a",
                            "milestone_id": milestone.id,
                            "basis": "fixed",
                            "amount": 300.0,
                        }
                    ),
                    Command.create({"name": f"{reference}b", "basis": "balance"}),
                ],
            }
        )

    @act(0.6)
    def delete_line(self, rng):
        line = self._pick_lines(rng)
        self._say(line.name)
        self._as(self.case.manager, line).unlink()

    @act(1)
    def move_line(self, rng):
        line = self._pick_lines(rng)
        contracts = self.env["milestone.billing.contract"].search([])
        milestones = self.env["project.milestone"].search([])
        if rng.random() < 0.8:
            contracts &= line.project_id.billing_contract_ids
            milestones &= line.project_id.milestone_ids
        contract = self._pick(rng, contracts, lambda c: c.reference)
        milestone = self._pick(rng, milestones, lambda m: m.name)
        values = rng.choice(
            [
                {"contract_id": contract.id},
                {"milestone_id": milestone.id},
                {"contract_id": contract.id, "milestone_id": milestone.id},
            ]
        )
        self._say(line.name, "to", contract.reference, milestone.name, list(values))
        self._as(self.case.manager, line).write(values)

    @act(1)
    def open(self, rng):
        line = self._pick_lines(rng)
        self._note_edited(line)
        amount = self._amount(rng, rng.choice([line.amount_planned, 0.0]))
        self._say(line.name, amount)
        self._as(self.case.accountant, line).amount_opening = amount

    @act(3)
    def bill_part(self, rng):
        line = self._pick_lines(rng)
        amount = self._amount(rng, line.amount_open)
        self._say(line.name, amount)
        self._as(self.case.accountant, line)._bill_part(amount)

    @act(4)
    def decide(self, rng):
        lines = self._pick_lines(
            rng, "upcoming", "ready", "to_decide", "blocked", "drafted", most=2
        )
        kind = rng.choice(["carry", "write_off"])
        self._say(kind, lines.mapped("name"), lines.mapped("amount_open"))
        wizard = self._as(self.case.accountant, self.env["milestone.billing.decide"])
        wizard.create(
            {"line_ids": [Command.set(lines.ids)], "kind": kind, "reason": "Agreed"}
        ).action_confirm()

    @act(1)
    def decide_by_request(self, rng):
        line = self._pick_lines(rng)
        amount = self._amount(rng, line.amount_open)
        kind = rng.choice(["carry", "write_off"])
        self._say(kind, amount, "of", line.name, line.amount_open)
        self._as(self.case.accountant, line.decision_ids.browse()).create(
            {"line_id": line.id, "kind": kind, "amount": amount, "reason": "Agreed"}
        )

    @act(3)
    def undo(self, rng):
        lines = self.env["milestone.billing.line"].search(
            [("decision_ids", "!=", False)]
        )
        line = self._pick(rng, lines, lambda li: li.name)
        decision = rng.choice(line.decision_ids)
        self._say(decision.kind, decision.amount, "of", line.name)
        self._as(self.case.accountant, decision).action_undo()

    @act(1)
    def archive(self, rng):
        records = [
            self.product,
            self.journal,
            *self.taxes,
            *self.product.with_context(active_test=False).taxes_id,
            *self.case.currencies[-2:],
        ]
        archived = [record for record in records if not record.active]
        record = rng.choice(archived if archived and rng.random() < 0.7 else records)
        self._say(record._name, record.display_name, not record.active)
        record.active = not record.active
