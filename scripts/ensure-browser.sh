#!/bin/sh
# Makes sure that there are a headless Chromium with its driver, and axe-core, the engine that checks accessibility: the
# tests of report.html use them. What is missing is installed: Chromium and npm by the distribution's package manager,
# axe-core by npm into target/axe.
# usage: ensure-browser.sh
set -u
cd "$(dirname "$0")/.."

axe_version=4.14.1
# Of axe.min.js in that version.
axe_sha256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
axe=target/axe/axe.min.js

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && as_root=sudo
fi

# usage: install WHAT APT-PACKAGES DNF-PACKAGES PACMAN-PACKAGES
install() {
    if command -v apt-get >/dev/null; then
        echo "Installing $1 with apt-get: $2"
        $as_root apt-get update -qq
        # shellcheck disable=SC2086  # a list of packages
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $2 >/dev/null
    elif command -v dnf >/dev/null; then
        echo "Installing $1 with dnf: $3"
        # shellcheck disable=SC2086
        $as_root dnf install -y -q $3
    elif command -v pacman >/dev/null; then
        echo "Installing $1 with pacman: $4"
        # shellcheck disable=SC2086
        $as_root pacman -Sy --noconfirm --needed $4
    else
        echo "No known package manager: please install $1 by hand."
        return 1
    fi
}

axe_is_here() {
    [ -f "$axe" ] || return 1
    digest=$(sha256sum "$axe" 2>/dev/null || shasum -a 256 "$axe")
    [ "${digest%% *}" = "$axe_sha256" ]
}

fetch_axe() {
    folder=$(mktemp -d)
    echo "Installing axe-core $axe_version with npm into target/axe"
    (cd "$folder" && npm pack --silent "axe-core@$axe_version" >/dev/null && tar xzf "axe-core-$axe_version.tgz")
    mkdir -p target/axe
    cp "$folder/package/axe.min.js" "$folder/package/LICENSE" target/axe/
    rm -r "$folder"
}

browser_is_here() {
    command -v chromedriver && { command -v chromium || command -v chromium-browser || command -v google-chrome; }
}

if ! browser_is_here >/dev/null; then
    echo "No headless browser was found. Tests of report.html need Chromium and its driver."
    install "them" "chromium chromium-driver" "chromium chromedriver" "chromium" || exit
fi
if ! axe_is_here; then
    command -v npm >/dev/null || install npm "nodejs npm" "nodejs npm" "nodejs npm" || exit
    fetch_axe
    if ! axe_is_here; then
        echo "$axe is not axe-core $axe_version"
        exit 1
    fi
fi
