import { registry } from "@web/core/registry";
import { exprToBoolean } from "@web/core/utils/strings";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { BillingTimeline } from "./billing_timeline";

import { Component } from "@odoo/owl";

/** The picture of a contract or project, from its Json field. */
export class BillingTimelineField extends Component {
    static template = "milestone_billing.BillingTimelineField";
    static components = { BillingTimeline };
    static props = { ...standardFieldProps, isVertical: { type: Boolean, optional: true } };

    get picture() {
        return this.props.record.data[this.props.name];
    }

    /** What is acted on is what is shown: edits are saved first. */
    async save() {
        const { record } = this.props;
        return (await record.isDirty()) ? record.save() : true;
    }

    /** The table of the stages below looks at what is chosen. */
    choose(status) {
        this.props.record.chosenStatus = status;
    }

    async reload() {
        await this.props.record.load();
    }
}

registry.category("fields").add("billing_timeline", {
    component: BillingTimelineField,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ isVertical: exprToBoolean(options.vertical) }),
});
