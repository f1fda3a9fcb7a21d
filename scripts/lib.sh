# Shared by the scripts of this folder; sourced, not run. Sets `root` and goes there.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

# What the program itself is built from. libboost-dev holds Boost.Graph, which is headers only.
build_packages=(g++ cmake ninja-build pkg-config libyaml-cpp-dev nlohmann-json3-dev libboost-dev
  libboost-program-options-dev libopenblas-dev libtbb-dev libfmt-dev libxxhash-dev libssl-dev
  libpcre2-dev libutf8proc-dev libsentencepiece-dev)
# What its tests and benchmarks are built with besides …
test_build_packages=(libgtest-dev librapidcheck-dev libbenchmark-dev ccache)
# … and what they run. llvm has the symbolizer that gives sanitizers' traces their names.
sanitizer_packages=(clang lld llvm libclang-rt-14-dev)
test_packages=(git "${sanitizer_packages[@]}" clang-format clang-tidy shellcheck python3 python3-venv graphviz
  zsh fish chromium)

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 2
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_missing PACKAGE…: asks apt-get for those that are not there, and for nothing when all are.
install_missing() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system; expecting the equivalents of: $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "install these as root first: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing from Debian: ${missing[*]}"
  local log="$root/build/apt.log"
  mkdir -p build
  {
    "${as_root[@]}" apt-get update -qq &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    die "apt-get failed; all it said is in build/apt.log"
  }
}

# configure PRESET [CMAKE ARGUMENTS]: quiet unless it fails.
configure() {
  local preset=$1 log
  shift
  log="build/configure-$preset.log"
  mkdir -p build
  cmake --preset "$preset" "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    die "cmake --preset $preset failed"
  }
}

# build PRESET [TARGET…]: shows ninja's own progress, one line where the output is a terminal.
build() {
  local preset=$1
  shift
  cmake --build --preset "$preset" ${1:+--target "$@"}
}

seconds_since() { echo "$((SECONDS - $1)) s"; }
