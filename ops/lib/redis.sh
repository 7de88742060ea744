# Redis, in memory only. Port: +4. And the program, for a test that wants one of its own: it ends with that test.

start_redis() {
  mkdir -p "$1/redis"
  printf '#!/bin/sh\nNWS_SERVICE_OF=%q exec setpriv --pdeathsig KILL env %s redis-server "$@"\n' \
    "$1" "$(printf '%q ' "${unpacked[@]}")" > "$1/redis/server"
  chmod +x "$1/redis/server"
  serve "$1" redis env "${unpacked[@]}" redis-server \
    --bind 127.0.0.1 --port "$(port "$1" 4)" --dir "$1/redis" \
    --save '' --appendonly no --daemonize no \
    --maxmemory 256mb --maxmemory-policy noeviction # job records must never be evicted
}

redis_addresses() {
  echo "NWS_TEST_REDIS_URL=redis://127.0.0.1:$(port "$1" 4)/"
  echo "NWS_TEST_REDIS_SERVER=$1/redis/server"
}

redis_ready() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(port "$1" 4)"
    printf 'PING\r\n' >&3
    [[ $(timeout 2 head -n 1 <&3) = +PONG* ]]
  ) 2> /dev/null
}
