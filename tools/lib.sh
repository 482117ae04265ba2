# Sourced by the scripts beside it: paths, steps, child processes, locks.
# shellcheck shell=bash disable=SC2034  # variables for the scripts that source this
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEV=$ROOT/.dev # everything these scripts make
VENV=$DEV/python
LOGS=$DEV/log
MODULE=milestone_billing

# Keep every cache inside .dev, and the user's own settings out of the game.
export LC_ALL=C.UTF-8
export XDG_CACHE_HOME=$DEV/cache PIP_CACHE_DIR=$DEV/cache/pip UV_CACHE_DIR=$DEV/cache/uv
export npm_config_cache=$DEV/cache/npm PRE_COMMIT_HOME=$DEV/pre-commit
export PYTHONPYCACHEPREFIX=$DEV/cache/pyc PIP_DISABLE_PIP_VERSION_CHECK=1
export HYPOTHESIS_STORAGE_DIRECTORY=$DEV/cache/hypothesis RUFF_CACHE_DIR=$DEV/cache/ruff
export NODE_COMPILE_CACHE=$DEV/cache/node
export PATH=$VENV/bin:$PATH
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV
unset PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGOPTIONS

say() { printf '==> %s\n' "$*"; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# start LOG COMMAND…: runs in the background, as the process $!, until `finish`; the output
# goes to .dev/log/LOG.log. The command gets a process group of its own: whoever stops us
# stops all of it.
children=() # by process
start() {
    local log=$LOGS/$1.log
    shift
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    set +m
    children[$!]=running
}

# finish PROCESS: waits for it, leaves its exit status in $status and always succeeds: the
# command itself runs under `set -e` (it would not after `if` or before `||`).
status=0
finish() {
    status=0
    wait "$1" || status=$?
    unset "children[$1]"
}

# attempt TITLE LOG COMMAND…: runs quietly, says how long it took and leaves the exit
# status in $status.
attempt() {
    local began=$SECONDS
    printf '==> %s … ' "$1"
    start "${@:2}"
    finish $!
    [ "$status" -eq 0 ] || printf 'FAILED after '
    printf '%d s\n' $((SECONDS - began))
}

# step TITLE LOG COMMAND…: the same, but shows the end of the log and gives up when the
# command fails.
step() {
    attempt "$@"
    [ "$status" -ne 0 ] || return 0
    tail -n 30 "$LOGS/$2.log" | sed 's/^/    /' >&2
    die "$1: failed; the whole log is in $LOGS/$2.log"
}

# retry COMMAND…: for downloads.
retry() {
    local try
    for try in 1 2 3; do
        "$@" && return
        [ "$try" -eq 3 ] && break
        echo "attempt $try of 3 failed, trying again in $((try * 5)) s: $*"
        sleep $((try * 5))
    done
    echo "gave up after 3 attempts (is the network reachable?): $*"
    return 1
}

# One run at a time makes what all of them use.
lock_setup() {
    exec 8>"$DEV/setup.lock"
    flock -n 8 || {
        say "Waiting for another run of these scripts to finish its set-up"
        flock 8
    }
}

unlock_setup() { flock -u 8; }

free_port() {
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop_children() {
    local child signal=TERM
    for _ in $(seq 100); do
        for child in "${!children[@]}"; do
            kill "-$signal" -- "-$child" 2>/dev/null || unset "children[$child]"
        done
        [ "${#children[@]}" -gt 0 ] || return 0
        signal=0
        sleep 0.1
    done
    for child in "${!children[@]}"; do kill -KILL -- "-$child" 2>/dev/null || true; done
}

on_exit() {
    local code=$?
    trap '' INT TERM HUP
    stop_children
    if declare -F release_postgres >/dev/null; then release_postgres; fi
    exit "$code"
}
trap on_exit EXIT
trap 'echo; exit 130' INT
trap 'echo; exit 143' TERM HUP

mkdir -p "$LOGS" 2>/dev/null || die "cannot write to $DEV"
[ -O "$DEV" ] || die "$DEV belongs to $(stat -c %U "$DEV"); run this as that user, or remove it"
