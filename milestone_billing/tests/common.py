import base64
from contextlib import closing, contextmanager
from io import BytesIO
from unittest.mock import patch

from PIL import Image

import odoo
from odoo import SUPERUSER_ID, fields
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tests.common import HOST
from odoo.tools.pdf import PdfFileReader

from odoo.addons.account.models.chart_template import AccountChartTemplate
from odoo.addons.account.tests.common import AccountTestInvoicingCommon

THIRDS = [
    (f"Third {n}", kind, "percent", 33.333333)
    for n, kind in enumerate(("deposit", "progress", "final"), start=1)
]

FONT = "<style>* { font-family: sans-serif !important; }</style>"


def draw_signature(image_format="PNG", size=(60, 20)):
    """Return an image as the dialog sends it, base64 encoded."""
    image = BytesIO()
    Image.new("RGB", size, "white").save(image, image_format)
    return base64.b64encode(image.getvalue()).decode()


def normalize(text):
    """Return text with single blanks."""
    return " ".join(text.replace("\ufeff", "").replace("\u200b", "").split())


CHART_TEMPLATES = {}
read_chart_templates = AccountChartTemplate._get_chart_template_mapping


def get_chart_templates(model, get_all=False):
    """Return the charts that all modules offer, read once for all tests."""
    if get_all not in CHART_TEMPLATES:
        CHART_TEMPLATES[get_all] = read_chart_templates(model, get_all)
    return CHART_TEMPLATES[get_all]


@tagged("post_install", "-at_install")
class MilestoneBillingCommon(AccountTestInvoicingCommon):
    """The trade's worked example: 10,000.00 as deposit, two stages and final."""

    _retry = False  # but in the browser

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.project_user = new_test_user(
            cls.env,
            login="pm",
            name="Petra Manager",
            groups="project.group_project_user",
        )
        cls.project_admin = new_test_user(
            cls.env,
            login="project_admin",
            name="Paula Administrator",
            groups="project.group_project_manager",
        )
        cls.accountant = new_test_user(
            cls.env,
            login="accountant",
            name="Anton Accountant",
            groups="account.group_account_invoice",
        )
        cls.customer = cls.env["res.partner"].create(
            {"name": "Client & Sons", "email": "client@example.com"}
        )
        cls.tax = cls.company_data["default_tax_sale"]  # 15 %
        cls.product = cls.env["product.product"].create(
            {
                "name": "Project work",
                "type": "service",
                "taxes_id": [Command.set(cls.tax.ids)],
            }
        )
        cls.contract = cls.create_contract(
            "Website",
            [
                ("Project start", "deposit", "percent", 25.0),
                ("Designs approved", "progress", "percent", 25.0),
                ("Build complete", "progress", "percent", 25.0),
                ("Launch / delivery", "final", "balance", 0.0),
            ],
        )
        cls.project = cls.contract.project_id
        cls.deposit, cls.designs, cls.build, cls.final = cls.contract.line_ids

    def setUp(self):
        with patch.object(self.registry, "clear_all_caches", self.clear_caches):
            super().setUp()
        self.registry.cache_invalidated.clear()
        self.cache_sequences = dict(self.registry.cache_sequences)

    def clear_caches(self):
        """Clear at the test's end what it may have changed, as after a rollback.

        Core clears all, and each test compiles its templates and views anew. Whatever
        changes them tells the registry so; what records say is in the default cache.
        """
        registry = self.registry
        changed = registry.cache_invalidated | {
            name
            for name, sequence in registry.cache_sequences.items()
            if sequence != self.cache_sequences[name]
        }
        registry.clear_cache("default", *changed)
        registry.cache_invalidated.clear()

    @classmethod
    def setup_independent_company(cls, **kwargs):
        # EXTENDS 'account': what modules offer is read once, not for each company
        cls.classPatch(
            AccountChartTemplate, "_get_chart_template_mapping", get_chart_templates
        )
        return super().setup_independent_company(**kwargs)

    @classmethod
    def get_default_groups(cls):
        # EXTENDS 'account': the tests' own user prepares projects as well
        return super().get_default_groups() | cls.quick_ref(
            "project.group_project_manager"
        )

    @classmethod
    def create_contract(
        cls, name, stages, contract_sum=10000.0, project_values=None, **values
    ):
        """Create a contract, with a project of its own, that is billed in stages.

        :param stages: (name, kind, basis, percent or fixed amount) of each line
        :param project_values: what the project has besides customer and manager
        """
        project = cls.env["project.project"].create(
            {
                "name": name,
                "partner_id": cls.customer.id,
                "user_id": cls.project_user.id,
                **(project_values or {}),
            }
        )
        return cls.env["milestone.billing.contract"].create(
            {
                "project_id": project.id,
                "contract_sum": contract_sum,
                "product_id": cls.product.id,
                "user_id": cls.accountant.id,
                "line_ids": [
                    Command.create(
                        {
                            "name": stage,
                            "kind": kind,
                            "basis": basis,
                            "amount" if basis == "fixed" else "percent": figure,
                            "sequence": sequence,
                        }
                    )
                    for sequence, (stage, kind, basis, figure) in enumerate(stages)
                ],
                **values,
            }
        )

    def create_second_contract(self, stages=(), contract_sum=4000.0, **values):
        """Create a contract with another customer about the same project.

        :param stages: (name, kind, basis, percent or fixed amount) of each line; a
            milestone in the place of the name is shared with that contract
        """
        commands = [
            Command.create(
                {
                    **(
                        {"name": stage}
                        if isinstance(stage, str)
                        else {"milestone_id": stage.id}
                    ),
                    "kind": kind,
                    "basis": basis,
                    "amount" if basis == "fixed" else "percent": figure,
                    "sequence": sequence,
                }
            )
            for sequence, (stage, kind, basis, figure) in enumerate(stages)
        ]
        return self.env["milestone.billing.contract"].create(
            {
                "project_id": self.project.id,
                "partner_id": self.partner_a.id,
                "contract_sum": contract_sum,
                "product_id": self.product.id,
                "user_id": self.accountant.id,
                "line_ids": commands,
                **values,
            }
        )

    def prepare_linked_line(self, line, net, **values):
        """Return the command that adds an invoice line linked to a milestone line.

        It links for the superuser alone: what a request brings along is dropped.
        """
        return Command.create(
            {
                "name": "Once more",
                "price_unit": net,
                "tax_ids": [Command.set(self.tax.ids)],
                "milestone_billing_line_id": line.id,
                **values,
            }
        )

    def create_linked_invoice(self, *parts, **values):
        """Create a draft that bills parts of milestone lines, as the system does.

        :param parts: (milestone line, net)
        """
        contract = parts[0][0].contract_id
        return (
            self.env["account.move"]
            .with_user(SUPERUSER_ID)
            .with_company(contract.company_id)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": contract.partner_id.id,
                    "currency_id": contract.currency_id.id,
                    "invoice_line_ids": [
                        self.prepare_linked_line(line, net) for line, net in parts
                    ],
                    **values,
                }
            )
        ).with_env(self.env)

    def decide(self, lines, kind, user=None):
        """Decide through the wizard, as the accountant does."""
        wizard = Form(
            self.env["milestone.billing.decide"]
            .with_user(user or self.accountant)
            .with_context(default_line_ids=lines.ids)
        )
        wizard.kind = kind
        wizard.reason = "Agreed by telephone"
        wizard.save().action_confirm()
        return lines.decision_ids

    def draft_less(self, line, net):
        """Mark done and let the accountant edit the draft to another net."""
        self.mark_done(line)
        move = self.get_invoices(line)
        move.with_user(self.accountant).invoice_line_ids.price_unit = net
        return move

    def bill_less(self, line, net):
        """Mark done, edit the draft to another net and post it."""
        return self.post(self.draft_less(line, net))

    @contextmanager
    def assertRaisesRegex(self, exception, regex):
        """Undo what was refused, as :meth:`assertRaises` does."""
        with self.assertRaises(exception) as refusal:
            yield refusal
        self.assertRegex(str(refusal.exception), regex)

    @contextmanager
    def undone(self):
        """Undo what is done within."""
        with closing(self.env.cr.savepoint()):
            yield
        self.env.invalidate_all()

    def mark_done(self, lines, done=True):
        """Tick the lines' milestones as a project user without accounting rights."""
        lines.milestone_id.with_user(self.project_user).is_reached = done

    def get_sentences(self, contract):
        """Return what the contract's page says of its schedule."""
        return "\n".join(contract.schedule_message["sentences"])

    def get_invoices(self, lines):
        """Return the documents linked to the lines, the oldest first."""
        return lines.move_line_ids.move_id.sorted("id")

    def post(self, moves, date="2026-03-31"):
        """Post documents as the accountant does."""
        moves.invoice_date = fields.Date.to_date(date)
        moves.with_user(self.accountant).action_post()
        return moves

    def run_cron(self, name, code=None):
        """Let Odoo's scheduler run one of its jobs.

        :param str name: the job's external id
        :param str code: what it runs this time, by default its own
        """
        # sudo: a scheduled action is an administrator's
        cron = self.env.ref(name).sudo()
        if code:
            cron.code = code
        self.env.flush_all()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def bill(self, lines):
        """Mark done and post, and return the invoices."""
        self.mark_done(lines)
        return self.post(self.get_invoices(lines))

    def pay(self, move, amount=None):
        """Register a payment of a posted document, in full or in part."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": move.date})
        )
        if amount is not None:
            wizard.amount = amount
        return wizard._create_payments()

    def credit(self, move, amount=None, modify=False):
        """Credit a posted invoice: in full, by a net amount, or with a replacement."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.date})
        )
        wizard.reverse_moves(is_modify=modify)
        document = wizard.new_move_ids
        if not modify:
            if amount is not None:
                document.invoice_line_ids.price_unit = amount
            document.action_post()
        return document

    def render_pdf_pages(self, report, records):
        """Return the text of each page of a document's PDF."""
        reports = self.env["ir.actions.report"].with_user(self.accountant)
        if reports.get_wkhtmltopdf_state() in ("install", "broken"):
            self.skipTest("wkhtmltopdf is not installed")
        run = self.registry["ir.actions.report"]._run_wkhtmltopdf

        def run_with_system_font(self, bodies, **kwargs):
            # some builds of wkhtmltopdf draw web fonts as outlines, not as text
            bodies = [str(body).replace("</head>", f"{FONT}</head>") for body in bodies]
            return run(self, bodies, **kwargs)

        # where the styles are served
        self.env["ir.config_parameter"].sudo().set_param(
            "report.url", f"http://{HOST}:{odoo.tools.config['http_port']}"
        )
        with (
            self.allow_pdf_render(),
            patch.object(
                self.registry["ir.actions.report"],
                "_run_wkhtmltopdf",
                run_with_system_font,
            ),
        ):
            content, _type = reports.with_context(
                force_report_rendering=True
            )._render_qweb_pdf(report, records.ids)
        pages = PdfFileReader(BytesIO(content)).pages
        return [normalize(page.extract_text()) for page in pages]
