#!/usr/bin/env bash
# module.sh shell | bench | pot | wheel | clean
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"
source "$ROOT/tools/postgres.sh"

open_shell() {
    set_up
    database_exists demo || die "there is no demo database yet: make demo"
    trap '' INT # for the shell, not for us
    odoo shell -d demo --no-http --log-level warn
}

# Where the rows of the ledger lie: an update, or a table written anew, moves them.
fingerprint() {
    sql "$1" -c "SELECT md5(string_agg(ctid::text, ',' ORDER BY id)) FROM account_move_line" \
        -c "SELECT md5(string_agg(ctid::text, ',' ORDER BY id)) FROM account_move" | xargs
}

bench_shell() {
    TOOLS=$ROOT/tools odoo shell -d "$1" --no-http --log-level error <"$ROOT/tools/bench/$2"
}

install_on() {
    odoo server -d "$1" -i "$MODULE" --no-http --stop-after-init
}

# On two databases that differ by the addon alone; LONG=1 adds what takes long.
run_benchmark() {
    local ledger
    set_up
    get_template account project_account
    copy_database "$template" bench_without
    step "Making a used database" bench-seed bench_shell bench_without seed_history.py
    copy_database bench_without bench
    if [ -n "${LONG:-}" ]; then
        step "Adding 200,000 journal items" bench-items bench_shell bench seed_items.py
    fi
    ledger=$(fingerprint bench)
    step "Installing the addon" bench-install install_on bench
    export LEDGER_BEFORE=$ledger LEDGER_AFTER WITHOUT=bench_without
    LEDGER_AFTER=$(fingerprint bench)
    if [ -n "${LONG:-}" ]; then
        copy_database bench_without bench
        step "Installing the addon" bench-install install_on bench
    fi
    step "Making contracts" bench-contracts bench_shell bench seed_contracts.py
    bench_shell bench run.py
    drop_database bench
    drop_database bench_without
}

# From a new database, so that nothing but the addon's own terms get in.
export_pot() {
    local pot=$ROOT/$MODULE/i18n/$MODULE.pot old
    set_up
    get_template account project_account
    copy_database "$template" pot
    step "Installing the addon" pot-install \
        odoo server -d pot -i "$MODULE" --no-http --stop-after-init
    mkdir -p "$(dirname "$pot")"
    old=$(cat "$pot" 2>/dev/null || true)
    step "Exporting the terms" pot odoo i18n export -d pot "$MODULE"
    drop_database pot
    # New dates alone are no change.
    if diff -q -I '^"POT-Creation-Date' -I '^"PO-Revision-Date' <(echo "$old") "$pot" >/dev/null; then
        echo "$old" >"$pot"
    fi
    say "milestone_billing/i18n/$MODULE.pot: $(grep -c '^msgid "..*' "$pot") terms"
}

build_wheel() {
    need_packages git
    check_python
    lock_setup
    get_python requirements-dev
    unlock_setup
    rm -rf "$DEV/dist"
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$ROOT
    step "Building the wheel" wheel \
        "$VENV/bin/python" -m build --wheel --no-isolation --outdir "$DEV/dist" "$ROOT/$MODULE"
    ls "$DEV/dist"/*.whl
}

clean() {
    exec 9>"$DEV/postgres.lock"
    flock -n -x 9 || die "something is still running in this checkout; stop it first"
    if [ -x "$DEV/postgres-bin/postgres" ]; then
        find_postgres
        as_postgres pg_ctl -D "$DEV/postgres" -m fast stop >/dev/null 2>&1 || true
    fi
    exec 9>&-
    rm -rf "$DEV"
}

case ${1:-} in
shell) open_shell ;;
bench) run_benchmark ;;
pot) export_pot ;;
wheel) build_wheel ;;
clean) clean ;;
*) die "usage: $0 shell|bench|pot|wheel|clean" ;;
esac
