# What the scripts share. Sourced by bash with the project's root as the working folder.
ROOT="$PWD"
SYSTEM_PATH="$PATH"
PATH="$ROOT/.venv/bin:$PATH"
export PATH
# Some machines are told to keep no bytecode; here hundreds of processes would compile the same sources again.
unset PYTHONDONTWRITEBYTECODE
SUDO_WORD=""
[ "$(id -u)" = 0 ] || SUDO_WORD="sudo "

say() { printf '%s\n' "$*" >&2; }

# Each argument is a line of its own: what happened, then what to type.
fail() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

# One digest of words and files (an argument that names a readable file counts by its content).
digest() {
  local part
  for part in "$@"; do
    if [ -r "$part" ] && [ ! -d "$part" ]; then cat "$part"; else printf '%s\n' "$part"; fi
  done | sha256sum | cut -d' ' -f1
}

stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# Whether a program is Node.js 20 or newer.
good_node() {
  command -v "$1" >/dev/null && "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null
}

# Whether packages may be installed on this machine without asking anybody.
may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

apt_install() {
  say "Installing $* with apt..."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}
