import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { BillingTimeline } from "./billing_timeline";

import { Component, useEffect, useState } from "@odoo/owl";

/** The picture of a project, read once what it stands on is there: that need not wait. */
export class ProjectTimeline extends Component {
    static template = "milestone_billing.ProjectTimeline";
    static components = { BillingTimeline };
    static props = {
        projectId: Number,
        isVertical: { type: Boolean, optional: true },
        /** Whether the project is being edited: it is read anew when that is saved. */
        isDirty: { type: Boolean, optional: true },
        onWillAct: { type: Function, optional: true },
        onDidAct: { type: Function, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ picture: null });
        useEffect(
            (_projectId, isDirty) => {
                if (!isDirty) {
                    this.load();
                }
            },
            () => [this.props.projectId, this.props.isDirty]
        );
        useBus(this.env.bus, "MILESTONE_BILLING_CHANGED", () => this.load());
    }

    async load() {
        this.state.picture = await this.keepLast.add(
            this.orm.call("project.project", "get_billing_timeline", [this.props.projectId])
        );
    }

    async onDidAct() {
        await Promise.all([this.load(), this.props.onDidAct?.()]);
    }
}

/** The picture on the form of its project. */
export class ProjectTimelineWidget extends Component {
    static template = "milestone_billing.ProjectTimelineWidget";
    static components = { ProjectTimeline };
    static props = { ...standardWidgetProps };

    /** What is acted on is what is shown: edits are saved first. */
    async save() {
        const { record } = this.props;
        return (await record.isDirty()) ? record.save() : true;
    }

    async reload() {
        await this.props.record.load();
    }
}

registry.category("view_widgets").add("billing_project_timeline", {
    component: ProjectTimelineWidget,
});
