# Sourced: system packages, Odoo and Python packages, each made once and kept.
# shellcheck shell=bash disable=SC2034  # variables for the scripts that source this

UV=uv==0.13.9

DEMO_PACKAGES=(
    # Debian replaces some of Odoo's web files by links into these.
    libjs-jquery libjs-jquery-form libjs-underscore
    fonts-font-awesome fonts-roboto-unhinted fonts-inconsolata
    # PDF documents; Carlito is Lato's kin, DejaVu has the other scripts.
    fonts-crosextra-carlito fonts-dejavu-core wkhtmltopdf
    # For Odoo's icons of file types (python-magic).
    libmagic1
)
TEST_PACKAGES=(git chromium poppler-utils)

# need_packages NAME…: as root installs what is missing; otherwise names the command.
need_packages() {
    local missing=() package install
    for package in "$@"; do
        [ "$(package_status "$package")" = installed ] ||
            [ "$(package_status "${package}t64")" = installed ] || # Debian 13's name
            missing+=("$package")
    done
    # A python3 from elsewhere may well bring its own venv.
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    leave_out_wkhtmltopdf
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "these Debian packages are needed: ${missing[*]}"

    install=(apt-get install -y --no-install-recommends)
    if [ "$(id -u)" -ne 0 ]; then
        printf 'System packages are missing. Run this, then try again:\n\n    sudo ' >&2
        lists_known || printf 'apt-get update && sudo ' >&2
        echo "${install[*]} ${missing[*]}" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    step "Reading the package lists" apt-update retry apt-get update
    leave_out_wkhtmltopdf
    step "Installing ${missing[*]}" apt-install retry "${install[@]}" "${missing[@]}"
}

lists_known() {
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null
}

# Debian 13 has none; all but the PDF documents works without.
leave_out_wkhtmltopdf() {
    local package kept=()
    lists_known && ! apt-cache show wkhtmltopdf >/dev/null 2>&1 || return 0
    for package in "${missing[@]}"; do
        [ "$package" = wkhtmltopdf ] || kept+=("$package")
    done
    missing=("${kept[@]}")
}

package_status() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true
}

check_python() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is needed, this is $(python3 --version)"
}

# --- Odoo -----------------------------------------------------------------------------

# Sets ODOO_BIN, ODOO_PATH (for PYTHONPATH), ODOO_ADDONS, ODOO_IS, a description, and
# ODOO_KEY, which names this very Odoo: databases made with another one are not used.
get_odoo() {
    local version
    if [ -n "${ODOO_SRC:-}" ]; then
        [ -z "${ODOO_VERSION:-}" ] || die "ODOO_VERSION chooses a package, ODOO_SRC a checkout: give one"
        [ -x "$ODOO_SRC/odoo-bin" ] && [ -d "$ODOO_SRC/addons/project_account" ] ||
            die "ODOO_SRC=$ODOO_SRC is no Odoo checkout (no odoo-bin, no addons/project_account)"
        ODOO_SRC=$(cd "$ODOO_SRC" && pwd)
        ODOO_BIN=$ODOO_SRC/odoo-bin ODOO_PATH=$ODOO_SRC
        ODOO_ADDONS=$ODOO_SRC/addons,$ODOO_SRC/odoo/addons
        version=$(python3 -c 'import runpy, sys
print(runpy.run_path(sys.argv[1])["series"])' "$ODOO_SRC/odoo/release.py")
        [ "$version" = 19.0 ] || die "Odoo 19.0 is needed, $ODOO_SRC is $version"
        version+=" in $ODOO_SRC $(git -C "$ODOO_SRC" rev-parse HEAD 2>/dev/null ||
            stat -c %Y "$ODOO_SRC/odoo/release.py")"
    else
        has_odoo || {
            step "Downloading Odoo ${ODOO_VERSION:-19}" odoo-download download_odoo
            step "Unpacking Odoo ${ODOO_VERSION:-19}" odoo-unpack unpack_odoo
        }
        local tree=$DEV/odoo/usr/lib/python3/dist-packages
        ODOO_BIN=$DEV/odoo/usr/bin/odoo ODOO_PATH=$tree
        ODOO_ADDONS=$tree/odoo/addons
        version=$(cat "$DEV/odoo/VERSION")
    fi
    ODOO_IS="Odoo $version"
    say "$ODOO_IS"
    ODOO_KEY=$(printf %s "$version" | sha1sum | cut -c1-8)
}

has_odoo() {
    local version
    version=$(cat "$DEV/odoo/VERSION" 2>/dev/null) && [ "${ODOO_VERSION:-$version}" = "$version" ]
}

# Debian's unstable suite has Odoo 19. Private lists leave the system's apt untouched
# and need no root rights.
download_odoo() {
    local apt=$DEV/download keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    local uri options offered
    uri=$(debian_mirror || true)
    [ -n "$uri" ] || {
        echo "apt knows no Debian mirror here. Give your own Odoo 19: make … ODOO_SRC=/path/to/odoo"
        return 1
    }
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    echo "deb [signed-by=$keyring] $uri sid main" >"$apt/sources.list"
    options=(
        -q -oDir::Etc::sourcelist="$apt/sources.list" -oDir::Etc::sourceparts=-
        -oDir::Etc::preferences=/dev/null -oDir::Etc::preferencesparts=-
        -oDir::State::Lists="$apt/lists" -oDir::Cache="$apt/cache"
        -oAPT::Sandbox::User=root -oAPT::Default-Release= -oAcquire::Languages=none
    )
    cd "$apt" || return
    retry apt-get "${options[@]}" -oAPT::Update::Error-Mode=any update
    offered=$(apt-cache "${options[@]}" madison odoo-19 | awk '{print $3}')
    [ -z "${ODOO_VERSION:-}" ] || grep -qxF -e "$ODOO_VERSION" <<<"$offered" || {
        echo "Debian has no odoo-19 of version $ODOO_VERSION, but $(paste -sd ' ' <<<"$offered")"
        return 1
    }
    retry apt-get "${options[@]}" download "odoo-19${ODOO_VERSION:+=$ODOO_VERSION}"
    # shellcheck disable=SC2211  # one file
    mv odoo-19_*.deb odoo.deb
}

# The address of the main archive, as this machine is set up to reach it. Before the first
# `apt-get update` apt does not tell, but its sources do.
debian_mirror() {
    {
        # shellcheck disable=SC2016  # apt's variables
        apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
            sed -n 's/^Debian //p'
        cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
            grep -v '^ *#' | grep -oE '[a-z+]+://[^] ]+/debian/?( |$)'
    } | awk '!/security/ {print $1; exit}'
}

unpack_odoo() {
    local new=$DEV/odoo.new deb=$DEV/download/odoo.deb version
    version=$(dpkg-deb -f "$deb" Version)
    case $version in 19.*) ;; *)
        echo "Odoo 19 is needed, the package is $version"
        return 1
        ;;
    esac
    rm -rf "$new" "$DEV/odoo"
    mkdir "$new"
    # dist-packages/addons is a second copy of all modules.
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$new" --no-same-owner --exclude=./usr/lib/python3/dist-packages/addons
    # The package's links lead to <root>/usr/share: let them find the system's files.
    local name
    for name in javascript fonts fonts-font-awesome; do
        [ -e "$new/usr/share/$name" ] || ln -s "/usr/share/$name" "$new/usr/share/$name"
    done
    # Debian leaves out one file, for want of its source (it blurs the background of video
    # calls); Odoo's pages report an error until there is something in its place.
    local absent=$new/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation
    [ -e "$absent" ] || {
        mkdir "$absent"
        echo '/* not in Debian */' >"$absent/selfie_segmentation.js"
    }
    echo "$version" >"$new/VERSION"
    mv "$new" "$DEV/odoo"
    rm -rf "$DEV/download"
}

# --- Python packages ------------------------------------------------------------------

# get_python FILE…: a virtual environment with tools/FILE.txt.
get_python() {
    local base file stamp
    base="$ROOT $(python3 -c 'import sys; print(sys.base_prefix, sys.version)')"
    if [ "$(cat "$VENV/made-for" 2>/dev/null)" != "$base" ]; then
        rm -rf "$DEV/pre-commit" # holds absolute paths, too
        step "Creating a virtual environment" venv create_venv
        echo "$base" >"$VENV/made-for"
    fi
    for file in "$@"; do
        stamp=$VENV/$file.installed
        cmp -s "$ROOT/tools/$file.txt" "$stamp" && continue
        step "Installing Python packages ($file)" "$file" install_python "$file"
        cp "$ROOT/tools/$file.txt" "$stamp"
    done
}

create_venv() {
    rm -rf "$VENV"
    "$(PATH=${PATH#*:} command -v python3)" -m venv "$VENV"
    retry pip install "$UV" || echo "no uv: pip will do, only slower"
}

install_python() {
    local files=(-r "$ROOT/tools/$1.txt")
    # uv is quick; pip knows the user's own pip settings.
    if [ -x "$VENV/bin/uv" ] && uv pip install --python "$VENV/bin/python" "${files[@]}"; then
        return
    fi
    retry pip install "${files[@]}"
}

# --- configuration --------------------------------------------------------------------

# One file for all of Odoo's commands; it also hides a ~/.odoorc. Needs get_odoo and
# start_postgres before.
write_config() {
    export ODOO_RC=$DEV/odoo.conf
    cat >"$ODOO_RC" <<EOF
[options]
addons_path = $ODOO_ADDONS,$ROOT
data_dir = $DEV/odoo-data
db_host = $PGHOST
db_port = $PGPORT
db_user = $PGUSER
http_interface = 127.0.0.1
list_db = False
screenshots = $DEV/screenshots
workers = 0
EOF
}

odoo() {
    PYTHONPATH=$ODOO_PATH "$VENV/bin/python" "$ODOO_BIN" "$@"
}

# A wkhtmltopdf with patched Qt keeps text as it is.
keep_text_in_pdf() {
    case $(wkhtmltopdf --version 2>/dev/null) in
    '' | *patched*) return 0 ;;
    esac
    WKHTMLTOPDF=$(command -v wkhtmltopdf)
    export WKHTMLTOPDF PATH=$ROOT/tools/bin:$PATH
}

# What changes when the addon does.
source_hash() {
    find "$ROOT/$MODULE" -type f ! -name '*.pyc' -print0 | sort -z |
        xargs -0 sha1sum | sha1sum | cut -c1-40
}

# --- all of it ------------------------------------------------------------------------

# set_up [tests]: what Odoo needs to run here, and its tests, of which one run at a time.
set_up() {
    local packages=("${DEMO_PACKAGES[@]}") python=(requirements)
    if [ "${1:-}" = tests ]; then
        packages+=("${TEST_PACKAGES[@]}")
        python+=(requirements-dev)
        exec 7>"$DEV/test.lock"
        flock -n 7 || die "another test run is under way in this checkout"
    fi
    [ -n "$(system_postgres)" ] || packages+=(postgresql)
    need_packages "${packages[@]}"
    check_python
    lock_setup
    get_odoo
    get_python "${python[@]}"
    start_postgres
    write_config
    keep_text_in_pdf
    unlock_setup
}
