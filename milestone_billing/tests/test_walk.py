import logging
import os
import time
from random import Random

from odoo.fields import Command
from odoo.tests import new_test_user

from . import walk
from .common import MilestoneBillingCommon
from .walk_oracle import Broken, Facts, check

_logger = logging.getLogger(__name__)


class TestWalk(MilestoneBillingCommon):
    """Whatever is done in whatever order, the books and the schedule agree."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.setup_other_company(name="Sister Company")
        cls.companies = cls.company | other["company"]
        cls.contract.reference = "W"
        cls.manager = new_test_user(
            cls.env,
            login="billing_manager",
            groups="project.group_project_user,"
            "milestone_billing.group_milestone_billing_manager",
        )
        cls.boss = new_test_user(
            cls.env,
            login="boss",
            groups="account.group_account_invoice,"
            "milestone_billing.group_milestone_billing_manager",
        )
        users = cls.project_user | cls.project_admin | cls.accountant | cls.manager
        users |= cls.boss
        users.company_ids |= cls.companies
        cls.currencies = cls.company.currency_id.union(
            cls.setup_other_currency("EUR"),
            cls.setup_other_currency("JPY", rounding=1.0),
            cls.setup_other_currency("KWD", rounding=0.001),
        )
        cls.tax_sets = cls._create_taxes()
        terms = cls.env["account.payment.term"].create(
            [
                {
                    "name": "2 % within 10 days",
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 10,
                },
                {
                    "name": "In two parts",
                    "line_ids": [
                        Command.create({"value": "percent", "value_amount": 30}),
                        Command.create(
                            {"value": "percent", "value_amount": 70, "nb_days": 30}
                        ),
                    ],
                },
            ]
        )
        cls.discount_term, cls.part_term = terms
        cls.analytic = cls.env["account.analytic.account"].create(
            {
                "name": "Projects",
                "plan_id": cls.env["account.analytic.plan"].create({"name": "Walk"}).id,
            }
        )

    @classmethod
    def _create_taxes(cls):
        """Return sets of taxes: excluded, included, several, of a fixed amount, none."""
        excluded, included, second, fixed = cls.env["account.tax"].create(
            [
                {"name": "20 %", "amount": 20},
                {
                    "name": "19 % included",
                    "amount": 19,
                    "price_include_override": "tax_included",
                },
                {"name": "3 % on top", "amount": 3, "include_base_amount": True},
                {"name": "Stamp", "amount": 2, "amount_type": "fixed"},
            ]
        )
        return [
            cls.tax,
            excluded,
            included,
            excluded | second,
            second | fixed,
            fixed,
            excluded.browse(),
        ]

    def test_oracle_agrees_with_the_worked_example(self):
        self.pay(self.bill(self.build), amount=1150)
        self.mark_done(self.designs)
        self.env.flush_all()
        check(Facts(self.env.cr))

    def test_oracle_sees_what_is_wrong(self):
        self.bill(self.build)
        self.env.flush_all()
        for query, rule in (
            ("UPDATE milestone_billing_line SET amount_paid = 1", "amount_paid"),
            ("UPDATE milestone_billing_line SET state = 'ready'", "the state"),
            (
                "UPDATE milestone_billing_contract SET contract_sum = 1",
                "amount_planned",
            ),
            ("UPDATE project_project SET billing_share = 26", "billing_share"),
            ("UPDATE account_move SET milestone_billing_ordinal = 0", "a posted"),
        ):
            with (
                self.subTest(query),
                self.assertRaisesRegex(Broken, rule),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query)
                check(Facts(self.env.cr))

    def test_short_walks(self):
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                failure = walk.run(self, seed, 25)
                if failure:
                    self.fail(failure.shrink(self, tries=40).tell())

    def test_long_walks(self):
        """As many steps as asked for, by ``make test-walk``."""
        steps = int(os.environ.get("STEPS") or 0)
        if not steps:
            self.skipTest("only on demand: make test-walk STEPS=500")
        length = int(os.environ.get("LENGTH") or 40)
        rng = Random(os.environ.get("SEED") or 0)
        start, failures = time.monotonic(), {}
        for number in range(max(steps // length, 1)):
            failure = walk.run(self, rng.randrange(10**6), length)
            if failure and failure.broken.rule not in failures:
                failure.shrink(self)
                failures[failure.broken.rule] = failure
                _logger.info("walk %s broke a rule\n%s", number, failure.tell())
        _logger.info(
            "%s steps in %d s: %s",
            steps,
            time.monotonic() - start,
            sorted(walk.Walk.outcomes.items()),
        )
        if failures:
            self.fail("\n\n".join(failure.tell() for failure in failures.values()))
