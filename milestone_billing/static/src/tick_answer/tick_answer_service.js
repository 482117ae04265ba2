import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

import { markup } from "@odoo/owl";

/** Long enough to read a sentence and to reach *Undo*. */
const READING_TIME = 10000;

/**
 * Shows what a tick did, by whatever road it was made: the server says it to the one who
 * ticked once it is done.
 */
export const tickAnswerService = {
    dependencies: ["action", "bus_service", "notification", "orm"],

    start(env, { action, bus_service: bus, notification, orm }) {
        function openMoves(moveIds) {
            const isOne = moveIds.length === 1;
            return action.doAction({
                type: "ir.actions.act_window",
                name: _t("Milestone Invoices"),
                res_model: "account.move",
                res_id: isOne && moveIds[0],
                domain: [["id", "in", moveIds]],
                views: isOne
                    ? [[false, "form"]]
                    : [
                          [false, "list"],
                          [false, "form"],
                      ],
            });
        }

        async function undo(milestoneIds) {
            await orm.write("project.milestone", milestoneIds, { is_reached: false });
            await action.doAction("soft_reload");
        }

        async function fix(lineId) {
            return action.doAction(
                await orm.call("milestone.billing.line", "action_fix", [[lineId]]),
                { onClose: () => action.doAction("soft_reload") }
            );
        }

        /**
         * @param {Object} answer as `project.milestone._prepare_answer` describes it
         */
        function show(answer) {
            const isBad = answer.type === "danger";
            if (document.hidden && !isBad) {
                return; // another tab, in which the user is, shows it
            }
            const steps = [];
            if (answer.fix) {
                steps.push([answer.fix.label, () => fix(answer.fix.line_id)]);
            }
            if (answer.move_ids.length) {
                steps.push([_t("Open draft"), () => openMoves(answer.move_ids)]);
            }
            if (answer.undo_ids.length) {
                steps.push([_t("Undo"), () => undo(answer.undo_ids)]);
            }
            const close = notification.add(markup(answer.message), {
                type: answer.type,
                sticky: isBad,
                autocloseDelay: READING_TIME,
                className: "o_milestone_billing_answer",
                buttons: steps.map(([name, onClick]) => ({
                    name: name.toString(),
                    onClick: () => {
                        close();
                        return onClick();
                    },
                })),
            });
        }

        bus.subscribe("milestone_billing_answer", show);
        bus.start();
        return { show };
    },
};

registry.category("services").add("milestone_billing.tick_answer", tickAnswerService);
