import { _t } from "@web/core/l10n/translation";

/** The records that a button of a stage acts on, and the method it calls. */
function getAct({ id, line_ids: lineIds }, name) {
    const ofMilestone = ["project.milestone", [id]];
    const ofLines = lineIds.length ? ["milestone.billing.line", lineIds] : ofMilestone;
    return {
        mark_done: [...ofMilestone, "action_mark_done"],
        postpone: [...ofMilestone, "action_postpone"],
        ask: [...ofMilestone, "action_ask_acceptance"],
        remind: [...ofMilestone, "action_ask_acceptance"],
        create_draft: [...ofLines, "action_create_draft_invoice"],
        decide: [...ofLines, "action_decide"],
        open: ofLines,
    }[name];
}

/** The action that shows the record of a stage, or its several ones. */
function getOpenAction(resModel, resIds) {
    const isOne = resIds.length === 1;
    return {
        type: "ir.actions.act_window",
        name: _t("Stage"),
        res_model: resModel,
        views: isOne
            ? [[false, "form"]]
            : [
                  [false, "list"],
                  [false, "form"],
              ],
        ...(isOne ? { res_id: resIds[0] } : { domain: [["id", "in", resIds]] }),
    };
}

/**
 * Do with a stage what one of its buttons says.
 *
 * @param {Object} action the service of actions
 * @param {Object} stage as `milestone.billing.timeline` draws it
 * @param {string} name of one of the stage's `acts`, or `open`
 * @param {Function} onDone called once it is done
 */
export async function doStageAct(action, stage, name, onDone) {
    const [resModel, resIds, method] = getAct(stage, name);
    if (name === "open") {
        return action.doAction(getOpenAction(resModel, resIds));
    }
    return action.doActionButton({
        type: "object",
        name: method,
        resModel,
        resIds,
        onClose: onDone,
    });
}
