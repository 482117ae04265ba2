import { registry } from "@web/core/registry";
import { usePopover } from "@web/core/popover/popover_hook";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { BillingStage, formatDay } from "../billing_timeline/billing_stage";
import { doStageAct } from "../billing_timeline/stage_acts";

import { Component } from "@odoo/owl";

const { DateTime } = luxon;

/** The next stage of a project and its day; it opens what can be done with it. */
export class NextStage extends Component {
    static template = "milestone_billing.NextStage";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.popover = usePopover(BillingStage, {
            position: "bottom-start",
            popoverClass: "o_billing_popover",
        });
    }

    get name() {
        return this.props.record.data[this.props.name];
    }

    get date() {
        return this.props.record.data.billing_next_date;
    }

    get day() {
        return this.date ? formatDay(this.date.toISODate()) : "";
    }

    get isLate() {
        return this.date && this.date < DateTime.local().startOf("day");
    }

    async open(ev) {
        const { currentTarget } = ev;
        const { record } = this.props;
        const picture = await this.orm.call(record.resModel, "get_billing_timeline", [
            [record.resId],
        ]);
        const stage = picture && picture.stages.find((each) => each.is_next);
        if (stage) {
            this.popover.open(currentTarget, {
                stage,
                hasHead: true,
                onAct: (of, act) =>
                    doStageAct(this.action, of, act, () => record.model.root.load()),
            });
        }
    }
}

registry.category("fields").add("milestone_billing_next_stage", {
    component: NextStage,
    supportedTypes: ["char"],
    fieldDependencies: [{ name: "billing_next_date", type: "date" }],
});
