# What every script here needs: words, the cache, bounded waiting, children that end with us.

say() { echo "ops: $*" >&2; }

# die STATUS WORDS…: 64 for a wrong call, 69 for something that is missing (sysexits.h).
die() {
  say "${@:2}"
  exit "$1"
}

cache() { echo "${NWS_CACHE:-${HOME:?}/.cache/nws}"; }

# until_true SECONDS COMMAND…: tries every 50 ms, fails when the time is up.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.05
  done
}

# Neither gone nor a zombie: under a lazy pid 1 a killed orphan stays a zombie for seconds.
alive() {
  local state
  state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/${1:-none}/status" 2> /dev/null) || return 1
  [ -n "$state" ] && [[ $state != [ZX]* ]]
}

gone() { ! alive "$1"; }

# processes_with NAME=VALUE: those that were started with this in their environment.
processes_with() {
  local pid
  while IFS=/ read -r _ _ pid _; do
    ! alive "$pid" || echo "$pid"
  done < <(grep -lzxF "$1" /proc/[0-9]*/environ 2> /dev/null)
}

# run_child COMMAND…: waits for its end and gives back its exit code. TERM, HUP and Ctrl-C reach it, and it ends with
# us even when we are killed -9.
run_child() {
  local child status=0 signalled=
  # A shell's background child would ignore Ctrl-C and read nothing: both are given back. 9 is the keeper's pipe.
  setpriv --pdeathsig TERM env --default-signal=INT,QUIT "$@" <&0 9>&- &
  child=$!
  trap 'signalled=130; kill -INT "$child" 2> /dev/null' INT
  trap 'signalled=143; kill -TERM "$child" 2> /dev/null' TERM
  trap 'signalled=129; kill -TERM "$child" 2> /dev/null' HUP
  # A trapped signal ends `wait` early; the child still has its own last work to do.
  wait "$child" || status=$?
  while [ -n "$signalled" ] && alive "$child"; do wait "$child" || true; done
  # Whoever was told to end does so undisturbed: a second Ctrl-C must not cut the cleaning up short.
  if [ -n "$signalled" ]; then trap '' INT TERM HUP; else trap - INT TERM HUP; fi
  return "${signalled:-$status}"
}
