from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from . import schedule_texts as texts
from .common import MilestoneBillingCommon
from .common_journeys import JourneyCommon

SETUP = "milestone.billing.setup"
VIEW = "milestone_billing.milestone_billing_setup_view_form_paste"
LANGUAGES = {"USD": "en_US", "EUR": "de_DE", "SAR": "ar_001"}
# styles that run to the left need a tool that is not everywhere
BROWSER_LANGUAGES = {**LANGUAGES, "SAR": "en_US"}


class TestPaste(MilestoneBillingCommon):
    """A pasted text fills the preview; nothing is written before Create."""

    def open_preview(self, text, currency="USD", lang="en_US", user=None, **defaults):
        """Return the preview as the contract's page opens it, with the text in it."""
        defaults = {f"default_{name}": value for name, value in defaults.items()}
        setup = (
            self.env[SETUP]
            .with_user(user or self.project_admin)
            .with_context(
                lang=lang,
                default_is_pasted=True,
                default_currency_id=self.env.ref(f"base.{currency}").id,
                **defaults,
            )
        )
        form = Form(setup, VIEW)
        form.pasted_text = text
        return form

    def get_rows(self, form):
        return [
            {name: row[name] for name in ("name", "kind", "basis", "percent", "amount")}
            for row in form.line_ids._records
        ]

    def test_texts_fill_the_stages(self):
        for name, (text, notation, stages, unread, total) in texts.TEXTS.items():
            with self.subTest(name):
                lang = LANGUAGES[notation.currency]
                self.env["res.lang"]._activate_lang(lang)
                form = self.open_preview(text, notation.currency, lang)
                rows = [(r["name"], r["kind"], r["basis"]) for r in self.get_rows(form)]
                self.assertEqual(rows, [(s[0], s[2], s[3]) for s in stages])
                self.assertEqual(form.contract_sum, float(total or 0))
                self.assertFalse(form.has_doubts)
                self.assertEqual(str(form.unread or "").count("<p"), len(unread))
                self.assertEqual(form.unread_count, len(unread))

    def test_numbers_are_read_as_the_user_writes_them(self):
        self.env["res.lang"]._activate_lang("de_DE")
        for lang, share in (("en_US", "1.500"), ("de_DE", "1,500")):
            setup = self.env[SETUP].with_context(lang=lang).new({"is_pasted": True})
            setup.currency_id = self.env.ref("base.EUR")
            notation = setup._get_notation()
            self.assertEqual(notation.date_order, "mdy" if lang == "en_US" else "dmy")
            setup.pasted_text = f"Design {share} EUR"
            (stage,) = setup._read_pasted().stages
            self.assertEqual(stage.reasons[0].code, "ambiguous")

    def test_what_was_not_clear_is_told_and_has_to_be_given(self):
        form = self.open_preview("Hello,\nDesign $1.500\nRest on 31.02.2026")
        self.assertIn("Line 1, “Hello,”: No percentage", str(form.unread))
        self.assertTrue(form.has_doubts)
        design, rest = form.line_ids._records
        self.assertEqual(design["to_check"], "“$1.500” can be read in two ways.")
        self.assertEqual((design["percent"], design["amount"]), (0, 0))
        self.assertEqual(rest["to_check"], "“31.02.2026” is no date.")
        setup = form.save()
        with self.assertRaisesRegex(UserError, "Design"):
            setup.action_create()
        with form.line_ids.edit(0) as line:
            line.basis = "fixed"
            line.amount = 1500
        self.assertFalse(form.line_ids._records[0]["to_check"])
        setup = form.save()
        answer = setup.action_create()
        stages = answer["infos"]["stages"]
        self.assertEqual([stage["amount"] for stage in stages], [1500, 0])

    def test_total_is_held_against_the_contract_sum(self):
        text = "Deposit $500\nRest\nTotal $2,000.00"
        self.assertEqual(self.open_preview(text).contract_sum, 2000)
        form = self.open_preview(text, contract_sum=1000)
        self.assertEqual(form.contract_sum, 1000)
        self.assertIn("2,000.00, which is not the contract sum", str(form.unread))

    def test_nothing_is_written_before_create(self):
        contract = self.create_contract("Empty", [])
        form = self.open_preview("Deposit 30 %\nRest", contract_id=contract.id)
        setup = form.save()
        self.assertFalse(contract.line_ids)
        setup.action_create()
        self.assertRecordValues(
            contract.line_ids,
            [
                {"name": "Deposit", "kind": "deposit", "amount_planned": 3000.0},
                {"name": "Rest", "kind": "final", "amount_planned": 7000.0},
            ],
        )
        with self.assertRaises(UserError):
            self.open_preview("", contract_id=contract.id).save().action_create()

    def test_outsider_has_no_preview(self):
        outsider = new_test_user(self.env, "outsider", "base.group_user")
        with self.assertRaises(AccessError):
            self.open_preview("Rest", user=outsider)


@tagged("post_install", "-at_install")
class TestPasteJourney(JourneyCommon):
    """Five texts, pasted on the page of a project without a schedule."""

    def paste(self, name, text, lang, currency, first, stages):
        self.env["res.lang"]._activate_lang(lang)
        self.project_admin.lang = lang
        currency = self.env.ref(f"base.{currency}")
        currency.active = True
        project = self.env["project.project"].create(
            {"name": name, "partner_id": self.customer.id}
        )
        contract = self.env["milestone.billing.contract"].create(
            {"project_id": project.id, "currency_id": currency.id}
        )

        def walk(person):
            person.click("button[name=paste_schedule]")
            person.be_at("[name=pasted_text] textarea")
            person.paste(text)
            person.see(".modal [name=line_ids]", first)
            person.click(".modal button[name=action_create]")
            person.see_gone(".modal")
            person.see(".o_form_saved")

        self.go(
            f"a schedule pasted from: {name}",
            f"/odoo/milestone.billing.contract/{contract.id}",
            "project_admin",
            walk,
            clicks=2,
            keys=1,
        )
        self.assertEqual(
            [(line.name, line.kind, line.basis) for line in contract.line_ids],
            [(stage[0], stage[2], stage[3]) for stage in stages],
        )
        return contract

    def test_five_texts(self):
        for name, (text, notation, stages, _unread, total) in texts.TEXTS.items():
            lang = BROWSER_LANGUAGES[notation.currency]
            with self.subTest(name):
                contract = self.paste(
                    name, text, lang, notation.currency, stages[0][0], stages
                )
                self.assertEqual(contract.contract_sum, float(total or 0))
                self.assertEqual(
                    [
                        line.deadline and str(line.deadline)
                        for line in contract.line_ids
                    ],
                    [stage[6] or False for stage in stages],
                )
