import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { badgeField } from "@web/views/fields/badge/badge_field";

import { StatusBadge } from "../billing_badge/status_badge";
import { doRecordAction } from "../record_action";

/** A stage's status, and the numbers of the invoices that bill it. */
export class StageStatus extends StatusBadge {
    static template = "milestone_billing.StageStatus";

    setup() {
        this.action = useService("action");
    }

    get invoices() {
        return this.props.record.data.invoice_links || [];
    }

    /** The numbers of several documents: the cell has room for one. */
    get numbers() {
        return this.invoices.map(({ name }) => name).join(", ");
    }

    get count() {
        return _t("%s documents", this.invoices.length);
    }

    openInvoices() {
        return doRecordAction(this.env, this.props.record, "action_open_documents");
    }

    openInvoice(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "account.move",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("billing_stage_badge", {
    ...badgeField,
    component: StageStatus,
    displayName: _t("Status and invoices of a stage"),
    supportedTypes: ["selection"],
    fieldDependencies: [{ name: "invoice_links", type: "json" }],
});
