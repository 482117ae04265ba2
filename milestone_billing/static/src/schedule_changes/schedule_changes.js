import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, useState } from "@odoo/owl";

const SHOWN_AT_FIRST = 5;

/** The changes of a schedule and the decisions on it, the newest first. */
export class ScheduleChanges extends Component {
    static template = "milestone_billing.ScheduleChanges";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ showsAll: false });
    }

    get changes() {
        return this.props.record.data[this.props.name] || [];
    }

    get shown() {
        return this.state.showsAll ? this.changes : this.changes.slice(0, SHOWN_AT_FIRST);
    }

    get allLabel() {
        return _t("Show all %s", this.changes.length);
    }
}

registry.category("fields").add("billing_changes", {
    component: ScheduleChanges,
    displayName: _t("Changes of a schedule"),
    supportedTypes: ["json"],
});
