import { describe, expect, test } from "@odoo/hoot";
import { defineParams, makeMockEnv } from "@web/../tests/web_test_helpers";

import { formatShare, parseShare } from "@milestone_billing/share_cell/share";

describe.current.tags("headless");

const IN_DOLLARS = { hasSum: true, currencySigns: ["$", "USD"] };
const WITHOUT_SUM = { ...IN_DOLLARS, hasSum: false };
const GERMAN = { decimal_point: ",", thousands_sep: ".", grouping: "[3,0]" };

/** Prepare the user's number format, English unless another is given. */
async function writeNumbersAs(parameters) {
    if (parameters) {
        defineParams({ lang_parameters: parameters });
    }
    await makeMockEnv();
}

/** Each text stands for the share beside it. */
function expectShares(shares, options = IN_DOLLARS) {
    for (const [text, share] of Object.entries(shares)) {
        expect(parseShare(text, options)).toEqual(share, { message: text });
    }
}

/** Each text is refused for the reason beside it. */
function expectRefused(reasons) {
    for (const [text, reason] of Object.entries(reasons)) {
        expect(() => parseShare(text, IN_DOLLARS)).toThrow(reason, { message: text });
    }
}

test("a percentage, an amount and the rest are told apart", async () => {
    await writeNumbersAs();
    expectShares({
        "25 %": { basis: "percent", percent: 25 },
        "25%": { basis: "percent", percent: 25 },
        " 25 ": { basis: "percent", percent: 25 },
        "33.333333 %": { basis: "percent", percent: 33.333333 },
        100: { basis: "percent", percent: 100 },
        100.01: { basis: "fixed", amount: 100.01 },
        2500: { basis: "fixed", amount: 2500 },
        "2,500.00": { basis: "fixed", amount: 2500 },
        "$ 25": { basis: "fixed", amount: 25 },
        "25 USD": { basis: "fixed", amount: 25 },
        rest: { basis: "balance" },
        Rest: { basis: "balance" },
        balance: { basis: "balance" },
        "": { basis: "percent", percent: 0 },
    });
});

test("without a contract sum a number is an amount", async () => {
    await writeNumbersAs();
    expectShares(
        {
            25: { basis: "fixed", amount: 25 },
            "25 %": { basis: "percent", percent: 25 },
        },
        WITHOUT_SUM
    );
});

test("numbers are written as the user writes them", async () => {
    await writeNumbersAs(GERMAN);
    expectShares({
        "2.500,00": { basis: "fixed", amount: 2500 },
        "2500,5": { basis: "fixed", amount: 2500.5 },
        "12,5 %": { basis: "percent", percent: 12.5 },
        "12,5": { basis: "percent", percent: 12.5 },
    });
    expectRefused({ "2,500.00": /2\.500,00/, 12.5: /2\.500,00/ });
});

test("Arabic digits and signs are read", async () => {
    await writeNumbersAs();
    expectShares({
        "٢٥ ٪": { basis: "percent", percent: 25 },
        "١٢٫٥": { basis: "percent", percent: 12.5 },
        "٢٬٥٠٠": { basis: "fixed", amount: 2500 },
    });
});

test("nonsense is refused, and says why", async () => {
    await writeNumbersAs();
    expectRefused({
        much: /Type 25 %, an amount such as 2,500\.00, or rest\./,
        "25,00": /Type 25 %/,
        "2 500": /Type 25 %/,
        "1e3": /Type 25 %/,
        "-5": /cannot be negative/,
        "120 %": /between 0 and 100/,
    });
});

test("what is shown stands for the same when it is typed", async () => {
    await writeNumbersAs();
    const options = { hasSum: true, currencyId: 1 };
    for (const [share, shown] of [
        [{ basis: "percent", percent: 25 }, "25\u00a0%"],
        [{ basis: "percent", percent: 33.333333 }, "33.333333\u00a0%"],
        [{ basis: "fixed", amount: 2500 }, "2,500.00"],
        [{ basis: "fixed", amount: 25 }, "$\u00a025.00"],
        [{ basis: "balance" }, "rest"],
    ]) {
        expect(formatShare(share, options)).toBe(shown);
        expect(parseShare(shown, IN_DOLLARS)).toEqual(share);
    }
});
