import { ProjectMilestone } from "@project/components/project_right_side_panel/components/project_milestone";

import { patch } from "@web/core/utils/patch";

const BADGE_CLASSES = {
    ready: "text-bg-info",
    to_decide: "text-bg-warning",
    drafted: "text-bg-warning",
    billed: "text-bg-primary",
    paid: "text-bg-success",
};

patch(ProjectMilestone.prototype, {
    get billingBadgeClass() {
        return BADGE_CLASSES[this.milestone.billing_state] || "text-bg-light";
    },

    /** Keeps the row usable when the server refuses, as it may with an invoiced milestone. */
    async toggleIsReached() {
        if (this.write_mutex) {
            return;
        }
        try {
            await super.toggleIsReached(...arguments);
        } finally {
            this.write_mutex = false;
        }
    },
});
