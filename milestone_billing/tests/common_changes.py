from odoo.tests import new_test_user

from .common import MilestoneBillingCommon


class ChangesCommon(MilestoneBillingCommon):
    """A contract of 10,000.00 in 30, 40 and 30 %, and who may change it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env,
            login="boss",
            name="Berta Boss",
            groups="milestone_billing.group_milestone_billing_manager,"
            "account.group_account_invoice",
        )
        cls.house = cls.create_contract(
            "House",
            [
                ("Start", "deposit", "percent", 30.0),
                ("Walls", "progress", "percent", 40.0),
                ("Keys", "final", "percent", 30.0),
            ],
        )
        cls.start, cls.walls, cls.keys = cls.house.line_ids

    def create_change(self, amount=2000.0, line=None, spread=None, **values):
        """Make a change order as its manager does: of one stage, or of all."""
        contract = line.contract_id if line else self.house
        return (
            self.env["milestone.billing.change"]
            .with_user(self.boss)
            .create(
                {
                    "contract_id": contract.id,
                    "name": "Extra room",
                    "amount": amount,
                    "spread": spread or ("line" if line else "all"),
                    "line_id": line and line.id,
                    **values,
                }
            )
        )

    def approve(self, *args, **kwargs):
        """Make a change order and approve it."""
        change = self.create_change(*args, **kwargs)
        change.action_approve()
        return change

    def assertPlanned(self, *planned, contract=None):
        schedule = (contract or self.house)._get_schedule()
        self.assertEqual(schedule.mapped("amount_planned"), list(planned))

    def assertSums(self, original, changes, to_date, contract=None):
        self.assertRecordValues(
            contract or self.house,
            [
                {
                    "amount_original": original,
                    "amount_changes": changes,
                    "amount_to_date": to_date,
                    "amount_unscheduled": 0.0,
                    "amount_over_scheduled": 0.0,
                }
            ],
        )
