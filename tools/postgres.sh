# Sourced: a private PostgreSQL, reached through a socket only, and its databases.
# shellcheck shell=bash disable=SC2034  # variables for the scripts that source this

# Scripts that run at the same time share the server: each holds a shared lock on
# .dev/postgres.lock, and the last one to leave stops the server.
start_postgres() {
    exec 9>"$DEV/postgres.lock"
    flock -s 9
    find_postgres
    export PGUSER=odoo PGPORT=5432
    if as_postgres pg_ctl -D "$DEV/postgres" status >/dev/null 2>&1 8>&- 9>&-; then
        PGHOST=$(cat "$DEV/postgres/socket-folder")
        export PGHOST
        return
    fi
    [ -e "$DEV/postgres/PG_VERSION" ] || step "Creating a PostgreSQL cluster" postgres-init create_cluster
    socket_folder
    step "Starting PostgreSQL" postgres launch_postgres
}

release_postgres() {
    [ -e /proc/self/fd/9 ] || return 0
    flock -u 9
    flock -n -x 9 || return 0 # somebody else needs it
    as_postgres pg_ctl -D "$DEV/postgres" -m fast -w stop >/dev/null 2>&1 9>&- || return 0
    case $PGHOST in "$DEV"/*) ;; *) rm -rf "$PGHOST" ;; esac
    exec 9>&-
}

# The binaries of the newest server; clients alone have no initdb.
system_postgres() {
    local bin newest=
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        # 13 is the oldest that Odoo 19 takes.
        if [ -x "$bin/initdb" ] && [ "$(basename "$(dirname "$bin")")" -ge 13 ]; then newest=$bin; fi
    done
    echo "$newest"
}

# Sets PGBIN: the binaries the cluster was made with, or else the newest.
find_postgres() {
    PGBIN=$(readlink "$DEV/postgres-bin" || true)
    if [ ! -x "$PGBIN/postgres" ]; then
        if [ -n "$PGBIN" ]; then
            say "PostgreSQL in $PGBIN is gone: all databases are made anew"
            rm -rf "$DEV/postgres" "$DEV/odoo-data/filestore"
        fi
        PGBIN=$(system_postgres)
        [ -n "$PGBIN" ] || die "there is no server of PostgreSQL 13 or newer in /usr/lib/postgresql"
        ln -sfn "$PGBIN" "$DEV/postgres-bin"
    fi
    choose_postgres_user
}

# PostgreSQL refuses to run as root, so root runs it as nobody. Below /root nobody needs
# the right to pass through folders it may not read, and access(2) to respect that.
choose_postgres_user() {
    POSTGRES_USER=()
    [ "$(id -u)" -eq 0 ] || return 0
    local nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    local read_search=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search
        --securebits=+no_setuid_fixup)
    POSTGRES_USER=("${nobody[@]}" "${read_search[@]}")
    "${POSTGRES_USER[@]}" "$PGBIN/postgres" --version >/dev/null 2>&1 && return
    POSTGRES_USER=("${nobody[@]}")
    "${POSTGRES_USER[@]}" "$PGBIN/postgres" --version >/dev/null 2>&1 ||
        die "the user nobody cannot reach $PGBIN; move the checkout to a folder that all may read"
}

as_postgres() {
    (cd / && exec "${POSTGRES_USER[@]}" "$PGBIN/$1" "${@:2}")
}

create_cluster() {
    rm -rf "$DEV/postgres.new" "$DEV/postgres" "$DEV/odoo-data/filestore"
    mkdir "$DEV/postgres.new"
    [ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$DEV/postgres.new"
    as_postgres initdb -D "$DEV/postgres.new" -U odoo -A trust -E UTF8 --no-locale -N
    mv "$DEV/postgres.new" "$DEV/postgres"
}

# The path of a socket has at most 107 bytes.
socket_folder() {
    PGHOST=$DEV/socket
    [ "$(printf %s "$PGHOST/.s.PGSQL.$PGPORT" | wc -c)" -le 107 ] || PGHOST=$(mktemp -d)
    export PGHOST
    mkdir -p "$PGHOST"
    [ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$PGHOST"
    chmod 700 "$PGHOST"
}

launch_postgres() {
    # All data can be made again: speed counts more than surviving a power cut.
    cat >"$DEV/postgres/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '"$PGHOST"'
port = $PGPORT
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 2GB
EOF
    echo "$PGHOST" >"$DEV/postgres/socket-folder"
    as_postgres pg_ctl -D "$DEV/postgres" -l "$DEV/postgres/server.log" -w -t 60 start 7>&- 8>&- 9>&- || {
        tail -n 20 "$DEV/postgres/server.log"
        return 1
    }
}

# --- databases ------------------------------------------------------------------------

sql() {
    local database=$1
    shift
    PGOPTIONS='-c client_min_messages=warning' "$PGBIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "$database" "$@"
}

database_exists() {
    [ -n "$(sql postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" ]
}

drop_database() {
    sql postgres -c "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)"
    rm -rf "$DEV/odoo-data/filestore/$1"
}

create_database() {
    sql postgres -c "CREATE DATABASE \"$1\" TEMPLATE template0"
    sql "$1" -c 'CREATE EXTENSION IF NOT EXISTS pg_trgm' # as Odoo does
}

# Files of the filestore are never changed, so links are as good as copies.
copy_database() {
    drop_database "$2"
    sql postgres -c "CREATE DATABASE \"$2\" TEMPLATE \"$1\""
    if [ -d "$DEV/odoo-data/filestore/$1" ]; then
        cp -al "$DEV/odoo-data/filestore/$1" "$DEV/odoo-data/filestore/$2"
    fi
}

rename_database() {
    drop_database "$2"
    sql postgres -c "ALTER DATABASE \"$1\" RENAME TO \"$2\""
    if [ -d "$DEV/odoo-data/filestore/$1" ]; then
        mv "$DEV/odoo-data/filestore/$1" "$DEV/odoo-data/filestore/$2"
    fi
}

# get_template NAME MODULES: a database with the addon's dependencies, made once for
# each Odoo and list of modules, and copied from then on. Sets $template.
get_template() {
    local name=$1 modules=$2 old
    template=tmpl_${name}_${ODOO_KEY}_$(md5sum <<<"$modules" | cut -c1-4)
    database_exists "$template" && return
    for old in $(sql postgres -c "SELECT datname FROM pg_database
        WHERE datname LIKE 'tmpl_${name}_%' OR datname LIKE 'test_${name}_%'"); do
        drop_database "$old"
    done
    step "Creating a database with $modules" "template-$name" create_template "$template" "$modules"
}

create_template() {
    drop_database "new_$1"
    create_database "new_$1"
    odoo server -d "new_$1" -i "$2" --no-http --stop-after-init
    rename_database "new_$1" "$1"
}
