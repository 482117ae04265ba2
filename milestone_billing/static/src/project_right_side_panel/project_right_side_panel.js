import { ProjectRightSidePanel } from "@project/components/project_right_side_panel/project_right_side_panel";

import { useBus } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";

import { BillingTimeline } from "../billing_timeline/billing_timeline";

Object.assign(ProjectRightSidePanel.components, { BillingTimeline });

patch(ProjectRightSidePanel.prototype, {
    setup() {
        super.setup(...arguments);
        useBus(this.env.bus, "MILESTONE_BILLING_CHANGED", () => this.reloadBilling());
    },

    /** Draws the picture anew after one of its milestones was marked in the rows below. */
    async reloadBilling() {
        if (this.state.data.billing_timeline) {
            await this.loadData();
        }
    },
});
