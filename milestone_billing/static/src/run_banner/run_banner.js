import { useBus, useService } from "@web/core/utils/hooks";

import { Component, onWillStart, useState } from "@odoo/owl";

/** How far the user's runs in the background are, and what came of them. */
export class RunBanner extends Component {
    static template = "milestone_billing.RunBanner";
    static props = {
        /** Called when stages were worked off. */
        onProgress: { type: Function, optional: true },
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ runs: [] });
        onWillStart(async () => {
            this.state.runs = await this.orm.call("milestone.billing.run", "get_progress", []);
        });
        useBus(this.env.bus, "MILESTONE_BILLING_RUN", ({ detail }) => this.update(detail));
    }

    /**
     * @param {Object} run as `milestone.billing.run._prepare_progress` describes it
     */
    update(run) {
        const index = this.state.runs.findIndex(({ id }) => id === run.id);
        if (index < 0) {
            this.state.runs.unshift(run);
        } else {
            this.state.runs[index] = run;
        }
        this.props.onProgress?.();
    }

    getClass(run) {
        if (run.is_open) {
            return run.stopped ? "alert-warning" : "alert-info";
        }
        return "alert-success";
    }

    async cancel(run) {
        await this.orm.call("milestone.billing.run", "action_cancel", [[run.id]]);
        this.state.runs = await this.orm.call("milestone.billing.run", "get_progress", []);
        this.props.onProgress?.();
    }

    async dismiss(run) {
        await this.orm.call("milestone.billing.run", "action_dismiss", [[run.id]]);
        this.state.runs = this.state.runs.filter(({ id }) => id !== run.id);
    }

    async show(run) {
        return this.action.doAction(
            await this.orm.call("milestone.billing.run", "action_show", [[run.id]])
        );
    }
}
