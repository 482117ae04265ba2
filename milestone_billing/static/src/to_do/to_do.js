import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** What is to be done with a line of the queue: a sentence, and links to documents. */
export class ToDo extends Component {
    static template = "milestone_billing.ToDo";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get value() {
        return this.props.record.data[this.props.name] || { text: "", moves: [] };
    }

    get isBlocked() {
        return this.props.record.data.state === "blocked";
    }

    openMove(moveId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "account.move",
            res_id: moveId,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("milestone_billing_to_do", {
    component: ToDo,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "state", type: "selection" }],
});
