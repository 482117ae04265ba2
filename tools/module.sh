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

# On two databases that differ by the addon alone.
run_benchmark() {
    set_up
    get_template account project_account
    copy_database "$template" bench_without
    copy_database "$template" bench
    step "Installing the addon" bench-install \
        odoo server -d bench -i "$MODULE" --no-http --stop-after-init
    WITHOUT=bench_without odoo shell -d bench --no-http --log-level error \
        <"$ROOT/tools/benchmark.py"
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
