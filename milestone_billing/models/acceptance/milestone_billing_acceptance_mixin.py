import base64
import unicodedata

from PIL import Image

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html
from odoo.tools.image import ImageProcess

from ..groups import STATUS_GROUP

MAX_REASON_LENGTH = 2000
# letters and signs by their category that show nothing: fillers of Hangul, the empty
# cell of Braille, joiners and selectors that only shape what is beside them
BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
).union(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# what decoding base64 and images of unknown origin raises
INVALID_IMAGE_ERRORS = (
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    TypeError,
    UserError,
    ValueError,
)


class MilestoneBillingAcceptanceMixin(models.AbstractModel):
    """What the customer is asked to accept on the portal: signed, or sent back."""

    _name = "milestone.billing.acceptance.mixin"
    _description = "Acceptance by the Customer"

    acceptance_state = fields.Selection(
        selection=[
            ("asked", "Asked"),
            ("accepted", "Accepted"),
            ("returned", "Sent Back"),
        ],
        string="Acceptance",
        help="Whether the client was asked to accept it, and the answer.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_asked_on = fields.Datetime(
        string="Asked On",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Asked By",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Answered By",
        help="The contact who signed or sent it back.",
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_signed_by = fields.Char(
        string="Signed As",
        help="The name as the client entered it.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_signed_on = fields.Datetime(
        string="Signed On",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_signature = fields.Image(
        string="Signature",
        # in the record's own row: whoever may write records could replace an
        # attachment, and deleting the project would leave it behind
        attachment=False,
        max_width=1024,
        max_height=1024,
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_return_reason = fields.Text(
        string="Why It Was Sent Back",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_acceptance_contract(self):
        """Hook: return the contract whose customer is asked."""
        raise NotImplementedError

    def _get_acceptance_path(self):
        """Hook: return the address of the page on the database's own host."""
        raise NotImplementedError

    @api.model
    def _get_acceptance_template(self):
        """Hook: return the external id of the e-mail that asks."""
        raise NotImplementedError

    def _get_acceptance_name(self):
        """Hook: return how the customer knows the record."""
        self.ensure_one()
        return self.name

    def _is_acceptance_allowed(self):
        """Hook: whether the contract lets the customer answer now."""
        self.ensure_one()
        return True

    def _after_accepted(self):
        """Hook: do what follows from the signature; in the language of the log."""

    def _after_returned(self):
        """Hook: do what follows from its being sent back; as :meth:`_after_accepted`."""

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_no_acceptance_vals(self):
        """Return the values of a record whose acceptance nobody is asked for."""
        return {
            "acceptance_state": False,
            "acceptance_asked_on": False,
            "acceptance_user_id": False,
            "acceptance_partner_id": False,
            "acceptance_signed_by": False,
            "acceptance_signed_on": False,
            "acceptance_signature": False,
            "acceptance_return_reason": False,
        }

    def _get_acceptance_url(self):
        """Return the address of the page on which the customer signs."""
        self.ensure_one()
        return f"{self.get_base_url()}{self._get_acceptance_path()}"

    def _send_acceptance_requests(self):
        """Queue an e-mail for each of these records to who is asked to accept it."""
        template = self.env.ref(
            self._get_acceptance_template(),
            raise_if_not_found=False,
        )
        for company, records in self.grouped(
            lambda record: record._get_acceptance_contract().company_id
        ).items():
            if template:
                # sudo: the addon's own template, for whoever may ask; the company that
                # bills is the one the customer knows
                template.sudo().with_company(company).send_mail_batch(
                    records.ids,
                    email_layout_xmlid="mail.mail_notification_light",
                )

    # -------------------------------------------------------------------------
    # BUSINESS: answers of the customer
    # -------------------------------------------------------------------------

    def _accept(self, name, signature, partner):
        """Record that the customer signed for this record, and do what follows.

        To be called with sudo for the portal user, whose right to sign is checked.

        :param str name: the name as the customer entered it
        :param signature: the image, base64 encoded
        :param partner: the contact who signs
        :raise UserError: when it does not wait for acceptance, or is not signed
        """
        self.ensure_one()
        self._check_acceptance_asked()
        name = self._clean_answer(name)
        if not name:
            raise UserError(self.env._("Enter your name to sign."))
        self._check_signature(signature)
        # what is logged is for the project manager: the request speaks the client's
        # language
        record = self.with_context(lang=self._get_acceptance_lang())
        record.write(
            {
                "acceptance_state": "accepted",
                "acceptance_partner_id": partner.id,
                "acceptance_signed_by": name,
                "acceptance_signed_on": fields.Datetime.now(),
                "acceptance_signature": signature,
            }
        )
        record._after_accepted()

    def _send_back(self, reason, partner):
        """Record that the customer does not accept this record, and why.

        To be called as :meth:`_accept`.

        :param str reason: what is missing, in the customer's words
        :param partner: the contact who sends it back
        :raise UserError: when it does not wait for acceptance, or without a reason
        """
        self.ensure_one()
        self._check_acceptance_asked()
        reason = self._clean_answer(reason)
        if not reason:
            raise UserError(self.env._("Say what is missing before you send it back."))
        record = self.with_context(lang=self._get_acceptance_lang())
        record.write(
            {
                "acceptance_state": "returned",
                "acceptance_partner_id": partner.id,
                "acceptance_return_reason": reason,
            }
        )
        record._after_returned()

    def _check_acceptance_asked(self):
        """Refuse an answer to a question that is answered or taken back.

        :raise UserError: for the customer to read
        """
        if self.acceptance_state == "accepted":
            raise UserError(
                self.env._(
                    "%(milestone)s has been accepted already.",
                    milestone=self._get_acceptance_name(),
                )
            )
        if self.acceptance_state != "asked" or not self._is_acceptance_allowed():
            raise UserError(
                self.env._(
                    "%(milestone)s does not wait for your acceptance any more.",
                    milestone=self._get_acceptance_name(),
                )
            )

    @api.model
    def _clean_answer(self, text):
        """Return what a customer entered, of bearable length, as can be stored."""
        if not isinstance(text, str):
            return ""
        storable = text.encode(errors="ignore").decode().replace("\0", "")
        if all(map(self._is_invisible, storable)):
            return ""
        return storable.strip()[:MAX_REASON_LENGTH]

    @api.model
    def _is_invisible(self, character):
        """Whether nobody sees a character: no ink, or none but its width."""
        category = unicodedata.category(character)
        return category[0] in "ZC" or character in BLANKS

    @api.model
    def _check_signature(self, signature):
        """Refuse what is no picture of a signature.

        :raise UserError: for the customer to read
        """
        if not signature:
            raise UserError(self.env._("Sign before you accept."))
        if not self._is_picture(signature):
            raise UserError(
                self.env._("The signature is no valid image: please sign again.")
            )

    @api.model
    def _is_picture(self, content):
        """Whether base64 encoded content is an image made of pixels, no SVG."""
        try:
            image = ImageProcess(base64.b64decode(content)).image
            if image:
                image.load()
        except INVALID_IMAGE_ERRORS:
            return False
        return bool(image)

    def _get_acceptance_lang(self):
        """Return the language of who runs the project."""
        users = self.project_id.user_id | self.acceptance_user_id
        return (
            users[:1].lang or self._get_acceptance_contract().company_id.partner_id.lang
        )

    @api.model
    def _quote(self, text):
        """Return a text as a quotation in a message, nothing for none."""
        return plaintext2html(text, container_tag="blockquote") if text else ""
