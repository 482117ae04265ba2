import { ProjectMilestone } from "@project/components/project_right_side_panel/components/project_milestone";

import { patch } from "@web/core/utils/patch";

patch(ProjectMilestone.prototype, {
    /** As in lists, where the neutral badge is grey, too. */
    get billingBadgeClass() {
        const color = this.milestone.billing_state_color;
        return `text-bg-${color === "light" ? "300" : color}`;
    },

    /** Keeps the row usable when the server refuses, as it may with an invoiced milestone. */
    async toggleIsReached() {
        if (this.write_mutex) {
            return;
        }
        try {
            await super.toggleIsReached(...arguments);
            // the picture above shows it, too
            this.env.bus.trigger("MILESTONE_BILLING_CHANGED");
        } finally {
            this.write_mutex = false;
        }
    },
});
