# Sourced by ./run, ./test and packaging/build: makes .venv and installs what is missing.
# shellcheck shell=bash

# Qt's system libraries on Debian and Ubuntu: what the xcb, wayland and offscreen
# plugins link to, and a font.
QT_PACKAGES=(
    libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libfreetype6 libgssapi-krb5-2
    libbrotli1 libzstd1 libx11-6 libx11-xcb1 libxkbcommon0 libxkbcommon-x11-0 libxcb1
    libxcb-cursor0 libxcb-glx0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
    libxcb-render0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1
    libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libwayland-client0 libwayland-cursor0
    libwayland-egl1 fonts-dejavu-core
)

say() { printf '%s\n' "$@" >&2; }
fail() { say "$@"; exit 1; }

# Whether a package is there, also under the name it has since the 64-bit time change.
is_installed() {
    local package status
    for package in "$1" "$1t64"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [[ $status == *installed* && $status != not-installed ]] && return 0
    done
    return 1
}

# Runs a command as root, or says no where that needs a password.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 126
    fi
}

apt_install() {
    command -v apt-get >/dev/null || return 126
    say "Installing with apt-get: $*"
    local environment=(env DEBIAN_FRONTEND=noninteractive)
    as_root "${environment[@]}" apt-get install -y -qq --no-install-recommends "$@" >&2 && return
    local status=$?
    [[ $status -eq 126 ]] && return 126
    # The package lists may be missing or old.
    as_root "${environment[@]}" apt-get update -qq >&2 || true
    as_root "${environment[@]}" apt-get install -y -qq --no-install-recommends "$@" >&2
}

install_system_libraries() {
    [[ $(uname -s) == Linux ]] || return 0
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian or Ubuntu: if the window does not open, install what"
        say "your distribution calls: ${QT_PACKAGES[*]}"
        return 0
    fi
    local missing=() package
    for package in "${QT_PACKAGES[@]}" "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0
    apt_install "${missing[@]}" && return 0
    say "Some system libraries are missing and could not be installed from here. Run:"
    say "    sudo apt-get install ${missing[*]}"
    say "and start again."
    return 1
}

is_good_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${LUSVIEWER_PYTHON:+"$LUSVIEWER_PYTHON"} \
        python3 python3.11 python3.12 python3.13 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null && is_good_python "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    [[ -x .venv/bin/python ]] && .venv/bin/python -c 'import pip' 2>/dev/null && return 0
    local python
    if ! python=$(find_python); then
        apt_install python3 python3-venv || true
        python=$(find_python) || fail \
            "lusviewer needs Python 3.11 or newer with its venv module, and found none." \
            "On Debian 12 or Ubuntu 24.04: sudo apt-get install python3 python3-venv." \
            "Elsewhere install it from python.org, or name one: LUSVIEWER_PYTHON=/path/to/python3 $0"
    fi
    say "Making .venv with $python ($("$python" -c 'import platform; print(platform.python_version())'))"
    "$python" -m venv --clear .venv
}

# install_package [EXTRA]: quick where nothing changed since the last time.
install_package() {
    local extra=${1:-} stamp=.venv/.lusviewer-installed wanted
    wanted=$(cat pyproject.toml constraints.txt | sha256sum | cut -d' ' -f1)
    if [[ -f $stamp ]]; then
        local have_hash have_extra
        read -r have_hash have_extra <"$stamp" || true
        if [[ $have_hash == "$wanted" && ($have_extra == "${extra:-base}" || $have_extra == dev) ]]; then
            return 0
        fi
    fi
    say "Installing lusviewer${extra:+ with the extra '$extra'} into .venv"
    local quiet=(-qq)
    [[ -t 2 ]] && quiet=()
    .venv/bin/python -m pip install "${quiet[@]}" --disable-pip-version-check \
        -c constraints.txt -e ".${extra:+[$extra]}" >&2 || fail \
        "pip could not install everything: see the lines above." \
        "Without a way to the internet, point pip at a mirror (PIP_INDEX_URL, PIP_FIND_LINKS)."
    echo "$wanted ${extra:-base}" >"$stamp"
}
