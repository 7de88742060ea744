# The keeper: one process per run that starts the servers, is their parent, and ends them.
#
# No server may outlive its run, whatever happens:
#   the caller ends or is killed -9   the keeper reads the end of its control pipe and stops everything;
#   the keeper is killed -9           the kernel kills the servers (PR_SET_PDEATHSIG);
#   a server starts others            every process of a run carries NWS_SERVICE_OF and is found by it.
#
# A run is a folder: control (the pipe), keeper.pid, ports, rabbitmq.version, rabbitmq.nodes, log, and one
# folder per server.

new_run() {
  local run
  run=$(mktemp -d "${TMPDIR:-/tmp}/nws-services.XXXXXX")
  mkfifo "$run/control"
  free_ports > "$run/ports"
  rabbitmq_version > "$run/rabbitmq.version"
  rabbitmq_nodes > "$run/rabbitmq.nodes"
  echo "$run"
}

# The first of thirty free ports in a row, below the range from which the kernel gives out its own.
free_ports() {
  local base offset
  for _ in {1..100}; do
    base=$((20000 + RANDOM % 400 * 30))
    for offset in {0..29}; do
      ! listens $((base + offset)) || continue 2
    done
    echo $base
    return
  done
  die 69 'there are no thirty free ports in a row between 20000 and 32000'
}

# port RUN OFFSET
port() { echo $(($(cat "$1/ports") + $2)); }

listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# start_keeper RUN owned|free: an owned keeper ends with this process, a free one when it is told to.
start_keeper() {
  local run=$1
  [ "$2" = free ] || exec 9<> "$run/control" # held open: this is what the keeper lives by
  setsid "$root/ops/services" --s3 "$(s3_kind)" keep "$run" "$2" > "$run/log" 2>&1 < /dev/null 9>&- &
  echo $! > "$run/keeper.pid"
}

keeper_lives() { alive "$(cat "$1/keeper.pid" 2> /dev/null)"; }

# tell RUN WORD: never blocks, whether somebody reads or not.
tell() { echo "$2" 1<> "$1/control"; }

# The keeper's own story.
keep() {
  local run=$1 word
  trap '' INT HUP
  trap 'exit 143' TERM
  trap "stop_servers '$run'" EXIT
  exec 8<> "$run/control" # cannot block, and a pipe that one can write to never ends
  exec 9< "$run/control"
  [ "$2" = free ] || exec 8>&-
  start_redis "$run"
  start_redis_cluster "$run"
  start_s3 "$run"
  start_rabbitmq "$run"
  while read -r -u 9 word; do
    case $word in
      rabbitmq) start_rabbitmq "$run" 1 ;;
      rabbitmq[23]) start_rabbitmq "$run" "${word#rabbitmq}" ;;
      redis_node[1-9]) start_redis_node "$run" "${word#redis_node}" ;;
      stop) break ;;
    esac
  done
}

# serve RUN NAME COMMAND…: starts a server whose life ends with the keeper's.
serve() {
  local run=$1 name=$2
  shift 2
  mkdir -p "$run/$name"
  NWS_SERVICE_OF=$run setpriv --pdeathsig KILL "$@" >> "$run/$name/out" 2>&1 < /dev/null 8>&- 9>&- &
  echo $! > "$run/$name/pid"
}

# server_lives RUN NAME
server_lives() { alive "$(cat "$1/$2/pid" 2> /dev/null)"; }

# The data is thrown away, so nobody is asked to end gracefully.
stop_servers() {
  until_true 10 all_gone "$1" || say "some processes of $1 would not end"
  rm -rf "$1"
}

all_gone() {
  local pids
  pids=$(processes_with "NWS_SERVICE_OF=$1")
  [ -n "$pids" ] || return 0
  # shellcheck disable=SC2086
  kill -KILL $pids 2> /dev/null
  return 1
}

# release RUN: has the keeper stop everything, and waits until it did.
release() {
  local run=$1 keeper
  keeper=$(cat "$run/keeper.pid" 2> /dev/null) || true
  if alive "$keeper"; then
    tell "$run" stop
    until_true 30 gone "$keeper" || kill -KILL "$keeper" 2> /dev/null || true
  fi
  rm -rf "$run"
}

# How long the servers may take to start: 5 s on a quiet machine, 12 s measured on a loaded one.
ready_seconds_max=90

wait_until_ready() {
  local run=$1 name node
  for name in redis s3 rabbitmq redis_cluster; do
    wait_for_server "$run" "$name"
  done
  for node in $(nodes_of "$run" | tail -n +2); do tell "$run" "$(node_server "$node")"; done
  for node in $(nodes_of "$run" | tail -n +2); do wait_for_server "$run" "$(node_server "$node")"; done
}

# wait_for_server RUN NAME
wait_for_server() {
  until_true "$ready_seconds_max" settled "$1" "$2" || true
  "${2}_ready" "$1" || failed_to_start "$1" "$2"
}

# Ready, or dead: waiting on changes nothing.
settled() { "$2_ready" "$1" || { [ -f "$1/$2/pid" ] && ! server_lives "$1" "$2"; } || ! keeper_lives "$1"; }

failed_to_start() {
  say "$2 did not start; the end of its log:"
  tail -n 20 "$1/log" "$1/$2/out" >&2 || true
  exit 69
}
