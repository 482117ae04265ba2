import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CharField, charField } from "@web/views/fields/char/char_field";

/** A stage's name; below it why it is blocked, or what was agreed. */
export class StageName extends CharField {
    static template = "milestone_billing.StageName";

    get detail() {
        const { blocking_reason: reason, acceptance_criteria: agreed } = this.props.record.data;
        return reason || agreed || "";
    }
}

registry.category("fields").add("billing_stage_name", {
    ...charField,
    component: StageName,
    displayName: _t("Stage"),
    fieldDependencies: [
        { name: "is_live", type: "boolean" },
        { name: "blocking_reason", type: "char" },
        { name: "acceptance_criteria", type: "text" },
    ],
});
