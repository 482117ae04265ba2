from .common_portal import PortalCommon


class TestPortalTours(PortalCommon):
    """The customer in a real browser."""

    _retry = True

    def test_customer_sees_and_pays(self):
        if "payment_demo" not in self.env["ir.module.module"]._installed():
            self.skipTest("payment_demo is not installed")
        provider = self.env.ref("payment.payment_provider_demo").sudo()
        if provider.company_id != self.company:
            provider = provider.copy({"company_id": self.company.id})
        provider.write({"state": "test", "is_published": True})
        self.pay(self.bill(self.deposit))
        invoice = self.bill(self.designs)
        self.start_tour("/my", "milestone_billing_customer_pays", login="clara")
        self.env.invalidate_all()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.designs.state, "paid")

    def test_customer_signs(self):
        self.client_user.partner_id.email = "clara@example.com"
        self.contract.allow_acceptance = True
        milestone = self.build.milestone_id
        milestone.with_user(self.project_user).action_ask_acceptance()
        self.start_tour(self.page, "milestone_billing_customer_signs", login="clara")
        self.env.invalidate_all()
        self.assertEqual(milestone.acceptance_state, "accepted")
        self.assertEqual(milestone.acceptance_signed_by, "Clara C. Client")
        self.assertTrue(milestone.acceptance_signature)
        self.assertEqual(self.build.state, "drafted")

    def test_customer_sends_back(self):
        self.client_user.partner_id.email = "clara@example.com"
        self.contract.allow_acceptance = True
        milestone = self.build.milestone_id
        milestone.with_user(self.project_user).action_ask_acceptance()
        self.start_tour(
            self.page, "milestone_billing_customer_sends_back", login="clara"
        )
        self.env.invalidate_all()
        self.assertEqual(milestone.acceptance_return_reason, "The logo is missing.")
        self.assertFalse(milestone.is_reached)

    def test_collaborator_of_the_customer_goes_from_the_shared_project(self):
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(self.client_user.partner_id.ids)
        self.project._add_collaborators(self.client_user.partner_id)
        self.start_tour(
            f"/my/projects/{self.project.id}",
            "milestone_billing_from_the_shared_project",
            login="clara",
        )
