# Where programs come from: Debian's packages unpacked (see debian.sh), crates built, once, into the cache. Nothing is installed on the
# system, nobody needs to be root, and what is there already is not fetched again: offline works.

s3s_version=0.14.1 # 0.15 wants Rust 1.96
garage_version=2.5.0

debian_programs() { echo "$(cache)/rabbitmq-redis"; }
pebble_programs() { echo "$(cache)/pebble"; }
s3s_program() { echo "$(cache)/s3s-fs-$s3s_version/bin/s3s-fs"; }
garage_program() { echo "$(cache)/garage-$garage_version/bin/garage"; }

fetch_services() {
  fetch_once "$(debian_programs)" unpack_packages rabbitmq-server redis-server redis-tools
  fetch_once "$(pebble_programs)" unpack_packages pebble
  fetch_rabbitmq
  case $(s3_kind) in
    s3s) fetch_once "$(cache)/s3s-fs-$s3s_version" build_crate s3s-fs --version $s3s_version --features binary ;;
    garage) fetch_once "$(cache)/garage-$garage_version" build_crate garage --version $garage_version \
      --no-default-features --features bundled-libs,lmdb ;;
  esac
}

# fetch_once FOLDER COMMAND…: COMMAND fills the folder it gets as its last argument. Half a folder never appears under
# its name, and of two that want the same one waits. COMMAND joins its steps with &&: `set -e` does not reach it here.
fetch_once() {
  local folder=$1
  shift
  [ ! -d "$folder" ] || return 0
  mkdir -p "$(cache)"
  (
    flock 7
    [ ! -d "$folder" ] || exit 0
    rm -rf "$folder.part"
    say "fetching $(basename "$folder"), once"
    "$@" "$folder.part" > "$folder.log" 2>&1 || die 69 "could not fetch $(basename "$folder"), see $folder.log"
    mv "$folder.part" "$folder"
  ) 7> "$folder.lock" 9>&-
}

# build_crate NAME CARGO-ARGUMENTS… FOLDER: quick to build rather than quick to run, and without its 2 GB of objects.
build_crate() {
  local folder=${*: -1} status=0
  env -u RUSTFLAGS CARGO_TARGET_DIR="$folder/target" \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo install --locked --root "$folder" "${@:1:$#-1}" || status=$?
  rm -rf "$folder/target"
  return $status
}

# python_tools REQUIREMENTS… FOLDER: a virtual environment with these.
python_tools() {
  local folder=${*: -1}
  # Scripts in there spell their folder out, so it is made under its final name.
  python3 -m venv "${folder%.part}.venv" &&
    "${folder%.part}.venv/bin/pip" install --quiet --disable-pip-version-check "${@:1:$#-1}" &&
    mkdir "$folder" &&
    ln -s "${folder%.part}.venv/bin" "$folder/bin"
}
