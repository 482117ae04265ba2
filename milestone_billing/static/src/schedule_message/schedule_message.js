import { Dropdown } from "@web/core/dropdown/dropdown";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { doRecordAction } from "../record_action";

import { Component } from "@odoo/owl";

const ICONS = {
    danger: "fa-exclamation-circle",
    info: "fa-info-circle",
    success: "fa-check",
    warning: "fa-exclamation-triangle",
};

/** Whether a schedule is in order, in one line of fixed height; the rest unfolds. */
export class ScheduleMessage extends Component {
    static template = "milestone_billing.ScheduleMessage";
    static components = { Dropdown };
    static props = { ...standardFieldProps };

    get message() {
        return this.props.record.data[this.props.name] || { level: "info", sentences: [] };
    }

    get classes() {
        const { level } = this.message;
        return level === "success" ? "bg-100 border" : `alert-${level}`;
    }

    get icon() {
        const color = this.message.level === "success" ? "text-success" : "";
        return `fa fa-fw ${ICONS[this.message.level]} ${color}`;
    }

    get first() {
        return this.message.sentences[0] || "";
    }

    get others() {
        return this.message.sentences.slice(1);
    }

    get othersLabel() {
        return _t("%s more", this.others.length);
    }

    checkAgain() {
        return doRecordAction(this.env, this.props.record, "action_check_again");
    }
}

registry.category("fields").add("billing_schedule_message", {
    component: ScheduleMessage,
    displayName: _t("Whether a schedule is in order"),
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "state", type: "selection" }],
});
