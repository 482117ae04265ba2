#!/usr/bin/env bash
# Runs the linters on all files of git, or with --format only those that correct formatting.
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"

FORMATTERS=(ruff ruff-format prettier trailing-whitespace end-of-file-fixer)

lint() {
    # The diff of what was corrected, unless there are other changes to drown it in.
    if git diff --quiet; then set -- --show-diff-on-failure "$@"; fi
    pre-commit run --color never --all-files "$@"
}

need_packages git
check_python
cd "$ROOT"
# Root may work in somebody else's checkout.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$ROOT
git rev-parse --git-dir >/dev/null 2>&1 || die "the linters need a git checkout"
mapfile -t unknown < <(git ls-files --others --exclude-standard)
[ "${#unknown[@]}" -eq 0 ] ||
    say "Not looked at, since git does not know them (git add): ${unknown[*]}"
lock_setup
get_python requirements-dev
step "Preparing the linters" lint-install retry pre-commit install-hooks
unlock_setup

if [ "${1:-}" = --format ]; then
    for hook in "${FORMATTERS[@]}"; do
        lint "$hook" || true # "failed" means that it changed something
    done
    exit
fi
attempt "Running the linters" lint lint
[ "$status" -eq 0 ] || {
    grep -v -e '\.\.\.Passed$' -e 'Skipped$' "$LOGS/lint.log" || true
    die "the linters found something (some of it may be corrected by now: see git diff)"
}
