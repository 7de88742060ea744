# Debian's packages, unpacked into the cache and run from there: those of this system's own release, and those of a later
# one together with the C library they were built for. apt keeps its lists and locks in a folder of ours, so the system's
# are not touched.

# What `env` needs so that programs unpacked from this system's own release find each other.
unpacked=(
  PATH="$(debian_programs)/usr/bin:$PATH"
  LD_LIBRARY_PATH="$(echo "$(debian_programs)"/usr/lib/*-linux-gnu)"
)

# unpack_packages PACKAGES… FOLDER: from Debian or Ubuntu as this system has it, with what they need and it lacks.
unpack_packages() {
  local folder=${*: -1} names options=()
  own_apt "$folder/apt" &&
    # --reinstall: those wanted are named even where the system has them.
    names=$(names_of --reinstall "${@:1:$#-1}") &&
    unpack_named "$folder" "$names"
}

# unpack_release RELEASE PACKAGES… FOLDER: from another release of Debian, with all the libraries they need.
unpack_release() {
  local release=$1 folder=${*: -1} names options=()
  shift
  own_apt "$folder/apt" "$release" &&
    names=$(names_of "${@:1:$#-1}" | grep -Ex "$(
      IFS='|'
      echo "${*:1:$#-1}|erlang-.*|lib.*|zlib1g"
    )") &&
    unpack_named "$folder" "$names" &&
    load_by_own_loader "$folder"
}

# own_apt FOLDER [RELEASE]: sets `options` for an apt that keeps to FOLDER; with a RELEASE, for a system of that release
# on which nothing is installed.
own_apt() {
  local apt=$1 keys
  command -v apt-get dpkg-deb || die 69 'RabbitMQ and Redis are taken from packages of Debian or Ubuntu'
  options=(
    -qq -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt" -o "Dir::Cache::Archives=$apt/archives"
    -o Debug::NoLocking=true -o "APT::Sandbox::User=$(id -un)"
  )
  mkdir -p "$apt"/{lists,archives}/partial || return
  if [ -n "${2:-}" ]; then
    keys=$(ls /usr/share/keyrings/debian-archive-keyring.*) || die 69 "Debian's keys are missing: install debian-archive-keyring"
    echo "deb [signed-by=${keys%%$'\n'*}] http://deb.debian.org/debian $2 main" > "$apt/sources.list"
    : > "$apt/status"
    options+=(
      -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Status=$apt/status"
    )
  fi
  apt-get "${options[@]}" update
}

# What apt would install.
names_of() {
  apt-get "${options[@]}" --print-uris --yes --no-install-recommends install "$@" | sed "s/^'[^']*' \([^_]*\)_.*/\1/"
}

unpack_named() {
  local folder=$1 names=$2 package erl
  # shellcheck disable=SC2086
  (cd "$folder/apt/archives" && apt-get "${options[@]}" download $names) &&
    for package in "$folder"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$folder" || return; done &&
    rm -rf "$folder/apt" || return
  # Debian's erl spells its own place out; the second one is what Erlang starts others with.
  for erl in "$folder"/usr/lib/erlang/{,erts-*/}bin/erl; do
    [ ! -f "$erl" ] || sed -i "s#ROOTDIR=/usr/lib/erlang#ROOTDIR=${folder%.part}/usr/lib/erlang#" "$erl"
  done
}

# A program asks for its loader under a fixed name, where this system has its own, and with it an older C library. So
# Erlang's programs are started by a script of the same name, which hands them to the loader that came with them.
load_by_own_loader() {
  local folder=$1 final=${1%.part} libraries program
  libraries=$(cd "$folder" && echo usr/lib/*-linux-gnu)
  while read -r program; do
    mv "$folder/$program" "$folder/$program.program"
    printf '#!/bin/sh\nexec %q --library-path %q --argv0 "$0" %q "$@"\n' \
      "$final/$(cd "$folder" && echo "$libraries"/ld-linux*)" "$final/$libraries" "$final/$program.program" > "$folder/$program"
    chmod +x "$folder/$program"
  done < <(cd "$folder" && find usr/lib/erlang -type f -perm -1 -exec grep -lF $'\x7fELF' {} +)
}
