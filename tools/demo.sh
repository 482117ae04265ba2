#!/usr/bin/env bash
# Serves the addon with demo data until Ctrl-C. PORT=8069; NEW=1 starts over.
# shellcheck source-path=SCRIPTDIR disable=SC2329  # functions are called through step
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/tools/install.sh"
source "$ROOT/tools/postgres.sh"

PORT=${PORT:-8069}
STAMP=$DEV/demo.made-from

port_answers() { (: <"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }

# Under another name until it is complete.
create_demo() {
    copy_database "$template" new_demo
    odoo server -d new_demo -i "$MODULE,payment_demo" --no-http --stop-after-init
    odoo shell -d new_demo --no-http <"$ROOT/tools/demo_data.py"
    rename_database new_demo demo
}

serve() {
    local log=$LOGS/demo.log began=$SECONDS server
    printf '==> Starting Odoo … '
    start demo odoo server -d demo --db-filter '^demo$' --http-port "$PORT"
    server=$!
    until port_answers; do
        kill -0 "$server" 2>/dev/null || {
            echo FAILED
            tail -n 30 "$log" | sed 's/^/    /' >&2
            die "Odoo did not start; the whole log is in $log"
        }
        sleep 0.2
    done
    printf '%d s\n' $((SECONDS - began))
    cat <<EOF

    Milestone Billing is at  http://localhost:$PORT

    login       password
    admin       admin        everything
    pm          pm           project manager, no accounting
    accountant  accountant   invoicing
    client      client       the customer of Website relaunch and of
                             Boathouse conversion, on the portal

    Ctrl-C stops it. Log: .dev/log/demo.log

EOF
    finish "$server"
    die "Odoo has stopped by itself (exit code $status); its log is in $log"
}

if port_answers; then
    die "port $PORT is in use; try another: make demo PORT=$((PORT + 1))"
fi
set_up
lock_setup

now="$ODOO_KEY $(source_hash)"
if [ -n "${NEW:-}" ]; then drop_database demo; fi
if ! database_exists demo; then
    get_template account project_account
    step "Creating the demo database" demo-create create_demo
elif [ "$(cut -d' ' -f1 "$STAMP" 2>/dev/null)" != "$ODOO_KEY" ]; then
    step "Updating the demo database to this Odoo" demo-update \
        odoo server -d demo -u base --no-http --stop-after-init
elif [ "$(cat "$STAMP")" != "$now" ]; then
    step "Updating the addon in the demo database" demo-update \
        odoo server -d demo -u "$MODULE" --no-http --stop-after-init
fi
echo "$now" >"$STAMP"
unlock_setup
serve
