# Debian's own packages of a newer suite, unpacked into the cache folder beside the system: nothing is installed,
# and apt's own state is neither read nor changed. To be sourced:
#
#     . "$(dirname "$0")/../debian-newer.sh"
#     begin NAME VERSION          # ends the script where VERSION of it is there already
#     unpack SUITE PACKAGE …      # with all that they depend on, into $root
#     runs COMMAND PROGRAM …      # $cache/COMMAND starts PROGRAM of $root through the loader of $root
#     done_with                   # from now on it is there
set -eu

fail() {
    echo "script/peers.d/$name: $1" >&2
    exit 1
}

begin() {
    name=$1
    cache="${XDG_CACHE_HOME:-$HOME/.cache}/koshiki-peers/$name"
    root="$cache/root"
    ready="$cache/ready-$2"
    [ ! -e "$ready" ] || exit 0
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    if command -v flock >/dev/null; then
        flock 9
        [ ! -e "$ready" ] || exit 0
    fi
}

unpack() {
    suite=$1
    shift
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || fail "needs apt-get and dpkg (Debian)"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keys" ] || fail "needs the package debian-archive-keyring"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
    [ -n "$mirror" ] || fail "apt knows no Debian mirror"

    state="$cache/apt"
    rm -rf "$state" "$root"
    mkdir -p "$state/lists/partial" "$state/archives/partial" "$root"
    : >"$state/status"
    echo "deb [signed-by=$keys] $mirror ${suite%-backports} main" >"$state/sources"
    [ "$suite" = "${suite%-backports}" ] || echo "deb [signed-by=$keys] $mirror $suite main" >>"$state/sources"

    own_apt update
    own_apt -y -t "$suite" --download-only install "$@"
    for package in "$state"/archives/*.deb; do
        dpkg -x "$package" "$root"
    done
    rm -rf "$state"
}

own_apt() {
    apt-get -qq \
        -o Dir::Etc::sourcelist="$state/sources" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=0 -o Debug::NoLocking=1 \
        "$@" >"$state/log" 2>&1 || {
        cat "$state/log" >&2
        fail "apt-get $1 did not succeed"
    }
}

runs() {
    command=$1
    shift
    loader=$(find "$root/usr/lib" "$root/usr/lib64" -name 'ld-linux-*' 2>/dev/null | head -n 1)
    [ -n "$loader" ] || fail "the unpacked system has no loader"
    libraries=$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")
    program=$1
    shift
    cat >"$cache/$command" <<RUN
#!/bin/sh
exec '$loader' --library-path '$libraries' '$root/$program' $* "\$@"
RUN
    chmod +x "$cache/$command"
}

done_with() {
    : >"$ready"
}
