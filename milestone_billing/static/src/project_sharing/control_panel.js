import { patch } from "@web/core/utils/patch";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { session } from "@web/session";

patch(ControlPanel.prototype, {
    /** The billing page of the shared project, for collaborators who are its customer. */
    get milestoneBillingUrl() {
        return session.milestone_billing_url;
    },
});
