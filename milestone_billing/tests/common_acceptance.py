from odoo.tests import new_test_user

from .common import MilestoneBillingCommon, draw_signature

UNANSWERED = {
    "acceptance_partner_id": False,
    "acceptance_signed_by": False,
    "acceptance_signed_on": False,
    "acceptance_signature": False,
    "acceptance_return_reason": False,
}
NOTHING = {
    **UNANSWERED,
    "acceptance_state": False,
    "acceptance_contract_id": False,
    "acceptance_asked_on": False,
    "acceptance_user_id": False,
}


class AcceptanceCommon(MilestoneBillingCommon):
    """A project whose client is asked; the client answers as the portal lets him."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # as in a database in use: tracking and subscriptions are on
        cls.env = cls.env(context={})
        cls.contract = cls.contract.with_env(cls.env)
        cls.project = cls.contract.project_id
        cls.contract.allow_acceptance = True
        cls.project.message_subscribe(cls.project_user.partner_id.ids)
        cls.customer.is_company = True
        cls.client = cls.create_portal_user("Carla Client", cls.customer)
        cls.contact = cls.client.partner_id
        cls.milestone = cls.build.milestone_id.with_env(cls.env)
        cls.milestones = cls.project.milestone_ids
        cls.signature = draw_signature()

    @classmethod
    def create_portal_user(cls, name, company, **values):
        user = new_test_user(
            cls.env,
            login=name,
            name=name,
            groups="base.group_portal",
            email=f"{name.split()[0].lower()}@example.com",
            **values,
        )
        user.partner_id.parent_id = company
        return user

    def ask(self, milestones=None):
        """Ask as the project manager, without accounting rights."""
        milestones = self.milestone if milestones is None else milestones
        milestones.with_user(self.project_user).action_ask_acceptance()

    def by_client(self, milestone=None, user=None):
        """Return the milestone as the controller has it for the client."""
        milestone = self.milestone if milestone is None else milestone
        return milestone.with_user(user or self.client).sudo()

    def accept(self, milestone=None, name="C. Client"):
        self.by_client(milestone)._accept(name, self.signature, self.contact)

    def send_back(self, reason="The menu is missing"):
        self.by_client()._send_back(reason, self.contact)

    def get_log(self):
        """Return the texts of the project's chatter, the newest first."""
        return [message.preview for message in self.project.message_ids]

    def get_mails(self):
        return self.env["mail.mail"].search(
            [
                ("model", "=", "project.milestone"),
                ("res_id", "in", self.project.milestone_ids.ids),
            ]
        )
