#!/usr/bin/env bash
# Runs Odoo's own tests of the modules the addon touches, without and with the addon, on
# otherwise identical databases, and compares. Fails when a test fails only with it.
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"
source "$ROOT/tools/postgres.sh"

RESULTS=$DEV/core-tests
TAGS=/project,/project_account,/sale_project

# The addon is installed without tests first: what is compared are core's tests.
install_addon() {
    odoo server -d "core_$1" -i "$MODULE" --no-http --stop-after-init
}

# Updating project updates the modules above it, so at_install tests run, too.
run_core() {
    local port
    port=$(free_port)
    # A test looks for the port in a link.
    sql "core_$1" -c "UPDATE ir_config_parameter SET value = 'http://localhost:$port'
        WHERE key = 'web.base.url'"
    odoo server -d "core_$1" -u project --test-enable --test-tags "$TAGS" \
        --stop-after-init --http-port "$port"
}

core() {
    copy_database "$template" "core_$1"
    if [ "$1" = with ]; then step "Installing the addon" core-install install_addon "$1"; fi
    # Some tests fail anyway: all that counts is that the run gets to its end.
    attempt "Odoo's own tests $1 the addon" "core-$1" run_core "$1"
    python3 "$ROOT/tools/core_report.py" list "$LOGS/core-$1.log" >"$RESULTS/$1.new" ||
        die "no test ran; the log is in $LOGS/core-$1.log"
    mv "$RESULTS/$1.new" "$RESULTS/$1.txt"
    drop_database "core_$1"
}

set_up tests

mkdir -p "$RESULTS"
get_template core project_account,sale_project
core without
core with
echo "compared on $ODOO_IS"
python3 "$ROOT/tools/core_report.py" compare "$RESULTS/without.txt" "$RESULTS/with.txt"
