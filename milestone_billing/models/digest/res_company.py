from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_reminder_days = fields.Integer(
        string="Remind After Days",
        help="Who is responsible is reminded of what is ready, or waits in a draft, for"
        " more days than these; of what is late or blocked at once. 0 reminds nobody.",
        default=7,
    )

    _milestone_billing_reminder_days_positive = models.Constraint(
        "CHECK (milestone_billing_reminder_days >= 0)",
        "The days after which one is reminded cannot be negative.",
    )
