import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { doRecordAction } from "../record_action";

import { Component } from "@odoo/owl";

/** Send the schedule to the customer; or print it, or see what the customer sees. */
export class SendSchedule extends Component {
    static template = "milestone_billing.SendSchedule";
    static components = { Dropdown, DropdownItem };
    static props = { ...standardWidgetProps };

    get data() {
        return this.props.record.data;
    }

    get canAsk() {
        return this.data.can_edit_schedule;
    }

    get canWithdraw() {
        const isOpen = ["asked", "returned"].includes(this.data.acceptance_state);
        return this.canAsk && isOpen;
    }

    act(name) {
        return doRecordAction(this.env, this.props.record, name);
    }
}

registry.category("view_widgets").add("billing_send_schedule", {
    component: SendSchedule,
    fieldDependencies: [
        { name: "acceptance_state", type: "selection" },
        { name: "can_edit_schedule", type: "boolean" },
    ],
});
