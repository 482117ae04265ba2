#!/usr/bin/env bash
# Linters, then the whole suite twice at the same time: on project_account alone, and
# beside the sales modules and localisations. ONLY=TestClass[.test_method][,…] runs just
# these, on a database that is kept; WITH=sale chooses the second one for that.
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"
source "$ROOT/tools/postgres.sh"

declare -A MODULES=(
    [account]="project_account"
    # with a way to pay online, and the localisations that replace the invoice's report
    [sale]="project_account,sale_project,sale_timesheet,payment_demo,l10n_din5008,l10n_ch,l10n_gcc_invoice,l10n_in,l10n_account_withholding_tax"
)
# Classes without database: once is enough.
ONCE=(TestAllocation TestLayout TestTranslationFiles)
# Only tests in the browser are tried a second time (_retry), which the report tells.
export ODOO_TEST_FAILURE_RETRIES=1

problems=()
declare -A processes=() # by suite

is_installed() {
    database_exists "$1" &&
        [ "$(sql "$1" -c "SELECT state FROM ir_module_module WHERE name = '$MODULE'")" = installed ]
}

# start_suite NAME TAGS HOW: runs the tests in the background; HOW is -i in a new database
# or -u in the one that was kept.
start_suite() {
    local database=test_$1_$ODOO_KEY
    if [ "$3" = -i ]; then copy_database "$template" "$database"; fi
    start "test-$1" odoo server -d "$database" "$3" "$MODULE" --test-enable --test-tags "$2" \
        --stop-after-init --http-port "$(free_port)"
    processes[$1]=$!
}

# finish_suites TITLE: waits for all of them, whatever becomes of the others.
finish_suites() {
    local name began=$SECONDS
    printf '==> %s … ' "$1"
    for name in "${!processes[@]}"; do
        finish "${processes[$name]}"
        [ "$status" -eq 0 ] || problems+=("Odoo gave exit code $status: $LOGS/test-$name.log")
    done
    printf '%d s\n' $((SECONDS - began))
}

# The first suite is under way while the second one's database may still be made.
test_all() {
    local except
    except=$(printf ",-/$MODULE:%s" "${ONCE[@]}")
    get_template account "${MODULES[account]}"
    start_suite account "/$MODULE" -i
    get_template sale "${MODULES[sale]}"
    start_suite sale "/$MODULE$except" -i
    finish_suites "Testing alone, and beside sales and localisations"
}

test_some() {
    local name=${WITH:-account} tags=/$MODULE:${ONLY//,/,/$MODULE:}
    local title="Testing with ${MODULES[$name]//,/, }"
    get_template "$name" "${MODULES[$name]}"
    if is_installed "test_${name}_$ODOO_KEY"; then
        start_suite "$name" "$tags" -u
        finish_suites "$title"
        if grep -q ' error(s) of ' "$LOGS/test-$name.log"; then return; fi
        say "The addon cannot be updated in that database: making it anew"
        problems=()
    fi
    start_suite "$name" "$tags" -i
    finish_suites "$title"
}

check_log() {
    checklog-odoo --no-echo -c "$ROOT/tools/checklog.cfg" "$1" >"$1.check" 2>&1 && return
    # A failed test is an error in the log, too, and has been shown by then.
    grep -q ' ERROR .*: \(FAIL\|ERROR\): ' "$1" || cat "$1.check"
    problems+=("unexpected warnings or errors in the log: $1.check")
}

set_up tests
if [ -n "${ONLY:-}" ]; then
    test_some
else
    "$ROOT/tools/lint.sh" || problems+=("the linters found something, see above")
    test_all
fi

logs=()
for name in account sale; do
    [ -z "${processes[$name]:-}" ] || logs+=("$LOGS/test-$name.log")
done
failed=false
summary=$(python3 "$ROOT/tools/test_report.py" "${logs[@]}") || failed=true
if [ "$failed" = true ]; then problems+=("tests failed, or none ran"); fi
sed '$d' <<<"$summary"
for log in "${logs[@]}"; do check_log "$log"; done
for problem in "${problems[@]}"; do echo "PROBLEM: $problem"; done
echo "tested on $ODOO_IS"
tail -n 1 <<<"$summary"
[ "${#problems[@]}" -eq 0 ]
