import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { x2ManyCommands } from "@web/core/orm_service";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component } from "@odoo/owl";

/** Return the usual ways to cut a contract: percentages, the last stage takes the rest. */
function getCuts() {
    const start = _t("Project start");
    const end = _t("Completion");
    return [
        { percents: [50], names: [start, end] },
        { percents: [30, 40], names: [start, _t("Halfway"), end] },
        { percents: [25, 25, 25], names: [start, _t("First part"), _t("Second part"), end] },
    ];
}

/** How a project without stages is paid: a usual cut to go on from, or an empty table. */
export class EmptySchedule extends Component {
    static template = "milestone_billing.EmptySchedule";
    static props = { ...standardWidgetProps };

    setup() {
        this.cuts = getCuts();
    }

    get list() {
        return this.props.record.data.line_ids;
    }

    getLabel({ percents }) {
        return [...percents.map((percent) => `${percent}\u00a0%`), _t("rest")].join(" · ");
    }

    /** Fill the table with the stages of a cut; nothing is saved yet. */
    apply({ percents, names }) {
        const commands = names.map((name, index) => {
            const isLast = index === percents.length;
            const kind = isLast ? "final" : "progress";
            return x2ManyCommands.create(undefined, {
                name: name.toString(),
                sequence: 10 + index,
                kind: index ? kind : "deposit",
                basis: isLast ? "balance" : "percent",
                percent: percents[index] || 0,
            });
        });
        return this.list.applyCommands(commands);
    }

    startEmpty() {
        return this.list.addNewRecord({ mode: "edit", position: "bottom" });
    }
}

registry.category("view_widgets").add("billing_empty_schedule", {
    component: EmptySchedule,
});
