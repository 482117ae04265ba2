import { serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { x2ManyCommands } from "@web/core/orm_service";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart } from "@odoo/owl";

/** How a project without stages is paid: a template to go on from, or an empty table. */
export class EmptySchedule extends Component {
    static template = "milestone_billing.EmptySchedule";
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        onWillStart(async () => {
            const companyId = this.props.record.data.company_id?.id || null;
            this.templates = await this.orm.call("milestone.billing.template", "get_cards", [
                companyId,
            ]);
        });
    }

    get list() {
        return this.props.record.data.line_ids;
    }

    /** Show the stages, dates and amounts of a template; nothing is saved before Create. */
    preview(templateId) {
        return this.openSetup(_t("Preview"), { default_template_id: templateId });
    }

    /** Read the stages from a text; nothing is saved before Create. */
    paste() {
        return this.openSetup(_t("Paste a schedule"), {
            default_is_pasted: true,
            dialog_size: "extra-large",
            form_view_ref: "milestone_billing.milestone_billing_setup_view_form_paste",
        });
    }

    /**
     * Open the preview for this contract, which takes over what is made there.
     *
     * @param {string} title
     * @param {Object} context defaults of the preview
     */
    openSetup(title, context) {
        const { contract_sum, currency_id, company_id, partner_id, date } = this.props.record.data;
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                name: title.toString(),
                res_model: "milestone.billing.setup",
                views: [[false, "form"]],
                target: "new",
                context: {
                    default_contract_sum: contract_sum,
                    default_currency_id: currency_id?.id,
                    default_company_id: company_id?.id,
                    default_partner_id: partner_id?.id,
                    ...(date && { default_date_start: serializeDate(date) }),
                    ...context,
                },
            },
            { onClose: (made) => made?.stages && this.take(made) }
        );
    }

    /** Take over what was made in the preview, and save the contract. */
    async take({ contract_sum, template, stages }) {
        const { record } = this.props;
        await record.update({ contract_sum, template_id: template.id ? template : false });
        await this.list.applyCommands(
            stages.map((stage) => x2ManyCommands.create(undefined, stage))
        );
        return record.save();
    }

    startEmpty() {
        return this.list.addNewRecord({ mode: "edit", position: "bottom" });
    }
}

registry.category("view_widgets").add("billing_empty_schedule", {
    component: EmptySchedule,
});
