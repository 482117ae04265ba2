from odoo.tests import tagged

from .common_journeys import JourneyCommon
from .common_portal import PortalCommon

ADD_STAGE = ".o_field_x2many_list_row_add a"
SCHEDULE = [
    ("Start", "+1w", "25"),
    ("Designs", "+4w", "25"),
    ("Build", "+8w", "25"),
    ("Launch", "+9w", "rest"),
]


@tagged("post_install", "-at_install")
class TestJourneys(JourneyCommon):
    """What the daily work costs in clicks and keystrokes, in a real browser."""

    def create_bare_project(self):
        return self.env["project.project"].create(
            {
                "name": "Bare",
                "partner_id": self.customer.id,
                "user_id": self.project_user.id,
            }
        )

    def type_schedule(self, person):
        """Type the schedule from the name of its first stage on."""
        for index, (name, due, share) in enumerate(SCHEDULE):
            person.be_at(".o_selected_row [name=name]")
            person.type(name)
            person.press("Tab")
            person.be_at(".o_selected_row [name=deadline]")
            person.type(due)
            person.press("Tab")
            person.be_at(".o_selected_row [name=percent]")
            person.type(share)
            if index < len(SCHEDULE) - 1:
                person.press("Enter")

    def assertTyped(self, project):
        lines = project.billing_contract_ids.line_ids
        self.assertRecordValues(
            lines, [{"name": name, "amount_planned": 2500.0} for name, *_ in SCHEDULE]
        )
        self.assertTrue(all(lines.mapped("deadline")))

    # --- the schedule ---

    def test_schedule_is_typed_by_hand(self):
        project = self.create_bare_project()

        def walk(person):
            person.click("button[name=action_open_billing]")
            person.click("[name=contract_sum] input")
            person.type("10000")
            person.click("button[name=start_empty]")
            self.type_schedule(person)
            person.click(".o_form_button_save")
            person.see(".o_billing_total", "10,000.00")
            person.see(".o_form_saved")

        self.go(
            "10,000.00 in 25/25/25/rest with dates, by hand",
            f"/odoo/project.project/{project.id}",
            "project_admin",
            walk,
            clicks=8,
            keys=90,
        )
        self.assertTyped(project)

    def test_schedule_is_set_up_by_keyboard_alone(self):
        project = self.create_bare_project()

        def tab_to(person, selector):
            for _step in range(60):
                if person.is_at(selector):
                    return
                person.press("Tab")
            person.be_at(selector)

        def walk(person):
            person.see("button[name=action_open_billing]")
            tab_to(person, "button[name=action_open_billing]")
            person.press("Enter")
            person.see("[name=contract_sum] input")
            tab_to(person, "[name=contract_sum]")
            person.type("10000")
            tab_to(person, "button[name=start_empty]")
            person.press("Enter")
            self.type_schedule(person)
            person.press("Alt+s")
            person.see(".o_billing_total", "10,000.00")
            person.see(".o_form_saved")

        person = self.go(
            "the same by keyboard alone",
            f"/odoo/project.project/{project.id}",
            "project_admin",
            walk,
            clicks=0,
        )
        self.assertTrue(person.keys)
        self.assertTyped(project)

    def test_template_is_taken(self):
        project = self.create_bare_project()

        def walk(person):
            person.click("button[name=action_open_billing]")
            person.click("button[name=template]", "Four quarters")
            person.be_at(".modal [name=contract_sum]")
            person.type("10000")
            person.click(".modal button[name=action_create]", "Create")
            person.see(".o_billing_total", "10,000.00")
            person.see(".o_form_saved")

        self.go(
            "10,000.00 in four quarters with dates, from a template",
            f"/odoo/project.project/{project.id}",
            "project_admin",
            walk,
            clicks=5,
            keys=12,
        )
        lines = project.billing_contract_ids.line_ids
        self.assertEqual(lines.mapped("amount_planned"), [2500] * 4)
        self.assertTrue(all(lines.mapped("deadline")))
        self.assertEqual(len(project.milestone_ids), 4)

    def test_project_is_made_with_its_schedule(self):
        def walk(person):
            person.click(".o-kanban-button-new")
            person.be_at(".modal [name=name]")
            person.type("Shop")
            person.click(".modal [name=billing_setup] input")
            person.see(".o_billing_setup_preview", "Completion")
            person.click(".modal footer button", "Create project")
            person.see(".o_breadcrumb", "Shop")

        self.go(
            "each of ten similar projects, with its schedule",
            "/odoo/project",
            "project_admin",
            walk,
            clicks=3,
            keys=len("Shop"),
        )
        project = self.env["project.project"].search([("name", "=", "Shop")])
        self.assertEqual(len(project.billing_contract_ids.line_ids), 2)

    def test_ten_projects_get_their_schedules(self):
        self.project.active = False
        projects = self.create_bare_project().browse()
        for n in range(10):
            projects |= self.create_bare_project()
            projects[-1].name = f"Similar {n}"
        (self.env["project.project"].search([]) - projects).active = False

        def walk(person):
            person.click("thead .o_list_record_selector")
            person.click("button[name=action_apply_schedule]")
            person.be_at(".modal [name=contract_sum]")
            person.type("10000")
            person.click(".modal button[name=action_create]", "Create")
            person.see(".o_milestone_billing_result", "10 schedules made.")

        self.go(
            "ten projects selected in the list",
            "/odoo/project?view_type=list",
            "project_admin",
            walk,
            clicks=3,
            keys=5,
        )
        self.assertEqual(len(projects.billing_contract_ids), 10)

    def test_billing_is_found(self):
        project = self.create_bare_project()

        def walk(person):
            person.click("button[name=action_open_billing]")
            person.see(".o_billing_empty")

        self.go(
            "where billing is switched on",
            f"/odoo/project.project/{project.id}",
            "project_admin",
            walk,
            clicks=1,
            keys=0,
        )

    # --- the project manager ---

    def test_milestone_is_ticked_from_the_projects(self):
        def walk(person):
            person.click(".o_kanban_record .o_billing_next", "Project start")
            person.see(".o_billing_consequence", "Makes the draft invoice.")
            person.click(".o_billing_popover [data-act=mark_done]")
            person.see(".o_milestone_billing_answer", "Project start")
            person.see(".o_billing_next", "Designs approved")

        self.go(
            "a milestone is ticked from the projects",
            "/odoo/project",
            "pm",
            walk,
            clicks=2,
            keys=0,
        )
        self.assertEqual(self.deposit.state, "drafted")

    def test_card_says_what_is_invoiced_and_remains(self):
        self.bill(self.deposit)

        def walk(person):
            person.see(".o_kanban_record", "2,500 / 10,000")

        self.go(
            "what is invoiced and remains of a project",
            "/odoo/project",
            "project_admin",
            walk,
            clicks=0,
            keys=0,
        )

    def test_project_user_is_sent_no_amount(self):
        self.contract.contract_sum = 31337.28  # stages of 7,834.32
        self.bill(self.deposit)
        self.mark_done(self.designs)
        amounts = ("31337", "31,337", "7834", "7,834")

        def walk(person):
            person.see(".o_kanban_record .o_billing_next", "Build complete")
            person.click(".o_kanban_record .o_billing_next", "Build complete")
            person.see(".o_billing_popover", "Build complete")
            person.press("Escape")
            person.click(".o_kanban_record a", "Tasks")
            person.see(".o_breadcrumb", "Website")
            answers = person.read_answers()
            self.assertTrue(any("get_billing_timeline" in url for url, _ in answers))
            for url, answer in answers:
                for amount in amounts:
                    self.assertNotIn(amount, answer, url)

        self.go("a project user looks at the projects", "/odoo/project", "pm", walk)

        def look(person):
            person.see(".o_rightpanel .o_billing_figure", "To come 2")
            answers = person.read_answers()
            self.assertTrue(any("get_panel_data" in url for url, _ in answers))
            for url, answer in answers:
                for amount in amounts:
                    self.assertNotIn(amount, answer, url)

        dashboard = f"/odoo/project/{self.project.id}/project-dashboard"
        self.go("a project user looks at the panel", dashboard, "pm", look)

    def test_blocked_tick_is_told_and_cured(self):
        self.contract.partner_id = False

        def tick(person):
            person.click(".o_kanban_record .o_billing_next", "Project start")
            person.click(".o_billing_popover [data-act=mark_done]")
            person.see(".o_milestone_billing_answer", "but not invoiced")
            person.see(".o_milestone_billing_answer", "Anton Accountant was told")
            person.see(".o_kanban_record", "Blocked")

        self.go("a blocked tick says so", "/odoo/project", "pm", tick, clicks=2, keys=0)
        self.assertEqual(self.contract.activity_ids.user_id, self.accountant)

        def cure(person):
            person.see(".o_data_row", "has no customer")
            person.click(".o_data_row button[name=action_fix]", "Set customer")
            person.be_at(".modal [name=partner_id] input")
            person.type("Client")
            person.see(".o-autocomplete--dropdown-item", "Client & Sons")
            person.press("Enter")
            person.click(".modal footer .btn-primary", "Save")
            person.see(".o_group_header", "Ready")

        self.go(
            "cure “no customer”",
            "/odoo/milestones-to-bill",
            "accountant",
            cure,
            clicks=2,
        )
        self.assertEqual(self.contract.partner_id, self.customer)
        self.assertEqual(self.deposit.state, "ready")
        self.assertFalse(self.contract.activity_ids)

    # --- the accountant ---

    def test_queue_is_one_click_from_the_dashboard(self):
        self.mark_done(self.deposit)

        def walk(person):
            person.click("[name=milestone_billing] a", "Milestones")
            person.see(".o_group_header", "Drafts Waiting (1)")

        self.go(
            "to the queue from Invoicing's dashboard",
            "/odoo/accounting",
            "accountant",
            walk,
            clicks=1,
            keys=0,
        )

    def test_all_that_is_ready_is_billed(self):
        self.contract.automation = "manual"
        self.mark_done(self.deposit | self.designs | self.build)

        def walk(person):
            person.click(".o_group_header button", "Create 3 drafts")
            person.click(".modal button", "Create 3 drafts")
            person.see(".o_milestone_billing_result", "3 made.")

        self.go(
            "bill all that is ready",
            "/odoo/milestones-to-bill",
            "accountant",
            walk,
            clicks=2,
            keys=0,
        )
        self.assertEqual(self.build.state, "drafted")

    def test_drafts_that_wait_are_posted(self):
        self.mark_done(self.deposit | self.designs | self.build)

        def walk(person):
            person.click(".o_group_header button", "Confirm 3 drafts")
            person.click(".modal button", "Confirm 3 drafts")
            person.see(".o_milestone_billing_result", "3 confirmed.")

        self.go(
            "post the drafts that wait",
            "/odoo/milestones-to-bill",
            "accountant",
            walk,
            clicks=2,
            keys=0,
        )
        self.assertEqual(self.build.state, "billed")

    def test_credit_is_decided_on_from_the_credit_note(self):
        note = self.credit(self.bill(self.build), amount=500)

        def walk(person):
            person.click("button[name=action_decide_milestones]")
            person.be_at(".modal [name=reason]")
            person.type("Agreed")
            person.click(".modal button[name=action_confirm]")
            person.see_gone("button[name=action_decide_milestones]")

        self.go(
            "decide from the credit note",
            f"/odoo/customer-credit-notes/{note.id}",
            "accountant",
            walk,
            clicks=2,
        )
        self.assertEqual(self.build.amount_to_decide, 0)


class TestCustomerJourneys(JourneyCommon, PortalCommon):
    """What the portal costs the customer."""

    def ask(self):
        self.client_user.partner_id.email = "clara@example.com"
        self.contract.allow_acceptance = True
        self.build.milestone_id.with_user(self.project_user).action_ask_acceptance()

    def test_customer_sees(self):
        def walk(person):
            person.click(".o_portal_index_card a", "Project Billing")
            person.click("main a", "Website")
            person.see("section[name=stages] li", "Build complete")

        self.go("the client sees", "/my", "clara", walk, clicks=2, keys=0)

    def test_customer_pays(self):
        if "payment_demo" not in self.env["ir.module.module"]._installed():
            self.skipTest("payment_demo is not installed")
        provider = self.env.ref("payment.payment_provider_demo").sudo()
        if provider.company_id != self.company:
            provider = provider.copy({"company_id": self.company.id})
        provider.write({"state": "test", "is_published": True})
        self.bill(self.deposit)

        def walk(person):
            person.click("section[name=due] a", "Pay now")
            person.click(".modal.show button[name=o_payment_submit_button]:enabled")
            person.see_gone(".modal.show")
            person.see("a[name=milestone_billing]")
            person.let_load()

        self.go("the client pays", self.page, "clara", walk, clicks=2)
        self.assertEqual(self.deposit.state, "paid")

    def test_customer_signs(self):
        self.ask()

        def walk(person):
            person.click("section[name=asked] a")
            person.click("button[data-bs-target='#milestone_billing_accept']")
            person.click(".modal.show .o_portal_sign_submit:enabled")
            person.see("section[name=stages] li", "Accepted")

        self.go("the client signs", self.page, "clara", walk, clicks=3, keys=0)
        self.assertEqual(self.build.milestone_id.acceptance_signed_by, "Clara Client")

    def test_customer_sends_back(self):
        self.ask()

        def walk(person):
            person.click("section[name=asked] a")
            person.click("button[data-bs-target='#milestone_billing_send_back']")
            person.be_at(".modal.show textarea[name=reason]")
            person.type("The logo is missing.")
            person.click(".modal.show button[type=submit]")
            person.see("section[name=stages] li", "Sent back")

        self.go("the client sends back", self.page, "clara", walk, clicks=3, keys=20)
        self.assertFalse(self.build.is_reached)
