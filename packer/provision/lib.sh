# What the provisioning scripts share. Each runs as root, can be run again, and takes:
#   ROLE       server or client
#   ARTEFACTS  the folder that `fetch` filled
#   SOURCE     this folder's parent: files/, goss/, first_boot/
# shellcheck shell=bash
set -euo pipefail
umask 022
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

: "${ROLE:?server or client}" "${ARTEFACTS:?the folder that fetch filled}" "${SOURCE:?the folder of files/ and goss/}"
case $ROLE in
server | client) ;;
*)
    echo "ROLE is server or client, not $ROLE." >&2
    exit 2
    ;;
esac

step() {
    printf '==> %s\n' "$*"
}

# artefact NAME: its path; fails if it isn't there.
artefact() {
    if [[ ! -s $ARTEFACTS/$1 ]]; then
        echo "$ARTEFACTS/$1 isn't there; \`fetch\` brings it." >&2
        return 1
    fi
    printf '%s\n' "$ARTEFACTS/$1"
}

apt_install() {
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "$@" >/dev/null
}
