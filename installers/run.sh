#!/usr/bin/env bash
# Sets up what is missing, then starts SE Workbench with the arguments given; its exit status is this script's.
#
#   installers/run.sh              the program itself
#   installers/run.sh ARGUMENTS    the same, passed on unchanged; file names are meant from where you stand
#
# SEWORKBENCH_VENV names another folder for the Python environment (default: .venv in the project's root).
# Exit status 69: the set-up failed, the program was not started.
[ -n "${BASH_VERSION:-}" ] || exec bash -- "$0" "$@" # started as "sh ..."
set -euo pipefail

script=$(readlink -f -- "${BASH_SOURCE[0]}") # through symlinks: the project is around the real file
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "${script%/*}/environment.sh" "${script%/*/*}"

prepare_environment ""
# -P, and no `python -m`: neither the current folder nor bin/ may come first on the import path, where any numpy.py lying
# about would be run. Python by name: the script's own first line breaks where the path has a dollar sign.
exec "$VENV/bin/python" -P "$VENV/bin/seworkbench" "$@"
