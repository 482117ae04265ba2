// JavaScript as in Odoo itself. The indentation comes from .editorconfig.
module.exports = {
    plugins: [require.resolve("@prettier/plugin-xml")],
    printWidth: 100,
    trailingComma: "es5",
    xmlWhitespaceSensitivity: "preserve",
};
