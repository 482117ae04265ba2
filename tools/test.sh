#!/usr/bin/env bash
# Linters, then the whole suite twice: on project_account alone, and beside the sales
# modules and localisations. ONLY=TestClass[.test_method][,…] runs just these, on a
# database that is kept; WITH=sale chooses the second one for that.
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"
source "$ROOT/tools/postgres.sh"

declare -A MODULES=(
    [account]="project_account"
    # with a way to pay online, and the localisations that replace the invoice's report
    [sale]="project_account,sale_project,sale_timesheet,payment_demo,l10n_din5008,l10n_ch,l10n_gcc_invoice,l10n_in"
)
# Only tests in the browser are tried a second time (_retry), which the report tells.
export ODOO_TEST_FAILURE_RETRIES=1

is_installed() {
    database_exists "$1" &&
        [ "$(sql "$1" -c "SELECT state FROM ir_module_module WHERE name = '$MODULE'")" = installed ]
}

# suite NAME TAGS KEEP: runs the tests on the database of that name.
suite() {
    local database=test_$1_$ODOO_KEY how=-u
    get_template "$1" "${MODULES[$1]}"
    if [ -z "$3" ] || ! is_installed "$database"; then
        copy_database "$template" "$database"
        how=-i
    fi
    attempt "Testing with ${MODULES[$1]//,/, }" "test-$1" odoo server -d "$database" $how "$MODULE" \
        --test-enable --test-tags "$2" --stop-after-init --http-port "$(free_port)"
    [ "$status" -eq 0 ] || problems+=("Odoo gave exit code $status: $LOGS/test-$1.log")
    logs+=("$LOGS/test-$1.log")
}

check_log() {
    checklog-odoo --no-echo -c "$ROOT/tools/checklog.cfg" "$1" >"$1.check" 2>&1 && return
    # A failed test is an error in the log, too, and has been shown by then.
    grep -q ' ERROR .*: \(FAIL\|ERROR\): ' "$1" || cat "$1.check"
    problems+=("unexpected warnings or errors in the log: $1.check")
}

need_packages "${DEMO_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
check_python
exec 7>"$DEV/test.lock"
flock -n 7 || die "another make test is running in this checkout"

problems=()
logs=()
if [ -z "${ONLY:-}" ]; then
    "$ROOT/tools/lint.sh" || problems+=("the linters found something, see above")
fi

lock 8 setup "Waiting for another run of these scripts to finish its set-up"
get_odoo
get_python requirements requirements-dev
start_postgres
write_config
flock -u 8

if [ -n "${ONLY:-}" ]; then
    suite "${WITH:-account}" "/$MODULE:${ONLY//,/,/$MODULE:}" keep
else
    suite account "/$MODULE" ''
    suite sale "/$MODULE" ''
fi

failed=false
summary=$(python3 "$ROOT/tools/test_report.py" "${logs[@]}") || failed=true
if [ "$failed" = true ]; then problems+=("tests failed, or none ran"); fi
sed '$d' <<<"$summary"
for log in "${logs[@]}"; do check_log "$log"; done
for problem in "${problems[@]}"; do echo "PROBLEM: $problem"; done
tail -n 1 <<<"$summary"
[ "${#problems[@]}" -eq 0 ]
