# A Redis cluster, in memory only: nodes 1 to 3 are masters, node 4 is the replica of node 1. A failover changes that.
# Ports: +14 to +17 for clients, +18 to +21 between the nodes.

redis_cluster_nodes=4

# The nodes are told who is who before they start: a cluster that has to be negotiated takes seconds longer.
start_redis_cluster() {
  local run=$1 node
  for ((node = 1; node <= redis_cluster_nodes; node++)); do
    mkdir -p "$run/redis_cluster/$node"
    redis_cluster_map "$run" "$node" > "$run/redis_cluster/$node/nodes.conf"
    start_redis_node "$run" "$node"
  done
  printf '#!/bin/sh\nNWS_SERVICES_RUN=%q exec %q redis-node "$@"\n' "$run" "$root/ops/services" \
    > "$run/redis_cluster/control"
  chmod +x "$run/redis_cluster/control"
}

# A shard without a master is no reason to refuse the others. Nobody is taken for dead on a machine that is merely busy:
# a test that wants a failover asks the replica for it.
start_redis_node() {
  local run=$1 node=$2
  serve "$run" "redis_cluster/$node" env "${unpacked[@]}" redis-server \
    --bind 127.0.0.1 --port "$(redis_node_port "$run" "$node")" --dir "$run/redis_cluster/$node" \
    --save '' --appendonly no --daemonize no --maxmemory 128mb --maxmemory-policy noeviction \
    --cluster-enabled yes --cluster-config-file nodes.conf --cluster-port "$(redis_node_bus "$run" "$node")" \
    --cluster-node-timeout 60000 --cluster-require-full-coverage no --repl-diskless-sync-delay 0
}

redis_node_port() { port "$1" $((13 + $2)); }
redis_node_bus() { port "$1" $((17 + $2)); }
redis_node_id() { printf '%040d' "$1"; }

# What a node writes down itself later, in Redis' own form: id, address, role, master, …, slots.
redis_cluster_map() {
  local run=$1 self=$2 node role
  local slots=('' 0-5460 5461-10922 10923-16383 '')
  for ((node = 1; node <= redis_cluster_nodes; node++)); do
    role="master - 0 0 $node connected"
    [ "$node" != 4 ] || role="slave $(redis_node_id 1) 0 0 1 connected"
    [ "$node" != "$self" ] || role="myself,$role"
    echo "$(redis_node_id "$node") 127.0.0.1:$(redis_node_port "$run" "$node")@$(redis_node_bus "$run" "$node")" \
      "$role ${slots[node]}"
  done
  echo 'vars currentEpoch 3 lastVoteEpoch 0'
}

redis_cluster_addresses() {
  local node urls=redis+cluster://
  for ((node = 1; node <= redis_cluster_nodes; node++)); do
    urls+=127.0.0.1:$(redis_node_port "$1" "$node"),
  done
  echo "NWS_TEST_REDIS_CLUSTER_URL=${urls%,}"
  echo "NWS_TEST_REDIS_NODE=$1/redis_cluster/control"
}

# Every node, and whoever is a replica has what its master has.
redis_cluster_ready() {
  local node
  for ((node = 1; node <= redis_cluster_nodes; node++)); do
    redis_node_says "$1" "$node" 'CLUSTER INFO' 'cluster_state:ok' || return
    ! redis_node_says "$1" "$node" 'INFO replication' 'master_link_status:down' || return
  done
}

# redis_node_says RUN NODE COMMAND PATTERN
redis_node_says() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(redis_node_port "$1" "$2")"
    printf '%s\r\nQUIT\r\n' "$3" >&3
    timeout 2 grep -q "$4" <&3
  ) 2> /dev/null
}

# redis_node_command kill9|restart|pause|resume PORT
redis_node_command() {
  local run=${NWS_SERVICES_RUN:-} node
  [ -n "$run" ] || run=$(run_of_checkout) || die 69 'nothing is up; start it with: ops/services up'
  node=$((${2:-0} - $(port "$run" 13)))
  ((node >= 1 && node <= redis_cluster_nodes)) || usage
  case $1 in
    kill9) signal_redis_node "$run" "$node" KILL && until_true 10 gone "$(cat "$run/redis_cluster/$node/pid")" ;;
    pause) signal_redis_node "$run" "$node" STOP ;;
    resume) signal_redis_node "$run" "$node" CONT ;;
    restart) restart_redis_node "$run" "$node" ;;
    *) usage ;;
  esac
}

signal_redis_node() { kill "-$3" "$(cat "$1/redis_cluster/$2/pid")"; }

# It keeps its place in the cluster, not its data; the keeper starts it, so that it ends with the run.
restart_redis_node() {
  ! server_lives "$1" "redis_cluster/$2" || signal_redis_node "$1" "$2" KILL
  rm "$1/redis_cluster/$2/pid"
  tell "$1" "redis_node$2"
  until_true "$ready_seconds_max" redis_cluster_ready "$1" || failed_to_start "$1" "redis_cluster/$2"
}
