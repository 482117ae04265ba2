import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { escapeRegExp } from "@web/core/utils/strings";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { parseFloat } from "@web/views/fields/parsers";

/** Why a text is no share, in the user's language. */
export class InvalidShareError extends Error {}

const ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩";

/** Return the words that stand for the rest: the user's own and English. */
function getRestWords() {
    return [_t("rest"), "rest", "balance"].map((word) => word.toString().toLowerCase());
}

/** Return a text with the digits and signs of the user's number format. */
function normalize(text) {
    return text
        .trim()
        .replace(/[٠-٩]/g, (digit) => ARABIC_DIGITS.indexOf(digit))
        .replace(/٪/g, "%")
        .replace(/٫/g, localization.decimalPoint)
        .replace(/٬/g, localization.thousandsSep);
}

/** Whether a text is a number as the user writes numbers, its groups of three included. */
function isNumber(text) {
    const separator = localization.thousandsSep;
    const group = /\S/.test(separator) ? escapeRegExp(separator) : "\\s";
    const decimals = `(${escapeRegExp(localization.decimalPoint)}\\d*)?`;
    return new RegExp(`^(\\d+|\\d{1,3}(${group || "\\s"}\\d{3})+)${decimals}$`).test(text);
}

/**
 * Return the number that a text stands for.
 *
 * @param {string} text without a sign of percent or currency
 */
function parseNumber(text) {
    if (text.startsWith("-")) {
        throw new InvalidShareError(_t("A share cannot be negative."));
    }
    if (!isNumber(text)) {
        const example = formatFloat(2500, { digits: [16, 2] });
        throw new InvalidShareError(_t("Type 25 %, an amount such as %s, or rest.", example));
    }
    return parseFloat(text);
}

/**
 * Return the share that a text stands for: a percentage, an amount or the rest.
 *
 * A number up to 100 is a percentage of the contract sum, a higher one an amount, and so
 * is one with the sign of the currency. Without a contract sum there is nothing to take
 * a percentage of: a number is an amount then.
 *
 * @param {string} text in the user's number format
 * @param {Object} options
 * @param {boolean} options.hasSum whether a contract sum is entered
 * @param {string[]} [options.currencySigns] signs and names of the contract's currency
 * @returns {{basis: string, percent?: number, amount?: number}}
 * @throws {InvalidShareError} saying why
 */
export function parseShare(text, { hasSum, currencySigns = [] }) {
    let value = normalize(text);
    if (!value) {
        return { basis: "percent", percent: 0 };
    }
    if (getRestWords().includes(value.toLowerCase())) {
        return { basis: "balance" };
    }
    if (value.includes("%")) {
        const percent = parseNumber(value.replace("%", "").trim());
        if (percent > 100) {
            throw new InvalidShareError(_t("A percentage lies between 0 and 100."));
        }
        return { basis: "percent", percent };
    }
    const sign = currencySigns.find((each) => each && value.includes(each));
    value = value.replace(sign || "", "").trim();
    const number = parseNumber(value);
    if (hasSum && !sign && number <= 100) {
        return { basis: "percent", percent: number };
    }
    return { basis: "fixed", amount: number };
}

/**
 * Return a share as text that stands for it when it is typed.
 *
 * @param {{basis: string, percent: number, amount: number}} share
 * @param {Object} options
 * @param {boolean} options.hasSum whether a contract sum is entered
 * @param {number} [options.currencyId]
 */
export function formatShare({ basis, percent, amount }, { hasSum, currencyId }) {
    if (basis === "balance") {
        return _t("rest").toString();
    }
    if (basis === "percent") {
        const number = formatFloat(percent, { digits: [9, 6], trailingZeros: false });
        return percent ? `${number}\u00a0%` : "";
    }
    // a small number without the sign of the currency would be a percentage
    return formatMonetary(amount, { currencyId, noSymbol: !hasSum || amount > 100 });
}

/**
 * Return a share with what change orders add to the stage alone, or take from it.
 *
 * @param {Object} stage a share, and its ``amount_changed``
 * @param {Object} options as of :func:`formatShare`
 */
export function formatChanged(stage, options) {
    const { amount_changed: changed, basis, amount } = stage;
    const share = formatShare(stage, options);
    if (!changed) {
        return share;
    }
    const sign = changed > 0 ? "+" : "\u2212";
    const { currencyId } = options;
    const text = `${sign}${formatMonetary(Math.abs(changed), { currencyId, noSymbol: true })}`;
    return basis === "fixed" && !amount ? text : `${share} ${text}`;
}
