# shellcheck shell=bash
# What run.sh and test.sh share: where things are, messages, system packages, and the project's Python environment.
#
# Sourced with the caller's first argument as the project's root. The one entry point for the Python environment is
# `prepare_environment`; on a prepared machine it costs one hash and no more.

readonly ROOT=$1
# A relative SEWORKBENCH_VENV is meant from where the user stands; the scripts compare and record absolute paths.
VENV=${SEWORKBENCH_VENV:-$ROOT/.venv}
[[ $VENV == /* ]] || VENV=$PWD/$VENV
VENV=${VENV%/}
readonly VENV

# The stamp says what the environment was made from. It is written last, by a rename, so it is true or absent;
# while a set-up is under way it holds UNFINISHED, so that what a killed one left is not mistaken for a good one.
readonly STAMP=$VENV/.seworkbench-stamp
readonly LOCK=$VENV/.seworkbench-lock
readonly UNFINISHED=unfinished

# sysexits' EX_UNAVAILABLE: tells "could not be set up" from every exit status of the program itself.
readonly SETUP_FAILED=69

# --- messages: all on stderr, because stdout belongs to the program (`--json`) ----------------------------------------

say() {
  printf 'seworkbench: %s\n' "$*" >&2
}

stop() {
  say "$@"
  exit "$SETUP_FAILED"
}

# --- system packages --------------------------------------------------------------------------------------------------

# Prints apt, dnf or zypper; nothing when none of them is there. apt-get alone proves nothing: Fedora packages it.
package_manager() {
  if [[ -e /etc/debian_version ]] && type -P apt-get >/dev/null; then
    echo apt
  elif type -P dnf >/dev/null; then
    echo dnf
  elif type -P zypper >/dev/null; then
    echo zypper
  fi
}

may_install() {
  ((EUID == 0)) || { type -P sudo >/dev/null && sudo -n true 2>/dev/null; }
}

# Runs a command as root without ever asking anything. Its output is shown only when it fails: dpkg has five hundred
# lines for a good installation. Standard input stays the program's own. The set-up lock (descriptor 9) is not handed
# down: a service started by a package would hold it for good.
as_root() {
  local log status=0
  local -a prefix=()
  ((EUID == 0)) || prefix=(sudo -n)
  log=$(mktemp)
  "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1 9>&- || status=$?
  ((status == 0)) || cat -- "$log" >&2
  rm -f -- "$log"
  return "$status"
}

# The command a person would type to install packages.
install_command() {
  local manager=$1
  shift
  case $manager in
    apt) echo "apt-get install --no-install-recommends $*" ;;
    *) echo "$manager install $*" ;;
  esac
}

apt_install() {
  # The lock timeout lets two set-ups, or a set-up and the system's own updater, take turns.
  as_root apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}

LISTS_UPDATED='' # once per run is enough

apt_update() {
  [[ -z $LISTS_UPDATED ]] || return 0
  LISTS_UPDATED=yes
  # A source of somebody else's that does not answer is no reason to give up: the install itself tells.
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any update ||
    say "apt-get update met errors (above); going on with the lists it has."
}

apt_install_with_repair() {
  apt_update
  apt_install "$@" && return
  # An installation killed half-way makes apt refuse everything until dpkg has finished it. Other failures stay.
  [[ -n $(dpkg --audit 2>/dev/null) ]] || return 1
  say "Finishing package installations that were interrupted, then trying once more."
  as_root dpkg --configure -a && apt_install "$@"
}

# Installs packages, or says exactly what is missing and how to get it.
# Arguments: what they are for (one phrase), then the packages. Returns non-zero when they are not installed.
install_packages() {
  local purpose=$1 manager
  shift
  manager=$(package_manager)
  if [[ -z $manager ]]; then
    say "$purpose: missing, and none of apt-get, dnf, zypper is here. On Debian the packages are: $*"
    return 1
  fi
  if ! may_install; then
    say "$purpose: missing, and installing needs root. Packages: $*"
    say "As root (or with sudo), run:  $(install_command "$manager" "$@")"
    return 1
  fi
  say "$purpose: installing $*"
  case $manager in
    apt) apt_install_with_repair "$@" ;;
    dnf) as_root dnf --quiet -y install "$@" ;;
    zypper) as_root zypper --quiet --non-interactive install "$@" ;;
  esac && return
  say "$purpose: could not be installed (the reason is above). By hand:  $(install_command "$manager" "$@")"
  return 1
}

# What the window needs beyond Python's packages, on screens and without one: a program on PATH or a library, then the
# package that brings it for apt, dnf and zypper ("-": none known).
readonly -a WINDOW_LIBRARIES=(
  "libglib-2.0.so.0         libglib2.0-0         glib2               libglib-2_0-0"
  "libbrotlidec.so.1        libbrotli1           libbrotli           libbrotlidec1"
  "libdbus-1.so.3           libdbus-1-3          dbus-libs           libdbus-1-3"
  "libxkbcommon.so.0        libxkbcommon0        libxkbcommon        libxkbcommon0"
  "libEGL.so.1              libegl1              libglvnd-egl        libglvnd"
  "libGL.so.1               libgl1               libglvnd-glx        libglvnd"
  "libfontconfig.so.1       libfontconfig1       fontconfig          libfontconfig1"
  "libxcb-cursor.so.0       libxcb-cursor0       xcb-util-cursor     libxcb-cursor0"
  "libxkbcommon-x11.so.0    libxkbcommon-x11-0   libxkbcommon-x11    libxkbcommon-x11-0"
  "libxcb-icccm.so.4        libxcb-icccm4        xcb-util-wm         libxcb-icccm4"
  "libxcb-keysyms.so.1      libxcb-keysyms1      xcb-util-keysyms    libxcb-keysyms1"
  "libxcb-shape.so.0        libxcb-shape0        libxcb              libxcb-shape0"
)

# Whether a row's first word is on this machine: a library by its file name, a header by its path, a program on PATH.
is_present() {
  case $1 in
    /*) [[ -e $1 ]] ;;
    *.so.*) compgen -G "/usr/lib*/$1" >/dev/null || compgen -G "/usr/lib/*/$1" >/dev/null ;;
    *) type -P "$1" >/dev/null ;;
  esac
}

# Installs what is missing of such rows, or says what is missing. Arguments: what it is for, then the rows.
# Returns non-zero when something is still missing.
install_missing() {
  local purpose=$1 entry column=1
  local -a row packages=() unknown=()
  shift
  case $(package_manager) in
    dnf) column=2 ;;
    zypper) column=3 ;;
    *) ;;
  esac
  for entry in "$@"; do
    read -ra row <<<"$entry"
    if is_present "${row[0]}"; then
      continue
    elif [[ ${row[column]} == - ]]; then
      unknown+=("${row[0]}")
    else
      packages+=("${row[column]}")
    fi
  done
  if ((${#packages[@]})); then
    install_packages "$purpose" "${packages[@]}" || return 1
  fi
  ((${#unknown[@]} == 0)) || {
    say "$purpose: not on this machine, and its package is not known here: ${unknown[*]}"
    return 1
  }
}

# --- finding a Python -------------------------------------------------------------------------------------------------

# Prints: state, version, path. "bare" is Debian's Python without its venv package (the module venv is there,
# ensurepip is not). The base executable, not a venv's: the venv in question may be the one about to be rebuilt.
readonly PROBE='
import importlib.util, sys
if sys.version_info < (3, 11):
    state = "old"
elif importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
    state = "ready"
else:
    state = "bare"
print(state, "%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", None) or sys.executable)
'

# Sets PYTHON to a Python that can make the environment. Failing that, sets BARE and OLD to the version of the first
# Python that lacks venv or is too old (empty when there is none) and returns non-zero.
find_python() {
  local candidate state version base
  PYTHON='' BARE='' OLD=''
  while read -r candidate; do
    # A name on PATH need not work: version managers leave shims for versions that are not active.
    read -r state version base < <("$candidate" -I -c "$PROBE" 2>/dev/null </dev/null) || continue
    case $state in
      ready)
        PYTHON=$base
        return
        ;;
      bare) BARE=${BARE:-$version} ;;
      old) OLD=${OLD:-$version} ;;
    esac
  done < <(type -aP python3 python3.14 python3.13 python3.12 python3.11)
  return 1
}

# Prints the package that mends what find_python found wanting.
python_package() {
  case $(package_manager) in
    dnf) if [[ -n $OLD ]]; then echo python3.12; else echo python3; fi ;;
    zypper) if [[ -n $OLD ]]; then echo python311; else echo python3; fi ;;
    *)
      if [[ -n $BARE ]]; then
        echo "python$BARE-venv"
      elif [[ -n $OLD ]]; then
        echo python3.11-venv # Ubuntu 22.04 has it beside its 3.10
      else
        echo python3-venv
      fi
      ;;
  esac
}

need_python() {
  find_python && return
  install_packages "Python 3.11 or newer with venv" "$(python_package)" || exit "$SETUP_FAILED"
  hash -r
  find_python ||
    stop "Still no Python 3.11 or newer with venv on PATH${OLD:+ (found: $OLD)}. Install one and start again."
}

# --- the environment --------------------------------------------------------------------------------------------------

# Sets DIGEST: together with the paths, what an environment depends on.
digest_project() {
  DIGEST=$(sha256sum <"$ROOT/pyproject.toml")
  DIGEST=${DIGEST%% *}
}

# The stamp's lines, by number: the project's digest, the two paths that pip writes into the environment, the Python
# it was made with, the extras installed.
readonly LINE_DIGEST=0 LINE_ROOT=1 LINE_VENV=2 LINE_PYTHON=3 LINE_EXTRAS=4

# Whether the environment can be used as it is. Runs at every start: no process but the hash.
# Argument: the extras wanted ("" takes an environment with any).
environment_is_ready() {
  local -a stamp
  [[ -r $STAMP && -x $VENV/bin/seworkbench ]] || return 1
  mapfile -t stamp <"$STAMP"
  ((${#stamp[@]} == 5)) || return 1
  [[ ${stamp[LINE_ROOT]} == "$ROOT" && ${stamp[LINE_VENV]} == "$VENV" ]] || return 1
  # The recorded path has the version in its name; when the system moves to the next Python it is gone or another file.
  [[ $VENV/bin/python -ef ${stamp[LINE_PYTHON]} ]] || return 1
  [[ -z $1 || ${stamp[LINE_EXTRAS]} == "$1" ]] || return 1
  digest_project
  [[ ${stamp[LINE_DIGEST]} == "$DIGEST" ]]
}

# SEWORKBENCH_VENV may name any folder by mistake, and an unusable environment is emptied; nothing else may be.
refuse_foreign_folder() {
  local entry
  [[ -e $VENV/pyvenv.cfg || -e $STAMP ]] && return
  for entry in "$VENV"/* "$VENV"/.[!.]*; do
    [[ $entry == "$LOCK" || ! -e $entry ]] ||
      stop "$VENV holds other files and no Python environment; nothing was changed." \
        "Name an empty or new folder in SEWORKBENCH_VENV."
  done
}

# Takes the set-up lock as descriptor 9. pip inherits it on purpose: when this script alone is killed, the next start
# waits for the orphaned pip instead of working beside it.
lock_environment() {
  mkdir -p -- "$VENV" 2>/dev/null || true
  if [[ ! -d $VENV || ! -w $VENV ]]; then
    stop "The Python environment belongs in $VENV, which cannot be written. Make that folder writable for $(id -un)," \
      "or name another one:  SEWORKBENCH_VENV=/path/to/folder ${0##*/}"
  fi
  refuse_foreign_folder
  type -P flock >/dev/null || stop "The program flock is missing. Install the package util-linux."
  exec 9>>"$LOCK" || stop "$LOCK cannot be written by $(id -un). Remove $VENV as its owner and start again."
  flock -n 9 || {
    say "Another start is setting up $VENV; waiting for it."
    flock 9
  }
}

# Whether pip can bring the present environment up to date: finished, made for this place, and its Python still runs.
# One without a stamp was made by hand; it is taken over as it is.
environment_is_mendable() {
  local -a stamp
  if [[ -e $STAMP ]]; then
    mapfile -t stamp <"$STAMP"
    ((${#stamp[@]} == 5)) || return 1 # UNFINISHED
    [[ ${stamp[LINE_ROOT]} == "$ROOT" && ${stamp[LINE_VENV]} == "$VENV" ]] || return 1
    [[ $VENV/bin/python -ef ${stamp[LINE_PYTHON]} ]] || return 1
  fi
  "$VENV/bin/python" -I -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null </dev/null
}

# The lock and the stamp survive, so that neither is ever absent while the rest is half gone.
empty_environment() {
  find "$VENV" -mindepth 1 -maxdepth 1 ! -name "${LOCK##*/}" ! -name "${STAMP##*/}" -exec rm -rf -- {} +
}

# Argument: the extras of pyproject.toml to install, separated by commas; may be empty.
install_project() {
  # From the root as ".": a path with brackets or spaces is no argument for pip. -I keeps the user's PYTHONPATH out.
  (
    cd -- "$ROOT" &&
      "$VENV/bin/python" -I -m pip install --quiet --no-input --disable-pip-version-check --editable ".${1:+[$1]}" \
        </dev/null >&2
  ) || stop "pip could not install the project (the reason is above). The next start tries again from the beginning."
}

write_stamp() {
  local python
  python=$(readlink -f -- "$VENV/bin/python")
  printf '%s\n' "$DIGEST" "$ROOT" "$VENV" "$python" "$1" >"$STAMP.new"
  mv -- "$STAMP.new" "$STAMP"
}

# Argument: as for install_project.
build_environment() {
  digest_project # before pip reads the file: if it changes meanwhile, the next start notices
  if environment_is_mendable; then
    say "Updating the Python environment in $VENV."
    echo "$UNFINISHED" >"$STAMP"
  else
    need_python
    say "Setting up a Python environment in $VENV; this takes about a minute, once."
    echo "$UNFINISHED" >"$STAMP"
    empty_environment
    "$PYTHON" -I -m venv "$VENV" </dev/null >&2 || stop "$PYTHON could not make $VENV (the reason is above)."
  fi
  install_missing "Libraries for the window" "${WINDOW_LIBRARIES[@]}" ||
    say "Going on without: the command line works, the window will not open."
  install_project "$1"
  write_stamp "$1"
  say "The Python environment is ready."
}

# Makes sure that VENV holds the project with these extras. Argument: as for install_project.
prepare_environment() {
  environment_is_ready "$1" && return
  lock_environment
  # Another start may have finished the work while this one waited.
  environment_is_ready "$1" || build_environment "$1"
  exec 9>&- # the program must not hold the lock
}
