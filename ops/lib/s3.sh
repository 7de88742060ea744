# S3: s3s-fs, which is quick to build, or Garage, which people run. Ports: +5 S3, +6 Garage's RPC, +7 its admin API.

s3_access_key=GK0123456789abcdef01234567 # Garage wants GK and 24 hex digits, and 64 of them below
s3_secret_key=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
s3_bucket=nws
s3_region=us-east-1

s3_kind() { echo "${NWS_TEST_S3:-s3s}"; }

check_s3_kind() {
  case $(s3_kind) in
    s3s | garage) ;;
    *) die 64 "the S3 server is s3s or garage, not $(s3_kind)" ;;
  esac
}

start_s3() { "start_$(s3_kind)" "$1"; }
s3_ready() { "$(s3_kind)_ready" "$1"; }

s3_addresses() {
  echo "NWS_TEST_S3_ENDPOINT=http://127.0.0.1:$(port "$1" 5)"
  echo "NWS_TEST_S3_BUCKET=$s3_bucket"
  echo "NWS_TEST_S3_REGION=$s3_region"
  echo "NWS_TEST_S3_ACCESS_KEY=$s3_access_key"
  echo "NWS_TEST_S3_SECRET_KEY=$s3_secret_key"
}

start_s3s() {
  mkdir -p "$1/s3/data/$s3_bucket" # a bucket is a folder
  serve "$1" s3 "$(s3s_program)" --host 127.0.0.1 --port "$(port "$1" 5)" \
    --access-key $s3_access_key --secret-key $s3_secret_key "$1/s3/data"
}

s3s_ready() { listens "$(port "$1" 5)"; }

start_garage() {
  mkdir -p "$1/s3"
  (umask 077 && garage_settings "$1" > "$1/s3/garage.toml")
  serve "$1" s3 env GARAGE_CONFIG_FILE="$1/s3/garage.toml" RUST_LOG=garage=warn,garage_rpc=error \
    GARAGE_DEFAULT_ACCESS_KEY=$s3_access_key GARAGE_DEFAULT_SECRET_KEY=$s3_secret_key \
    GARAGE_DEFAULT_BUCKET=$s3_bucket \
    "$(garage_program)" server --single-node --default-bucket
}

garage_settings() {
  cat << EOF_SETTINGS
metadata_dir = "$1/s3/meta"
data_dir = "$1/s3/data"
db_engine = "lmdb"
replication_factor = 1
metadata_fsync = false
data_fsync = false
rpc_bind_addr = "127.0.0.1:$(port "$1" 6)"
rpc_public_addr = "127.0.0.1:$(port "$1" 6)"
rpc_secret = "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"

[s3_api]
s3_region = "$s3_region"
api_bind_addr = "127.0.0.1:$(port "$1" 5)"

[admin]
api_bind_addr = "127.0.0.1:$(port "$1" 7)"
EOF_SETTINGS
}

# Healthy once its layout, key and bucket are there.
garage_ready() {
  (
    exec 3<> "/dev/tcp/127.0.0.1/$(port "$1" 7)"
    printf 'GET /health HTTP/1.0\r\n\r\n' >&3
    [[ $(timeout 2 head -n 1 <&3) = *' 200 '* ]]
  ) 2> /dev/null
}
