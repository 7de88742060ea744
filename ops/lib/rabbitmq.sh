# RabbitMQ: one node of its own. Ports: +0 epmd, +1 AMQP, +2 management, +3 distribution.

start_rabbitmq() {
  local run=$1 home=$1/rabbitmq epmd_port
  epmd_port=$(port "$run" 0)
  mkdir -p "$home"/{mnesia,log,expand,gen}
  rabbitmq_settings "$run" > "$home/rabbitmq.conf"
  echo '[rabbitmq_management].' > "$home/enabled_plugins"
  printf '#!/bin/sh\nNWS_SERVICES_RUN=%q exec %q rabbitmq "$@"\n' "$run" "$root/ops/services" > "$home/control"
  chmod +x "$home/control"
  local environment=(
    "${unpacked[@]}" HOME="$home" LC_ALL=C.UTF-8 ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1
  )
  # epmd in the foreground: left to itself, erl starts one that stays.
  server_lives "$run" epmd || serve "$run" epmd env "${environment[@]}" epmd -address 127.0.0.1 -port "$epmd_port"
  until_true 10 listens "$epmd_port"
  # RUNNING_UNDER_SYSTEMD makes the scripts exec, so that the pid we know is the node itself.
  serve "$run" rabbitmq env "${environment[@]}" \
    RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_NODENAME=nws@localhost \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT="$(port "$run" 1)" \
    RABBITMQ_DIST_PORT="$(port "$run" 3)" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" \
    RABBITMQ_LOG_BASE="$home/log" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$root/ops/rabbitmq/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_PLUGINS_EXPAND_DIR="$home/expand" \
    RABBITMQ_GENERATED_CONFIG_DIR="$home/gen" \
    RABBITMQ_PID_FILE="$home/pid.rabbit" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none' \
    "$(debian_programs)/usr/lib/rabbitmq/bin/rabbitmq-server"
}

rabbitmq_settings() {
  cat << EOF_SETTINGS
listeners.tcp.1 = 127.0.0.1:$(port "$1" 1)
management.tcp.ip = 127.0.0.1
management.tcp.port = $(port "$1" 2)
loopback_users = none
default_user = nws
default_pass = nws
log.file.level = warning
log.console = false
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 100MB
EOF_SETTINGS
}

rabbitmq_addresses() {
  echo "NWS_TEST_AMQP_URL=amqp://nws:nws@127.0.0.1:$(port "$1" 1)/%2f"
  echo "NWS_TEST_AMQP_API=http://nws:nws@127.0.0.1:$(port "$1" 2)"
  echo "NWS_TEST_RABBITMQ=$1/rabbitmq/control"
}

# The listener opens last, after the plugins: a node that greets is ready, its management too.
rabbitmq_ready() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(port "$1" 1)"
    printf 'AMQP\0\0\11\1' >&3
    [ "$(timeout 2 head -c 1 <&3 | od -An -tu1)" -eq 1 ] # a method frame: Connection.Start
  ) 2> /dev/null
}

rabbitmq_command() {
  local run=${NWS_SERVICES_RUN:-}
  [ -n "$run" ] || run=$(run_of_checkout) || die 69 'nothing is up; start it with: ops/services up'
  case $1 in
    kill9) signal_rabbitmq "$run" KILL && until_true 10 gone "$(cat "$run/rabbitmq/pid")" ;;
    pause) signal_rabbitmq "$run" STOP ;;
    resume) signal_rabbitmq "$run" CONT ;;
    restart) restart_rabbitmq "$run" ;;
    *) usage ;;
  esac
}

signal_rabbitmq() { kill "-$2" "$(cat "$1/rabbitmq/pid")"; }

# Whether it still runs or was killed before; the keeper starts it, so that it ends with the run.
restart_rabbitmq() {
  local run=$1
  ! server_lives "$run" rabbitmq || rabbitmq_command kill9
  rm "$run/rabbitmq/pid"
  tell "$run" rabbitmq
  until_true "$ready_seconds_max" settled "$run" rabbitmq || true
  rabbitmq_ready "$run" || failed_to_start "$run" rabbitmq
}
