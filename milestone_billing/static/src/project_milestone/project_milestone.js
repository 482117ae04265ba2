import { ProjectMilestone } from "@project/components/project_right_side_panel/components/project_milestone";

import { patch } from "@web/core/utils/patch";

import { getBadgeClass } from "../billing_badge/badge_class";

patch(ProjectMilestone.prototype, {
    get billingBadgeClass() {
        return getBadgeClass(this.milestone.billing_state_color);
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
