from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from .common import MilestoneBillingCommon


@tagged("post_install", "-at_install")
class PortalCommon(MilestoneBillingCommon, HttpCase):
    """Clara of the customer, and visitors who are none of the customer's business."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client_user = cls.create_portal_user("clara", "Clara Client", cls.customer)
        cls.other_customer = cls.env["res.partner"].create(
            {"name": "Other & Daughters"}
        )
        cls.other_user = cls.create_portal_user(
            "otto", "Otto Other", cls.other_customer
        )
        cls.page = f"/my/billing/{cls.contract.id}"

    @classmethod
    def create_portal_user(cls, login, name, company_partner):
        """Create a portal user who is a contact of a customer."""
        user = new_test_user(
            cls.env, login=login, name=name, groups="base.group_portal"
        )
        user.partner_id.write({"parent_id": company_partner.id})
        return user

    def visit(self, url, login=None):
        """Open an address as a user, or as the public; return the answer."""
        self.env.flush_all()
        self.authenticate(login, login)
        return self.url_open(url)

    def read_page(self, url=None, login="clara"):
        """Return the text of a page, with single spaces."""
        response = self.visit(url or self.page, login)
        self.assertEqual(response.status_code, 200)
        self.assertIn(url or self.page, response.url)
        content = html.fromstring(response.content).xpath("//main")[0]
        return " ".join(content.text_content().split())

    def assertSentAway(self, url, login, to="/my"):
        response = self.visit(url, login)
        self.assertTrue(
            response.url.split("?")[0].endswith(to), f"{login}: {response.url}"
        )
        self.assertNotIn("Build complete", response.text)
