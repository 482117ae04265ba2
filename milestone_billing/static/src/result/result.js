import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { htmlJoin } from "@web/core/utils/html";

import { markup } from "@odoo/owl";

/**
 * Says in one toast what was done with several records and why others were skipped.
 *
 * Params as `milestone.billing.line._get_result_action` describes them.
 */
function showResult({ services }, { params }) {
    const lines = [params.message, ...params.reasons];
    const close = services.notification.add(htmlJoin(lines, markup("<br/>")), {
        type: params.type,
        sticky: params.reasons.length > 0,
        autocloseDelay: 8000,
        className: "o_milestone_billing_result",
        buttons: params.show
            ? [
                  {
                      name: _t("Show").toString(),
                      onClick: () => {
                          close();
                          return services.action.doAction(params.show);
                      },
                  },
              ]
            : [],
    });
    return params.next;
}

registry.category("actions").add("milestone_billing_result", showResult);
