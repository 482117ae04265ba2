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

    act(name) {
        return doRecordAction(this.env, this.props.record, name);
    }
}

registry.category("view_widgets").add("billing_send_schedule", {
    component: SendSchedule,
});
