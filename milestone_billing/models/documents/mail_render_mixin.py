from odoo import api, models


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(self, template_src, model, res_ids, **kwargs):
        # EXTENDS 'mail': core renders parts of an e-mail composer with sudo for whoever
        # asks, and every employee may write the template
        if model == "milestone.billing.contract":
            self.env[model].browse(filter(None, res_ids))._check_amounts_shown()
        return super()._render_template(template_src, model, res_ids, **kwargs)
