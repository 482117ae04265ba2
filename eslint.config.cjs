// Errors only: prettier has the last word on layout.
module.exports = [
    {
        files: ["**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: {
                console: "readonly",
                ResizeObserver: "readonly",
                document: "readonly",
                luxon: "readonly",
                setTimeout: "readonly",
                window: "readonly",
            },
        },
        rules: {
            eqeqeq: "error",
            "no-const-assign": "error",
            "no-debugger": "error",
            "no-dupe-keys": "error",
            "no-redeclare": "error",
            "no-undef": "error",
            "no-unreachable": "error",
            "no-unused-vars": ["error", {args: "none"}],
            "no-var": "error",
            "prefer-const": "error",
        },
    },
];
