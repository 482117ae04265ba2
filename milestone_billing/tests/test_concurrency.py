import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError, ValidationError
from odoo.models import BaseModel
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, retrying
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import SQL, config, mute_logger

from odoo.addons.account.models.chart_template import TEMPLATE_MODELS
from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from .test_acceptance import draw_signature

PREFIX = "Concurrency test"
MAX_ROUNDS = 4
"""How often whoever lost all retries of the server tries again."""

PAUSED = "paused"
"""What a process says when it has come to where it is to be killed."""


class Act(NamedTuple):
    """A call as it comes in from a client: who calls what on which records."""

    user_id: int
    records: BaseModel
    method: str
    args: tuple

    def perform(self, env):
        return getattr(self.records.with_env(env), self.method)(*self.args)


def perform_counted(records, tries, method, args):
    """Perform an act, and note that it was tried."""
    tries.append(method)
    return getattr(records, method)(*args)


# -----------------------------------------------------------------------------
# What the process does that is killed
# -----------------------------------------------------------------------------


def pause():
    """Say that the point is reached, and wait there to be killed."""
    sys.stdout.write(f"{PAUSED}\n")
    sys.stdout.flush()
    threading.Event().wait()


def pause_before_the_tick_is_flushed(env):
    milestone_class = type(env["project.milestone"])
    return patch.object(milestone_class, "_bill_reached", lambda milestones: pause())


def pause_after_the_invoice_is_created(env):
    move_class = type(env["account.move"])
    create = move_class.create

    def create_and_pause(moves, vals_list):
        create(moves, vals_list).env.flush_all()
        pause()

    return patch.object(move_class, "create", create_and_pause)


def pause_before_the_commit(env):
    return patch.object(env.cr, "commit", pause)


def tick_until_paused(env, milestone_id, pause_at):
    """Tick in a process of its own, until the point where it is killed."""
    milestone = env["project.milestone"].browse(milestone_id)
    with pause_at(env):
        retrying(partial(milestone.write, {"is_reached": True}), env)


class ConcurrencyCommon(BaseCase):
    """Transactions that run at once, each on a connection of its own.

    They go through the retries of the server and are committed, so the data belongs
    to a company of its own that is deleted in the end.
    """

    _retry = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # the thread that runs the tests holds this lock, as in core's test mode
        cls.classPatch(Registry, "_lock", DummyRLock())
        cls.delete_data()  # of a run that was interrupted
        cls.addClassCleanup(cls.delete_data)
        with cls.environment() as env:
            cls.create_company(env)
            cls.create_people(env)

    @classmethod
    @contextmanager
    def environment(cls, user_id=SUPERUSER_ID):
        """Yield an environment of a transaction of its own, committed at the end."""
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, user_id, {})

    # -------------------------------------------------------------------------
    # DATA
    # -------------------------------------------------------------------------

    @classmethod
    def create_company(cls, env):
        cls.company = env["res.company"].create({"name": PREFIX})
        env = env(context={"allowed_company_ids": cls.company.ids})
        env["account.chart.template"].try_loading(
            "generic_coa", company=cls.company.with_env(env), install_demo=False
        )
        cls.customer = env["res.partner"].create(
            {"name": f"{PREFIX}: client", "company_id": cls.company.id}
        )
        cls.product = env["product.product"].create(
            {
                "name": f"{PREFIX}: work",
                "type": "service",
                "company_id": cls.company.id,
            }
        )

    @classmethod
    def create_people(cls, env):
        def create_user(name, groups):
            return new_test_user(
                env,
                login=f"{PREFIX}: {name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            ).id

        cls.project_user_id = create_user("user", "project.group_project_user")
        cls.manager_id = create_user("manager", "project.group_project_manager")
        cls.accountant_id = create_user("accountant", "account.group_account_invoice")

    @classmethod
    def delete_data(cls):
        """Leave the database as it was found."""
        with cls.environment() as env:
            env = env(context={"active_test": False, "tracking_disable": True})
            company = env["res.company"].search([("name", "=", PREFIX)])
            cls.delete_projects(env, company)
            cls.delete_accounting(env, company)
            cls.delete_people(env, company)
            env["product.product"].search([("company_id", "in", company.ids)]).unlink()
            if "payment.provider" in env:
                # a new company gets its own of those that are installed
                env["payment.provider"].search(
                    [("company_id", "in", company.ids)]
                ).unlink()
            partners = company.partner_id
            company.unlink()
            partners.unlink()

    @classmethod
    def delete_people(cls, env, company):
        users = env["res.users"].search([("company_id", "in", company.ids)])
        partners = users.partner_id
        users.unlink()
        partners |= env["res.partner"].search([("company_id", "in", company.ids)])
        partners.unlink()
        # whoever creates a company may work in it, and in several from then on
        company.user_ids.company_ids = [Command.unlink(id_) for id_ in company.ids]

    @classmethod
    def delete_projects(cls, env, company):
        moves = env["account.move"].search([("company_id", "in", company.ids)])
        moves.line_ids.remove_move_reconcile()
        moves.filtered(lambda move: move.state == "posted").button_draft()
        moves.with_context(force_delete=True).unlink()
        projects = env["project.project"].search([("company_id", "in", company.ids)])
        # the projects' cascade in the database would leave the messages
        projects.billing_contract_ids.line_ids.decision_ids.unlink()
        projects.billing_contract_ids.unlink()
        projects.milestone_ids.unlink()
        projects.unlink()

    @classmethod
    def delete_accounting(cls, env, company):
        """Delete what the chart of accounts brought, as core does to load another."""
        for model in reversed(TEMPLATE_MODELS):
            fname = "company_id" if "company_id" in env[model] else "company_ids"
            env[model].search([(fname, "in", company.ids)]).with_context(
                **{MODULE_UNINSTALL_FLAG: True}
            ).unlink()

    def create_schedule(self, *stages, contract_sum=10000.0, **values):
        """Create a contract, with a project of its own, that is billed in stages.

        :param stages: (basis, percent or fixed amount) of each line
        :return: its milestone lines
        """
        with self.environment() as env:
            project = env["project.project"].create(
                {
                    "name": f"{PREFIX}: project",
                    "company_id": self.company.id,
                    "user_id": self.manager_id,
                    "partner_id": self.customer.id,
                }
            )
            contract = env["milestone.billing.contract"].create(
                {
                    "project_id": project.id,
                    "contract_sum": contract_sum,
                    "product_id": self.product.id,
                    "line_ids": [
                        Command.create(
                            {
                                "name": f"Stage {number}",
                                "sequence": number,
                                "kind": "final" if basis == "balance" else "progress",
                                "basis": basis,
                                "amount" if basis == "fixed" else "percent": figure,
                            }
                        )
                        for number, (basis, figure) in enumerate(stages, start=1)
                    ],
                    **values,
                }
            )
            return contract.line_ids

    def fetch(self, records, path):
        """Return what is committed of a field, or of a path of fields."""
        with self.environment() as env:
            return records.with_env(env).mapped(path)

    def fetch_prices(self, lines):
        """Return the (id, unit price) of the invoice lines that bill these lines."""
        with self.environment() as env:
            move_lines = lines.with_env(env).move_line_ids
            return [(line.id, line.price_unit) for line in move_lines.sorted("id")]

    def fetch_invoices(self, lines):
        return self.fetch(lines, "move_line_ids.move_id")

    # -------------------------------------------------------------------------
    # ACTS
    # -------------------------------------------------------------------------

    def by_project_user(self, records, method, *args):
        return Act(self.project_user_id, records, method, args)

    def by_manager(self, records, method, *args):
        return Act(self.manager_id, records, method, args)

    def by_accountant(self, records, method, *args):
        return Act(self.accountant_id, records, method, args)

    def tick(self, lines):
        milestones = self.fetch(lines, "milestone_id")
        return self.by_project_user(milestones, "write", {"is_reached": True})

    def untick(self, lines):
        milestones = self.fetch(lines, "milestone_id")
        return self.by_project_user(milestones, "write", {"is_reached": False})

    def set_price(self, line, price):
        """Edit the price on the draft invoice of a milestone line."""
        command = Command.update(
            self.fetch(line, "move_line_ids").id, {"price_unit": price}
        )
        invoice = self.fetch_invoices(line)
        return self.by_accountant(invoice, "write", {"invoice_line_ids": [command]})

    def bill(self, lines):
        """Tick and post."""
        self.perform(self.tick(lines))
        invoices = self.fetch_invoices(lines)
        self.perform(self.by_accountant(invoices, "action_post"))
        return invoices

    def perform(self, act, meanwhile=None):
        """Perform an act as the server does.

        :param meanwhile: called when the transaction's snapshot of the database stands
        """
        with self.registry.cursor() as cr:
            env = api.Environment(cr, act.user_id, {})
            cr.execute("SELECT")  # a transaction's first query opens its snapshot
            if meanwhile:
                meanwhile()
            return retrying(partial(act.perform, env), env)

    @mute_logger("odoo.sql_db")
    def perform_overtaken(self, act, overtaking):
        """Perform an act that began before another which is committed first."""
        return self.perform(act, meanwhile=partial(self.perform, overtaking))

    @mute_logger("odoo.sql_db")
    def perform_at_once(self, *acts):
        """Perform acts that all begin before any of them is committed.

        :return: for each of them the exception that it ended with, or None
        """
        begun = threading.Barrier(len(acts), timeout=30)
        with ThreadPoolExecutor(len(acts)) as executor:
            futures = [
                executor.submit(self.perform, act, meanwhile=begun.wait) for act in acts
            ]
        return [future.exception() for future in futures]

    def assertAllSucceed(self, *acts):
        """Perform acts at once; who loses all of the server's retries tries again."""
        for _round in range(MAX_ROUNDS):
            errors = self.perform_at_once(*acts)
            for error in filter(None, errors):
                self.assertIsInstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY)
            outcomes = list(zip(acts, errors, strict=True))
            done = [act.records for act, error in outcomes if not error]
            acts = [act for act, error in outcomes if error]
            if not acts:
                return
            self.assertNothingHappened([act for act in acts if act.records not in done])
        self.fail(f"{acts} lost {MAX_ROUNDS} times all retries of the server.")

    def assertNothingHappened(self, acts):
        """Assert that ticks that raised left their milestones unreached and unbilled."""
        for act in acts:
            if act.records._name == "project.milestone":
                self.assertEqual(self.fetch(act.records, "is_reached"), [False])
                lines = self.fetch(act.records, "billing_line_ids")
                self.assertFalse(self.fetch_invoices(lines))

    # -------------------------------------------------------------------------
    # WHAT MUST HOLD
    # -------------------------------------------------------------------------

    def assertSound(self, lines):
        """Assert what holds of a schedule whatever happened at once."""
        with self.environment() as env, closing(env.cr):
            project = lines.with_env(env).project_id
            contracts = project.billing_contract_ids
            for contract in contracts:
                self.assertTotalsEqualInvoiceLines(contract)
                self.assertContractNotExceeded(contract)
            self.assertStoredAsRecomputed(project)
            self.assertStoredAsRecomputed(project.milestone_ids)
            self.assertStoredAsRecomputed(contracts)
            self.assertStoredAsRecomputed(contracts.line_ids)

    def assertTotalsEqualInvoiceLines(self, contract):
        """Compare the stored totals with a plain sum over the invoice lines."""
        rows = contract.env.execute_query(
            SQL(
                """
                SELECT line.amount_drafted,
                       line.amount_billed,
                       COALESCE(SUM(aml.price_subtotal) FILTER (
                           WHERE move.state = 'draft'
                             AND move.move_type = 'out_invoice'
                       ), 0) AS drafted,
                       COALESCE(SUM(-aml.balance) FILTER (
                           WHERE move.state = 'posted'
                       ), 0) AS billed
                  FROM milestone_billing_line line
             LEFT JOIN account_move_line aml ON aml.milestone_billing_line_id = line.id
             LEFT JOIN account_move move ON move.id = aml.move_id
                 WHERE line.contract_id = %s
              GROUP BY line.id
                """,
                contract.id,
            )
        )
        for stored_drafted, stored_billed, drafted, billed in rows:
            self.assertAlmostEqual(stored_drafted, drafted, 2)
            self.assertAlmostEqual(stored_billed, billed, 2)
        _stored_drafted, _stored_billed, drafted, billed = zip(*rows, strict=True)
        self.assertAlmostEqual(contract.amount_drafted, float(sum(drafted)), 2)
        self.assertAlmostEqual(contract.amount_billed, float(sum(billed)), 2)

    def assertContractNotExceeded(self, contract):
        used = contract.amount_drafted + contract.amount_billed
        self.assertLessEqual(round(used, 2), round(contract.amount_to_date, 2))

    def assertStoredAsRecomputed(self, records):
        """Assert that the addon's stored computes are as if computed now."""
        fields = [
            field
            for field in records._fields.values()
            if field._module == "milestone_billing"
            and (field.store and field.compute and field.readonly)
        ]
        fnames = [field.name for field in fields]
        stored = records.read(fnames, load=None)
        for field in fields:
            records.env.add_to_compute(field, records)
        self.assertEqual(records.read(fnames, load=None), stored)

    def assertEachBilledOnce(self, lines):
        """Assert that each line has one invoice line, and that they make its plan."""
        self.assertSound(lines)
        with self.environment() as env:
            for line in lines.with_env(env):
                self.assertEqual(len(line.move_line_ids), 1, line.name)
                self.assertEqual(
                    line.amount_drafted + line.amount_billed, line.amount_planned
                )


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrencyCommon):
    # -------------------------------------------------------------------------
    # TICKS
    # -------------------------------------------------------------------------

    def test_a_milestone_ticked_by_eight_at_once_is_billed_once(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.assertAllSucceed(*[self.tick(line)] * 8)
        self.assertEachBilledOnce(line)

    def test_of_eight_milestones_ticked_at_once_none_is_lost(self):
        lines = self.create_schedule(
            *[("percent", 12.345678)] * 7, ("balance", 0.0), contract_sum=9999.99
        )
        self.assertAllSucceed(*[self.tick(line) for line in lines])
        self.assertEachBilledOnce(lines)
        drafted = self.fetch(lines, "contract_id.amount_drafted")
        self.assertEqual(drafted, [9999.99])

    def test_a_tick_that_began_before_another_was_committed_bills_nothing_more(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(line), self.tick(line))
        self.assertEachBilledOnce(line)

    def test_lines_ticked_and_undone_at_once_keep_at_most_one_invoice(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(line))
        self.assertAllSucceed(*[self.untick(line), self.tick(line)] * 2)
        self.assertSound(line)
        reached = self.fetch(line, "is_reached")
        self.assertEqual(len(self.fetch_invoices(line)), int(reached[0]))

    # -------------------------------------------------------------------------
    # THE CLIENT
    # -------------------------------------------------------------------------

    def accept(self, line):
        """Ask for a milestone and return the act of signing for it."""
        milestone = self.fetch(line, "milestone_id")
        contract = self.fetch(line, "contract_id")
        with self.environment() as env:
            milestone.with_env(env).write(
                {"acceptance_state": "asked", "acceptance_contract_id": contract.id}
            )
        args = ("C. Client", draw_signature(), self.customer)
        return Act(SUPERUSER_ID, milestone, "_accept", args)

    def test_a_milestone_accepted_by_two_at_once_is_billed_once(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), allow_acceptance=True
        )
        accept = self.accept(line)
        errors = self.perform_at_once(accept, accept)
        self.assertEqual({type(error) for error in errors}, {type(None), UserError})
        self.assertEachBilledOnce(line)

    def test_a_milestone_accepted_and_ticked_at_once_is_billed_once(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), allow_acceptance=True
        )
        accept = self.accept(line)
        self.assertAllSucceed(accept, self.tick(line))
        self.assertEqual(self.fetch(accept.records, "acceptance_state"), ["accepted"])
        self.assertEachBilledOnce(line)

    # -------------------------------------------------------------------------
    # A TICK AGAINST THE ACCOUNTANT
    # -------------------------------------------------------------------------

    def test_a_tick_while_another_draft_is_edited(self):
        first, second, final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        self.perform(self.tick(first))
        self.assertAllSucceed(self.set_price(first, 2900.0), self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "amount_drafted"), [2900.0])
        self.assertEqual(self.fetch(final, "amount_planned"), [4000.0])

    def test_a_tick_while_another_draft_is_deleted(self):
        first, second, _final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        self.perform(self.tick(first))
        draft = self.fetch_invoices(first)
        self.assertAllSucceed(self.by_accountant(draft, "unlink"), self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "state"), ["ready"])

    def test_a_tick_while_another_draft_is_posted(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(lines[0]))
        post = self.by_accountant(self.fetch_invoices(lines[0]), "action_post")
        self.assertAllSucceed(post, self.tick(lines[1]))
        self.assertEachBilledOnce(lines)
        self.assertEqual(self.fetch(lines, "state"), ["billed", "drafted"])

    def test_a_tick_while_another_invoice_is_credited(self):
        first, second = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        invoice = self.bill(first)
        with self.environment(self.accountant_id) as env:
            credit_note = invoice.with_env(env)._reverse_moves()
        post = self.by_accountant(credit_note, "action_post")
        self.assertAllSucceed(post, self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "state"), ["to_decide"])
        self.assertEqual(self.fetch(first, "amount_billed"), [0.0])

    def test_a_draft_raised_during_a_tick_never_exceeds_the_contract(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        errors = self.perform_at_once(self.set_price(first, 3100.0), self.tick(final))
        self.assertIsNone(errors[1])
        self.assertIsInstance(errors[0], ValidationError | None)
        self.assertSound(first)
        self.assertEqual(len(self.fetch_invoices(final)), 1)
        drafted = self.fetch(first, "contract_id.amount_drafted")
        self.assertEqual(drafted, [10000.0])

    def test_a_raised_draft_that_a_tick_overtook_is_refused(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        with self.assertRaises(ValidationError):
            self.perform_overtaken(self.set_price(first, 3100.0), self.tick(final))
        self.assertEachBilledOnce(first | final)

    def test_a_tick_that_a_raised_draft_overtook_bills_the_smaller_rest(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        self.perform_overtaken(self.tick(final), self.set_price(first, 3100.0))
        self.assertSound(first)
        self.assertEqual(self.fetch(final, "amount_drafted"), [6900.0])

    def test_a_contract_sum_lowered_below_a_tick_that_overtook_is_refused(self):
        line, _final = self.create_schedule(("percent", 90.0), ("balance", 0.0))
        lower = self.by_manager(
            self.fetch(line, "contract_id"), "write", {"contract_sum": 8000.0}
        )
        with self.assertRaises(ValidationError):
            self.perform_overtaken(lower, self.tick(line))
        self.assertEachBilledOnce(line)

    def test_a_milestone_is_not_undone_while_its_draft_is_posted(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(line))
        post = self.by_accountant(self.fetch_invoices(line), "action_post")
        with self.assertRaises(UserError):
            self.perform_overtaken(self.untick(line), post)
        self.assertEachBilledOnce(line)

    # -------------------------------------------------------------------------
    # CREATING DRAFTS
    # -------------------------------------------------------------------------

    def test_drafts_created_by_two_at_once_are_made_once(self):
        lines = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform(self.tick(lines))
        create = self.by_accountant(lines, "action_create_draft_invoice")
        errors = self.perform_at_once(create, create)
        self.assertEqual({type(error) for error in errors}, {type(None), UserError})
        self.assertEachBilledOnce(lines)

    def test_drafts_created_while_the_milestone_is_ticked_are_made_once(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        create = self.by_accountant(lines[0], "action_create_draft_invoice")
        errors = self.perform_at_once(create, self.tick(lines[0]))
        self.assertIsInstance(errors[0], UserError)
        self.assertIsNone(errors[1])
        self.assertEachBilledOnce(lines[0])

    # -------------------------------------------------------------------------
    # A TICK AGAINST THE SCHEDULE
    # -------------------------------------------------------------------------

    def test_a_line_added_to_a_milestone_that_a_tick_overtook_is_ready(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.add_line(line), self.tick(line))
        self.assertSound(line)
        with self.environment() as env:
            lines = line.with_env(env).milestone_id.billing_line_ids
            self.assertEqual(lines.mapped("state"), ["drafted", "ready"])
            self.assertEqual(lines.mapped("number"), [1, 2])

    def test_a_tick_that_an_added_line_overtook_bills_that_line_too(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(line), self.add_line(line))
        self.assertSound(line)
        with self.environment() as env:
            lines = line.with_env(env).milestone_id.billing_line_ids
            self.assertEqual(lines.mapped("state"), ["drafted", "drafted"])
            self.assertEqual(len(lines.move_line_ids.move_id), 1)

    def test_a_tick_that_an_added_line_overtook_makes_that_line_ready_too(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(line), self.add_line(line))
        self.assertSound(line)
        states = self.fetch(line, "milestone_id.billing_line_ids.state")
        self.assertEqual(states, ["ready", "ready"])

    def test_a_line_moved_to_a_milestone_that_a_tick_overtook_is_ready(self):
        line, moved = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.move_line(moved, line), self.tick(line))
        self.assertSound(line)
        self.assertEqual(self.fetch(moved, "state"), ["ready"])

    def test_a_tick_that_a_moved_line_overtook_makes_that_line_ready_too(self):
        line, moved = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(line), self.move_line(moved, line))
        self.assertSound(line)
        self.assertEqual(self.fetch(moved, "state"), ["ready"])

    def test_the_last_two_milestones_ticked_at_once_make_the_project_ready(self):
        lines = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(lines[0]), self.tick(lines[1]))
        self.assertSound(lines)
        state = self.fetch(lines, "project_id.billing_state")
        self.assertEqual(state, ["ready"])

    def move_line(self, line, other):
        """Move a line to the milestone of another."""
        vals = {"milestone_id": self.fetch(other, "milestone_id").id}
        return self.by_manager(line, "write", vals)

    def add_line(self, line, contract=None):
        """Add a line to the milestone of ``line``, of its contract or of another."""
        vals = {
            "name": "Extra",
            "percent": 10.0,
            "milestone_id": self.fetch(line, "milestone_id").id,
            "contract_id": (contract or self.fetch(line, "contract_id")).id,
        }
        return self.by_manager(line.browse(), "create", [vals])

    # -------------------------------------------------------------------------
    # A TICK AGAINST ANOTHER CONTRACT
    # -------------------------------------------------------------------------

    def create_other_contract(self, line):
        """Create a second contract on the project of ``line``, without lines."""
        with self.environment() as env:
            return env["milestone.billing.contract"].create(
                {
                    "project_id": line.with_env(env).project_id.id,
                    "reference": "Other",
                    "contract_sum": 5000.0,
                    "product_id": self.product.id,
                }
            )

    def assertNoneIsForgotten(self, milestone, states):
        """Assert that no line of a reached milestone waits for a tick to come."""
        self.assertEqual(self.fetch(milestone, "is_reached"), [True])
        lines = self.fetch(milestone, "billing_line_ids")
        self.assertSound(lines)
        self.assertEqual(sorted(self.fetch(lines, "state")), states)
        for line in lines:
            drafts = self.fetch_invoices(line)
            is_drafted = self.fetch(line, "state") == ["drafted"]
            self.assertEqual(len(drafts), int(is_drafted))

    def test_a_first_line_of_another_contract_that_a_tick_overtook_is_ready(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform_overtaken(self.add_line(line, other), self.tick(line))
        milestone = self.fetch(line, "milestone_id")
        self.assertNoneIsForgotten(milestone, ["drafted", "ready"])

    def test_a_tick_that_another_contracts_first_line_overtook_bills_both(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform_overtaken(self.tick(line), self.add_line(line, other))
        milestone = self.fetch(line, "milestone_id")
        self.assertNoneIsForgotten(milestone, ["drafted", "drafted"])
        invoices = self.fetch(milestone, "billing_line_ids.move_line_ids.move_id")
        self.assertEqual(len(invoices), 2)

    def test_a_first_line_of_another_contract_made_during_a_tick_is_never_forgotten(
        self,
    ):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.assertAllSucceed(self.tick(line), self.add_line(line, other))
        milestone = self.fetch(line, "milestone_id")
        [state] = self.fetch(other, "line_ids.state")
        self.assertIn(state, ("drafted", "ready"))
        self.assertNoneIsForgotten(milestone, ["drafted", state])

    def create_bare_milestone(self, line):
        """Create a milestone that no line bills yet, in the project of ``line``."""
        with self.environment() as env:
            return env["project.milestone"].create(
                {"name": "Bare", "project_id": line.with_env(env).project_id.id}
            )

    def get_acts_on_a_bare_milestone(self):
        """Return a milestone without lines, its tick, and the act of adding a line."""
        [line] = self.create_schedule(("percent", 30.0))
        milestone = self.create_bare_milestone(line)
        vals = {
            "name": "First",
            "percent": 10.0,
            "milestone_id": milestone.id,
            "contract_id": self.fetch(line, "contract_id").id,
        }
        return (
            milestone,
            self.by_project_user(milestone, "write", {"is_reached": True}),
            self.by_manager(line.browse(), "create", [vals]),
        )

    def test_a_first_line_at_all_that_a_tick_overtook_is_ready(self):
        milestone, tick, add_line = self.get_acts_on_a_bare_milestone()
        self.perform_overtaken(add_line, tick)
        self.assertNoneIsForgotten(milestone, ["ready"])

    def test_a_tick_that_the_first_line_at_all_overtook_bills_it(self):
        milestone, tick, add_line = self.get_acts_on_a_bare_milestone()
        self.perform_overtaken(tick, add_line)
        self.assertNoneIsForgotten(milestone, ["drafted"])

    def test_a_milestone_of_two_contracts_ticked_by_four_at_once_is_billed_once(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform(self.add_line(line, other))
        self.assertAllSucceed(*[self.tick(line)] * 4)
        lines = self.fetch(line, "milestone_id.billing_line_ids")
        self.assertEqual(len(lines), 2)
        self.assertEachBilledOnce(lines)

    # -------------------------------------------------------------------------
    # DECISIONS
    # -------------------------------------------------------------------------

    def carry(self, line):
        return self.by_accountant(line, "_give_up_open", "carry", "Agreed")

    def test_a_carried_stage_is_drafted_with_the_balance_that_it_overtook(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(final), self.carry(stage))
        self.assertEachBilledOnce(final)
        self.assertEqual(self.fetch(final, "amount_drafted"), [10000.0])
        self.assertEqual(self.fetch(stage, "amount_carried"), [3000.0])

    def test_a_stage_is_not_carried_to_a_balance_that_was_just_drafted(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        with self.assertRaises(ValidationError):
            self.perform_overtaken(self.carry(stage), self.tick(final))
        self.assertEachBilledOnce(final)
        self.assertEqual(self.fetch(final, "amount_drafted"), [7000.0])
        self.assertEqual(self.fetch(stage, "amount_carried"), [0.0])

    def test_a_stage_carried_while_the_balance_is_ticked_is_billed_once(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        errors = self.perform_at_once(self.carry(stage), self.tick(final))
        self.assertIsNone(errors[1])
        self.assertIsInstance(errors[0], ValidationError | None)
        self.assertEachBilledOnce(final)
        carried = self.fetch(stage, "amount_carried")[0]
        self.assertEqual(self.fetch(final, "amount_drafted"), [7000.0 + carried])
        self.assertEqual(carried, 0.0 if errors[0] else 3000.0)

    # -------------------------------------------------------------------------
    # EDITS
    # -------------------------------------------------------------------------

    def shift(self, lines, net):
        """Move a net amount between two lines of one draft: its total stays."""
        commands = [
            Command.update(id_, {"price_unit": price + delta})
            for (id_, price), delta in zip(
                self.fetch_prices(lines), (-net, net), strict=True
            )
        ]
        [invoice] = self.fetch_invoices(lines)
        return self.by_accountant(invoice, "write", {"invoice_line_ids": commands})

    def create_drafts_of_two(self):
        """Return the lines of two drafts of one contract, two lines in each."""
        lines = self.create_schedule(
            *[("percent", 20.0)] * 4, ("balance", 0.0), automation="manual"
        )
        for pair in (lines[:2], lines[2:4]):
            vals = {"milestone_id": self.fetch(pair[0], "milestone_id").id}
            self.perform(self.by_manager(pair[1], "write", vals))
            self.perform(self.tick(pair[0]))
            self.perform(self.by_accountant(pair, "action_create_draft_invoice"))
        return lines

    def test_edits_of_two_drafts_that_leave_the_totals_equal(self):
        lines = self.create_drafts_of_two()
        first, second, final = lines[:2], lines[2:4], lines[4]
        for net in (500.0, -1000.0):
            self.assertAllSucceed(self.shift(first, 500.0), self.shift(second, net))
            self.assertSound(lines)
        self.assertEqual(
            self.fetch(lines[:4], "amount_drafted"), [1000.0, 3000.0, 2500.0, 1500.0]
        )
        self.assertEqual(self.fetch(final, "contract_id.amount_drafted"), [8000.0])
        # the stages drafted above their plan take that from the balance
        self.assertEqual(self.fetch(final, "amount_planned"), [500.0])

    def test_an_edit_that_another_overtook_is_tried_again_though_no_total_changed(self):
        lines = self.create_drafts_of_two()
        tries = []
        act = self.shift(lines[:2], 500.0)
        overtaken = act._replace(
            method="_perform_counted", args=(tries, act.method, act.args)
        )
        model = self.registry["account.move"]
        with patch.object(model, "_perform_counted", perform_counted, create=True):
            self.perform_overtaken(overtaken, self.shift(lines[2:4], 500.0))
        self.assertEqual(len(tries), 2)
        self.assertSound(lines)

    # -------------------------------------------------------------------------
    # WHAT MAKES TWO ACTS CONFLICT
    # -------------------------------------------------------------------------

    def fetch_version(self, records):
        """Return what changes of a row each time that a transaction writes it."""
        with self.environment() as env:
            rows = env.execute_query(
                SQL(
                    "SELECT xmin::text FROM %s WHERE id IN %s ORDER BY id",
                    SQL.identifier(records._table),
                    tuple(records.ids),
                )
            )
        return [version for [version] in rows]

    def assertWrites(self, act, *others):
        """Perform an act that writes the rows of these records."""
        before = [self.fetch_version(records) for records in others]
        self.perform(act)
        for records, versions in zip(others, before, strict=True):
            for old, new in zip(versions, self.fetch_version(records), strict=True):
                self.assertNotEqual(old, new, f"{act} does not write {records}")

    def test_every_act_on_a_contract_writes_its_row(self):
        line, second, _final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        contract = self.fetch(line, "contract_id")
        milestone = self.fetch(line, "milestone_id")

        def by_accountant(records, method, *args):
            self.assertWrites(self.by_accountant(records, method, *args), contract)

        self.assertWrites(self.tick(line), contract, milestone)
        self.assertWrites(self.untick(line), contract, milestone)
        self.assertWrites(self.tick(line), contract, milestone)
        self.assertWrites(self.set_price(line, 2900.0), contract)
        invoice = self.fetch_invoices(line)
        by_accountant(invoice, "action_post")
        by_accountant(invoice, "button_draft")
        by_accountant(invoice, "button_cancel")
        by_accountant(line, "action_create_draft_invoice")
        draft = self.fetch_invoices(line) - invoice
        by_accountant(draft, "action_post")
        with self.environment(self.accountant_id) as env:
            credit_note = draft.with_env(env)._reverse_moves()
        by_accountant(credit_note, "action_post")
        by_accountant(credit_note, "button_draft")
        by_accountant(credit_note, "unlink")
        self.assertWrites(self.carry(second), contract)
        decision = self.fetch(second, "decision_ids")
        by_accountant(decision, "action_undo")

    def test_every_change_of_a_schedule_writes_its_rows(self):
        line, other, final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        contract = self.fetch(line, "contract_id")
        milestone = self.fetch(line, "milestone_id")
        self.assertWrites(self.add_line(line), contract, milestone)
        added = self.fetch(milestone, "billing_line_ids") - line
        vals = {"milestone_id": self.fetch(other, "milestone_id").id}
        self.assertWrites(
            self.by_manager(added, "write", vals),
            contract,
            milestone,
            self.fetch(other, "milestone_id"),
        )
        self.assertWrites(
            self.by_manager(added, "unlink"),
            contract,
            self.fetch(other, "milestone_id"),
        )
        for records, vals in (
            (line, {"percent": 31.0}),
            (line, {"basis": "fixed", "amount": 3100.0}),
            (final, {"basis": "percent", "percent": 0.0}),
            (contract, {"contract_sum": 10001.0}),
        ):
            with self.subTest(vals):
                self.assertWrites(self.by_manager(records, "write", vals), contract)

    # -------------------------------------------------------------------------
    # A PROCESS THAT IS KILLED
    # -------------------------------------------------------------------------

    def test_killed_before_the_tick_is_flushed_leaves_nothing(self):
        self.check_killed(pause_before_the_tick_is_flushed)

    def test_killed_after_the_invoice_is_created_leaves_nothing(self):
        self.check_killed(pause_after_the_invoice_is_created)

    def test_killed_before_the_commit_leaves_nothing(self):
        self.check_killed(pause_before_the_commit)

    def check_killed(self, pause_at):
        """Kill a ticking process at a point, then tick as usual."""
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        tick = self.tick(line)
        self.run_and_kill(
            "from odoo.addons.milestone_billing.tests import test_concurrency as test\n"
            f"test.tick_until_paused(env, {tick.records.id}, test.{pause_at.__name__})"
        )
        self.assertNothingHappened([tick])
        self.assertAllSucceed(tick)
        self.assertEachBilledOnce(line)

    def run_and_kill(self, code):
        """Run code in an Odoo process of its own and kill it once it pauses."""
        with subprocess.Popen(
            self.get_shell_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            process.stdin.write(code)
            process.stdin.close()
            output = process.stdout.readline()
            process.kill()
        self.assertEqual(output.strip(), PAUSED)
        self.assertEqual(process.returncode, -signal.SIGKILL)

    def get_shell_command(self):
        """Return the command of an Odoo shell on this database."""
        options = {
            "--database": self.registry.db_name,
            "--addons-path": config.format("addons_path", config["addons_path"]),
            "--data-dir": config["data_dir"],
            "--db_host": config["db_host"],
            "--db_port": config["db_port"],
            "--db_user": config["db_user"],
            "--db_password": config["db_password"],
        }
        return [
            *(sys.executable, "-m", "odoo", "shell", "--no-http", "--log-level=error"),
            *(f"{option}={value}" for option, value in options.items() if value),
        ]
