import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** Hands on how far a run in the background is, and says when it is at its end. */
export const runService = {
    dependencies: ["action", "bus_service", "notification", "orm"],

    start(env, { action, bus_service: bus, notification, orm }) {
        async function show(run) {
            return action.doAction(
                await orm.call("milestone.billing.run", "action_show", [[run.id]])
            );
        }

        /**
         * @param {Object} run as `milestone.billing.run._prepare_progress` describes it
         */
        function update(run) {
            env.bus.trigger("MILESTONE_BILLING_RUN", run);
            if (run.is_open || document.hidden) {
                return; // the banner goes on saying it
            }
            const close = notification.add(run.message, {
                type: "success",
                sticky: true,
                className: "o_milestone_billing_run_done",
                buttons: run.may_show
                    ? [
                          {
                              name: _t("Show").toString(),
                              onClick: () => {
                                  close();
                                  return show(run);
                              },
                          },
                      ]
                    : [],
            });
        }

        bus.subscribe("milestone_billing_run", update);
        bus.start();
    },
};

registry.category("services").add("milestone_billing_run", runService);
