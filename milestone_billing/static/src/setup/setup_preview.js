import { deserializeDate, toLocaleDateString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** The stages that a project will have: read only, before it is made. */
export class SetupPreview extends Component {
    static template = "milestone_billing.SetupPreview";
    static props = { ...standardFieldProps };

    get stages() {
        return this.props.record.data[this.props.name] || [];
    }

    formatDate(date) {
        return date && toLocaleDateString(deserializeDate(date));
    }
}

registry.category("fields").add("billing_setup_preview", {
    component: SetupPreview,
    displayName: _t("Stages to be made"),
    supportedTypes: ["json"],
});
