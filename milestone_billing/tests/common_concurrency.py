import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache, partial
from typing import NamedTuple
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api
from odoo.models import BaseModel
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, retrying
from odoo.sql_db import close_all
from odoo.tests import BaseCase, get_db_name, new_test_user
from odoo.tools import SQL, config, mute_logger

from odoo.addons.account.models.chart_template import TEMPLATE_MODELS
from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

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


def say(text):
    """Tell it to the process that runs the tests."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def pause():
    """Say that the point is reached, and wait there to be killed."""
    say(f"{PAUSED} {os.getpid()}")
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


def tick_in_children(env, orders):
    """Tick in a child of this process for each order; say which signal killed it.

    So the registry is loaded once.
    """
    env.cr.close()
    close_all()  # a child inherits no connection
    with os.fdopen(orders) as lines:
        for line in lines:
            milestone_id, pause_at = line.split()
            child = os.fork()
            if not child:
                try:
                    with env.registry.cursor() as cr:
                        tick_until_paused(
                            api.Environment(cr, SUPERUSER_ID, {}),
                            int(milestone_id),
                            globals()[pause_at],
                        )
                finally:
                    os._exit(1)  # it was to be killed
            _pid, status = os.waitpid(child, 0)
            say(os.WTERMSIG(status))


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
        boss_groups = (
            "milestone_billing.group_milestone_billing_manager,"
            "account.group_account_invoice"
        )
        cls.boss_ids = [create_user(name, boss_groups) for name in ("boss", "partner")]
        client_id = create_user("client", "base.group_portal")
        cls.contact = env["res.users"].browse(client_id).partner_id
        cls.contact.write({"parent_id": cls.customer.id, "email": "c@example.com"})

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
        # what was numbered stays for everybody else
        projects.billing_contract_ids.change_ids.with_context(
            **{MODULE_UNINSTALL_FLAG: True}
        ).unlink()
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

    # -------------------------------------------------------------------------
    # A PROCESS THAT IS KILLED
    # -------------------------------------------------------------------------

    def tick_and_kill(self, milestone, pause_at):
        """Tick in a process of its own and kill it once it pauses."""
        process, orders = self.get_ticker()
        orders.write(f"{milestone.id} {pause_at.__name__}\n")
        orders.flush()
        said, pid = process.stdout.readline().split()
        os.kill(int(pid), signal.SIGKILL)
        self.assertEqual(said, PAUSED)
        self.assertEqual(int(process.stdout.readline()), signal.SIGKILL)

    @classmethod
    @cache
    def get_ticker(cls):
        """Return an Odoo whose children tick, and the file that takes the orders."""
        reader, writer = os.pipe()
        process = subprocess.Popen(
            cls.get_shell_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=[reader],
        )
        os.close(reader)
        orders = os.fdopen(writer, "w")
        for close in (process.wait, process.kill, process.stdout.close, orders.close):
            cls.addClassCleanup(close)
        process.stdin.write(
            "from odoo.addons.milestone_billing.tests import common_concurrency\n"
            f"common_concurrency.tick_in_children(env, {reader})"
        )
        process.stdin.close()
        return process, orders

    @classmethod
    def get_shell_command(cls):
        """Return the command of an Odoo shell on this database."""
        options = {
            "--database": cls.registry.db_name,
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
