# What a bare machine lacks before anything can be built.

need_build_tools() {
  PATH=$PATH:$HOME/.cargo/bin
  command -v cargo > /dev/null ||
    die 69 'cargo is missing. Get Rust from https://rustup.rs, open a new shell, and run this again.'
  # SQLite, libwebp, libjpeg-turbo, libaom and the cryptography are built from their C sources, two of them with assembly, and
  # libaom with a few lines of C++ and scripts in Perl.
  local missing=()
  command -v cc > /dev/null || missing+=(gcc libc6-dev)
  command -v c++ > /dev/null || missing+=(g++)
  command -v perl > /dev/null || missing+=(perl)
  command -v cmake > /dev/null || missing+=(cmake)
  command -v make > /dev/null || missing+=(make)
  command -v nasm > /dev/null || [ "$(uname -m)" != x86_64 ] || missing+=(nasm)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}

# The one under test: NWS_BIN, or the debug build of what is here.
need_binary() {
  if [ -z "${NWS_BIN:-}" ]; then
    need_build_tools
    run_child cargo build --manifest-path "$root/Cargo.toml" --locked --package nws
    export NWS_BIN=${CARGO_TARGET_DIR:-$root/target}/debug/nws
  fi
}

install_packages() {
  command -v apt-get > /dev/null ||
    die 69 "these are missing, by their Debian names: $*. Install them and run this again."
  say "installing $*"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" > /dev/null
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die 69 "this needs root, and there is no sudo: $*"
  fi
}
