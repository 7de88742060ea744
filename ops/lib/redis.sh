# Redis, in memory only. Port: +4.

start_redis() {
  serve "$1" redis env "${unpacked[@]}" redis-server \
    --bind 127.0.0.1 --port "$(port "$1" 4)" --dir "$1/redis" \
    --save '' --appendonly no --daemonize no \
    --maxmemory 256mb --maxmemory-policy noeviction # job records must never be evicted
}

redis_addresses() { echo "NWS_TEST_REDIS_URL=redis://127.0.0.1:$(port "$1" 4)/"; }

redis_ready() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(port "$1" 4)"
    printf 'PING\r\n' >&3
    [[ $(timeout 2 head -n 1 <&3) = +PONG* ]]
  ) 2> /dev/null
}
