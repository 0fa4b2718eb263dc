#!/usr/bin/env bash
# Sets up everything that checking the project needs, then runs the checks and the tests.
#
#   installers/test.sh                     linters, types, import contracts, then all tests
#   installers/test.sh tests/x.py -k y     only pytest, with these arguments, from the project's root
#
# Where packages may not be installed it says what is missing and goes on: the tests concerned skip with a reason.
# With CI set nothing may be missing. SEWORKBENCH_VENV: as in run.sh.
[ -n "${BASH_VERSION:-}" ] || exec bash -- "$0" "$@" # started as "sh ..."
set -euo pipefail

script=$(readlink -f -- "${BASH_SOURCE[0]}") # through symlinks: the project is around the real file
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "${script%/*}/environment.sh" "${script%/*/*}"

# What the tests need beyond Python, in rows as in environment.sh.
# Debian's qemu-system-misc provides the name qemu-system-s390x, which is a package on Ubuntu.
readonly -a NEEDED=(
  "qemu-system-s390x     qemu-system-s390x    qemu-system-s390x-core  qemu-s390x"
  "s390x-linux-gnu-gcc   gcc-s390x-linux-gnu  gcc-s390x-linux-gnu     -"
  "gcc                   gcc                  gcc                     gcc"
  "/usr/include/stdio.h  libc6-dev            glibc-devel             glibc-devel"
  "make                  make                 make                    make"
  "cpio                  cpio                 cpio                    cpio"
  "Xvfb                  xvfb                 xorg-x11-server-Xvfb    xorg-x11-server-Xvfb"
  "xdotool               xdotool              xdotool                 xdotool"
  "openssl               openssl              openssl                 openssl"
  "pdftotext             poppler-utils        poppler-utils           poppler-tools"
  "dpkg-deb              dpkg                 dpkg                    dpkg"
  "apt-get               apt                  apt                     -"
)

# Stops in CI, where a skipped test would go unnoticed; elsewhere the tests say themselves what they skip.
tolerate_missing() {
  [[ -z ${CI:-} ]] || stop "$1 (CI is set: nothing may be missing.)"
  say "$1 Going on; tests that need it skip."
}

install_test_programs() {
  install_missing "Programs for the tests" "${NEEDED[@]}" ||
    tolerate_missing "Not every program for the tests is here."
}

# Sets PYTEST_OPTIONS. pytest-qt ends pytest itself where Qt's libraries are missing, so without them it stays out.
need_window_libraries() {
  PYTEST_OPTIONS=(-n 2)
  install_missing "Libraries for the window" "${WINDOW_LIBRARIES[@]}" || {
    tolerate_missing "The tests of the window cannot run."
    PYTEST_OPTIONS+=(-p no:pytest-qt --ignore=tests/ui)
  }
}

fetch_boot_kernel() {
  local fetch=$ROOT/tests/boot/fetch_s390x_kernel.sh cache
  [[ -f $fetch ]] || return 0
  cache=${XDG_CACHE_HOME:-~/.cache}/seworkbench/s390x # "~" works without HOME too, as it does for the tests
  say "Looking for the s390x kernel of the boot tests in $cache; without one, fetching it."
  "$fetch" "$cache" </dev/null ||
    tolerate_missing "The s390x kernel for the boot tests could not be fetched."
}

announce() {
  printf '\n=== %s\n' "$*"
}

# Arguments: a command, which is also the step's name.
run_step() {
  local status=0
  announce "$*"
  "$@" || status=$?
  ((status == 0)) || {
    say "The step '$*' failed (exit status $status)."
    exit "$status"
  }
}

main() {
  prepare_environment dev
  need_window_libraries
  install_test_programs
  fetch_boot_kernel

  cd -- "$ROOT"
  export PATH=$VENV/bin:$PATH
  export QT_QPA_PLATFORM=offscreen
  unset DISPLAY WAYLAND_DISPLAY # no window on the developer's desktop
  [[ -z ${CI:-} ]] || export SEWORKBENCH_REQUIRE_BOOT=1

  if (($# == 0)); then
    run_step ruff check
    run_step ruff format --check
    run_step mypy
    run_step lint-imports
  fi
  # The last step and nothing after it: pytest's summary is the line that readers of CI look at.
  announce pytest
  exec pytest "${PYTEST_OPTIONS[@]}" "$@"
}

main "$@"
