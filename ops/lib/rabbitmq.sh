# RabbitMQ: the version that is wanted, as one node or as a cluster of three. Ports: +0 epmd, which they share; then three for each node, for AMQP,
# management and distribution: +1 to +3, +8 to +10, +11 to +13.

# Debian 12 has 3.10, Debian 13 has 4.0, the one after it 4.3 and later.
rabbitmq_release() {
  case $1 in
    system) ;;
    4) echo trixie ;;
    4.3) echo forky ;;
    *) return 1 ;;
  esac
}

rabbitmq_version() { echo "${NWS_TEST_RABBITMQ_VERSION:-system}"; }

check_rabbitmq_version() {
  rabbitmq_release "$(rabbitmq_version)" > /dev/null ||
    die 64 "RabbitMQ's version is system, 4 or 4.3, not $(rabbitmq_version)"
}

fetch_rabbitmq() {
  local version
  version=$(rabbitmq_version)
  [ "$version" = system ] ||
    fetch_once "$(rabbitmq_programs "$version")" unpack_release "$(rabbitmq_release "$version")" rabbitmq-server
}

rabbitmq_programs() {
  if [ "$1" = system ]; then debian_programs; else echo "$(cache)/rabbitmq-$1"; fi
}

rabbitmq_nodes_max=3
memory_max=512MiB # of a node, before it takes no more messages

rabbitmq_nodes() { echo "${NWS_TEST_RABBITMQ_NODES:-1}"; }

check_rabbitmq_nodes() {
  [[ $(rabbitmq_nodes) = [1$rabbitmq_nodes_max] ]] ||
    die 64 "RabbitMQ has 1 node or $rabbitmq_nodes_max, not $(rabbitmq_nodes)"
}

# The nodes of a run: 1, or 1 2 3.
nodes_of() { seq "$(cat "$1/rabbitmq.nodes")"; }

# node_server NODE: what the keeper knows it by, and the name of its folder.
node_server() { [ "$1" = 1 ] && echo rabbitmq || echo "rabbitmq$1"; }

node_name() { echo "nws$1@localhost"; }

# node_port RUN NODE 0|1|2: AMQP, management, distribution.
node_port() {
  local first=(0 1 8 11)
  port "$1" $((first[$2] + $3))
}

# node_environment RUN NODE: sets `programs` and `environment`, for the node itself and for the tools that talk to it.
node_environment() {
  local home version
  home=$1/$(node_server "$2")
  version=$(cat "$1/rabbitmq.version")
  programs=$(rabbitmq_programs "$version")
  environment=(PATH="$programs/usr/bin:$PATH")
  [ "$version" != system ] || environment=("${unpacked[@]}")
  environment+=(
    HOME="$home" LC_ALL=C.UTF-8
    ERL_EPMD_PORT="$(port "$1" 0)" ERL_EPMD_ADDRESS=127.0.0.1
    RABBITMQ_CONF_ENV_FILE=/dev/null
    RABBITMQ_NODENAME="$(node_name "$2")"
  )
}

# Nodes after the first join it, so they are started when it is ready: see wait_until_ready.
start_rabbitmq() {
  local run=$1 node=${2:-1} home programs environment
  home=$run/$(node_server "$node")
  node_environment "$run" "$node"
  [ -d "$home/mnesia" ] || prepare_node "$run" "$node"
  start_epmd "$run"
  # RUNNING_UNDER_SYSTEMD makes the scripts exec, so that the pid we know is the node itself.
  serve "$run" "$(node_server "$node")" env "${environment[@]}" \
    RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT="$(node_port "$run" "$node" 0)" \
    RABBITMQ_DIST_PORT="$(node_port "$run" "$node" 2)" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" \
    RABBITMQ_LOG_BASE="$home/log" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$root/ops/rabbitmq/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_PLUGINS_EXPAND_DIR="$home/expand" \
    RABBITMQ_GENERATED_CONFIG_DIR="$home/gen" \
    RABBITMQ_PID_FILE="$home/pid.rabbit" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none' \
    "$programs/usr/lib/rabbitmq/bin/rabbitmq-server"
}

prepare_node() {
  local run=$1 home
  home=$run/$(node_server "$2")
  mkdir -p "$home"/{mnesia,log,expand,gen}
  node_settings "$run" "$2" > "$home/rabbitmq.conf"
  echo '[rabbitmq_management].' > "$home/enabled_plugins"
  # The secret by which nodes and tools know each other.
  (umask 377 && basename "$run" > "$home/.erlang.cookie")
  printf '#!/bin/sh\nNWS_SERVICES_RUN=%q exec %q rabbitmq "$@"\n' "$run" "$root/ops/services" > "$home/control"
  chmod +x "$home/control"
}

# In the foreground: left to itself, erl starts one that stays.
start_epmd() {
  local epmd_port
  epmd_port=$(port "$1" 0)
  server_lives "$1" epmd ||
    serve "$1" epmd env "${environment[@]}" epmd -address 127.0.0.1 -port "$epmd_port"
  until_true 10 listens "$epmd_port"
}

# A node knows itself and the first one: newer versions wait for all that they know.
node_settings() {
  cat << EOF_SETTINGS
listeners.tcp.1 = 127.0.0.1:$(node_port "$1" "$2" 0)
management.tcp.ip = 127.0.0.1
management.tcp.port = $(node_port "$1" "$2" 1)
loopback_users = none
default_user = nws
default_pass = nws
log.file.level = warning
log.console = false
vm_memory_high_watermark.absolute = $memory_max
disk_free_limit.absolute = 100MB
queue_leader_locator = balanced
cluster_formation.classic_config.nodes.1 = $(node_name 1)
cluster_formation.classic_config.nodes.$2 = $(node_name "$2")
EOF_SETTINGS
}

rabbitmq_addresses() {
  local node urls=
  for node in $(nodes_of "$1"); do
    urls+=,amqp://nws:nws@127.0.0.1:$(node_port "$1" "$node" 0)/%2f
  done
  echo "NWS_TEST_AMQP_URL=${urls#,}"
  echo "NWS_TEST_AMQP_API=http://nws:nws@127.0.0.1:$(node_port "$1" 1 1)"
  echo "NWS_TEST_RABBITMQ=$1/rabbitmq/control"
  echo "NWS_TEST_RABBITMQ_NODES=$(nodes_of "$1" | wc -l)"
}

# The listener opens last, after the plugins: a node that greets is ready and in its cluster, its management too.
rabbitmq_ready() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(node_port "$1" "${2:-1}" 0)"
    printf 'AMQP\0\0\11\1' >&3
    [ "$(timeout 2 head -c 1 <&3 | od -An -tu1)" -eq 1 ] # a method frame: Connection.Start
  ) 2> /dev/null
}

rabbitmq2_ready() { rabbitmq_ready "$1" 2; }
rabbitmq3_ready() { rabbitmq_ready "$1" 3; }

# rabbitmq_command kill9|pause|resume|restart|block|unblock [NODE], or leader QUEUE
rabbitmq_command() {
  local run=${NWS_SERVICES_RUN:-} node
  [ -n "$run" ] || run=$(run_of_checkout) || die 69 'nothing is up; start it with: ops/services up'
  if [ "${1:-}" = leader ]; then
    leader_of "$run" "${2:?which queue}"
    return
  fi
  node=$(chosen_node "$run" "${2:-1}")
  case ${1:-} in
    kill9) kill_node "$run" "$node" ;;
    pause) signal_node "$run" "$node" STOP ;;
    resume) signal_node "$run" "$node" CONT ;;
    restart) restart_node "$run" "$node" ;;
    block) control_node "$run" "$node" set_vm_memory_high_watermark 0 ;;
    unblock) control_node "$run" "$node" set_vm_memory_high_watermark absolute $memory_max ;;
    *) usage ;;
  esac
}

chosen_node() {
  # shellcheck disable=SC2046
  nodes_of "$1" | grep -x -- "$2" || die 64 there is no node "$2" in this run, only: $(nodes_of "$1")
}

signal_node() { kill "-$3" "$(cat "$1/$(node_server "$2")/pid")"; }

kill_node() {
  signal_node "$1" "$2" KILL
  until_true 10 gone "$(cat "$1/$(node_server "$2")/pid")"
}

# Whether it still runs or was killed before; the keeper starts it, so that it ends with the run. A node that returns to
# a cluster waits there for one that has lived longer: of nodes that were killed, the last starts first.
restart_node() {
  local run=$1 node=$2 server
  server=$(node_server "$node")
  ! server_lives "$run" "$server" || kill_node "$run" "$node"
  rm "$run/$server/pid"
  tell "$run" "$server"
  until_true "$ready_seconds_max" settled "$run" "$server" || true
  rabbitmq_ready "$run" "$node" || failed_to_start "$run" "$server"
}

# control_node RUN NODE COMMAND…: RabbitMQ's own tool.
control_node() {
  local programs environment
  node_environment "$1" "$2"
  env "${environment[@]}" "$programs/usr/lib/rabbitmq/bin/rabbitmqctl" --quiet "${@:3}"
}

# The node that leads a quorum queue, as one that lives knows it.
leader_of() {
  local run=$1 node
  for node in $(nodes_of "$run"); do
    ! rabbitmq_ready "$run" "$node" || break
  done
  control_node "$run" "$node" --no-table-headers list_queues name leader |
    sed -n "s/^$2\tnws\([0-9]\)@localhost\$/\1/p" | grep .
}
