/**
 * Return the class of a badge whose letters are dark enough to be read on its colour.
 *
 * @param {string} color of Bootstrap's; light is the neutral one
 */
export function getBadgeClass(color) {
    return color === "light" ? "text-bg-300" : `bg-${color}-subtle text-${color}-emphasis`;
}
