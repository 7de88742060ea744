# Where programs come from: Debian's packages unpacked, crates built, once, into the cache. Nothing is installed on the
# system, nobody needs to be root, and what is there already is not fetched again: offline works.

s3s_version=0.14.1 # 0.15 wants Rust 1.96
garage_version=2.5.0

debian_programs() { echo "$(cache)/rabbitmq-redis"; }
s3s_program() { echo "$(cache)/s3s-fs-$s3s_version/bin/s3s-fs"; }
garage_program() { echo "$(cache)/garage-$garage_version/bin/garage"; }

# What `env` needs so that unpacked programs find each other.
unpacked=(
  PATH="$(debian_programs)/usr/bin:$PATH"
  LD_LIBRARY_PATH="$(echo "$(debian_programs)"/usr/lib/*-linux-gnu)"
)

fetch_services() {
  fetch_once "$(debian_programs)" unpack_debian rabbitmq-server redis-server redis-tools
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

# unpack_debian PACKAGES… FOLDER: Debian's or Ubuntu's packages with what they need and the system lacks. apt keeps its
# lists and locks in a folder of ours, so the system's are not touched.
unpack_debian() {
  local folder=${*: -1} apt=${*: -1}/apt names package
  local wanted=("${@:1:$#-1}") erl=$folder/usr/lib/erlang/bin/erl
  command -v apt-get dpkg-deb || die 69 "${wanted[*]}: these are taken from Debian's or Ubuntu's packages"
  local options=(
    -qq -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt" -o "Dir::Cache::Archives=$apt/archives"
    -o Debug::NoLocking=true -o "APT::Sandbox::User=$(id -un)"
  )
  # --reinstall: those wanted are named even where the system has them.
  # shellcheck disable=SC2086
  mkdir -p "$apt"/{lists,archives}/partial &&
    apt-get "${options[@]}" update &&
    names=$(apt-get "${options[@]}" --print-uris --yes --no-install-recommends --reinstall install "${wanted[@]}" |
      sed "s/^'[^']*' \([^_]*\)_.*/\1/") &&
    (cd "$apt/archives" && apt-get "${options[@]}" download $names) &&
    for package in "$apt"/archives/*.deb; do dpkg-deb --extract "$package" "$folder" || return; done &&
    rm -rf "$apt" || return
  # Debian's erl spells its own place out.
  [ ! -f "$erl" ] || sed -i "s#ROOTDIR=/usr/lib/erlang#ROOTDIR=${folder%.part}/usr/lib/erlang#" "$erl"
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
