# Makes the virtual environments of the suites in Python; sourced by their `run`, with `root` set.
# shellcheck shell=bash disable=SC2154

# What both suites need, and what takes longest to install: once, in an environment of its own, that theirs look in
# after themselves.
base_venv="$root/build/torch-venv"
base_requirements="$root/tests/interop/requirements-base.txt"

# Debian ships the venv module without ensurepip unless python3-venv is there.
have_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

install_venv_module() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  if ! command -v apt-get >/dev/null; then
    echo "tests/interop: python3 lacks the venv module, install it first" >&2
    exit 2
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends python3-venv
}

site_packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# satisfied VENV REQUIREMENTS…: the stamp says what the environment was made from, so that a second run needs no
# network.
satisfied() {
  local stamp="$1/requirements.sha256"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "${@:2}" | sha256sum)" ]
}

stamp() { cat "${@:2}" | sha256sum >"$1/requirements.sha256"; }

# The suites may begin at one time: the second waits until the first has it.
make_base_environment() {
  mkdir -p "$root/build"
  (
    flock 9
    if satisfied "$base_venv" "$base_requirements"; then exit; fi
    have_venv || install_venv_module
    rm -rf "$base_venv"
    python3 -m venv "$base_venv"
    "$base_venv/bin/pip" install -q -r "$base_requirements"
    stamp "$base_venv" "$base_requirements"
  ) 9>"$root/build/torch-venv.lock"
}

# make_environment VENV REQUIREMENTS: the base, and besides it what is asked for, which comes before the base.
make_environment() {
  local venv=$1 requirements=$2
  if satisfied "$venv" "$base_requirements" "$requirements"; then return; fi
  make_base_environment
  rm -rf "$venv"
  python3 -m venv --without-pip "$venv"
  site_packages "$base_venv" >"$(site_packages "$venv")/base.pth"
  # pip of the base, run by this environment's python, installs here and counts what the base has as installed.
  "$venv/bin/python" -m pip install -q -r "$base_requirements" -r "$requirements"
  stamp "$venv" "$base_requirements" "$requirements"
}
