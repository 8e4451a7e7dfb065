#!/bin/sh
# Sets up what `make run` (run), `make check` (dev), `make test` (test-tools), `make test-deb` (deb-tools) and `make gateway` (gateway) need.
# As root it installs what is missing; otherwise it prints the one command that does.
set -eu
PYTHON=${PYTHON:-python3}
VENV=.venv

say() { printf '%s\n' "gtvision-edge: $*" >&2; }

debian_install() { # debian_install WHY PACKAGE…
    why=$1
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        say "$why Please install: $*"
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "$why Please run: sudo apt-get install -y --no-install-recommends $*"
        return 1
    fi
    say "$why Installing: $*"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

make_venv() {
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
        say "Python 3.11 or newer is needed; '$PYTHON' is $("$PYTHON" --version 2>&1 || echo missing)."
        exit 1
    }
    if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        debian_install "This Python has no venv module." "python$version-venv" || exit 1
    fi
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
}

install() { "$VENV/bin/python" -m pip install -q --disable-pip-version-check --no-input "$@"; }

case ${1:?} in
run)
    make_venv
    say "installing the locked packages and building the console (a minute or two at first)"
    install --require-hashes -r requirements.lock
    install --no-deps -e .
    touch "$VENV/.run-ready"
    ;;
dev)
    install --require-hashes -r requirements-dev.lock
    touch "$VENV/.dev-ready"
    ;;
test-tools)
    missing=
    command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
    command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
    # The node inside Playwright's wheel wants it; a bare Debian has none.
    [ -n "$(find /usr/lib /lib -name 'libatomic.so.1*' 2>/dev/null | head -n 1)" ] || missing="$missing libatomic1"
    command -v pdfsig >/dev/null 2>&1 || missing="$missing poppler-utils"
    command -v ssh-keygen >/dev/null 2>&1 || missing="$missing openssh-client"
    command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
    command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
    command -v vlc >/dev/null 2>&1 || missing="$missing vlc-bin vlc-plugin-base"
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing rabbitmq-server"
    /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null ||
        missing="$missing python3-gi gir1.2-gst-rtsp-server-1.0"
    [ -n "$(find /usr/lib -name libgstx264.so 2>/dev/null)" ] ||
        missing="$missing gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
    [ -n "$(find /usr/lib -name libgstx265.so 2>/dev/null)" ] || missing="$missing gstreamer1.0-plugins-bad"
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # a list on purpose
        debian_install "Some tests use real cameras and a real browser." $missing || {
            [ "${CI:-}" = true ] && exit 1
            say "going on; the tests that need them are skipped and listed"
        }
    fi
    ;;
deb-tools)
    missing=
    command -v dpkg-deb >/dev/null 2>&1 || missing="$missing dpkg"
    command -v mmdebstrap >/dev/null 2>&1 || missing="$missing mmdebstrap"
    command -v systemd-nspawn >/dev/null 2>&1 || missing="$missing systemd-container"
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # a list on purpose
        debian_install "The package is tried out in a booted container." $missing || exit 1
    fi
    ;;
gateway)
    command -v go >/dev/null 2>&1 || {
        say "Go 1.25 or newer is needed to build the S3 gateway."
        exit 1
    }
    say "building Versity's S3 gateway (some minutes at first)"
    GOBIN="$PWD/.cache/bin" go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
    ;;
*)
    say "unknown: $1"
    exit 2
    ;;
esac
