#!/usr/bin/env bash
# Builds everything from a fresh checkout: system packages, Python environment, ITK, the module with its tests, the wheel.
#
# Run it again at any time: finished steps are kept, and interrupted ones continue. Afterwards .venv/ holds the installed
# wheel and build/ the C++ tests; scripts/test.sh runs them all.
#
# Environment:
#   ITK_DIR         a build tree of ITK 5.4, wrapped for Python, to use instead of building one
#   ITK_SOURCE_DIR  a source tree of ITK 5.4 to build instead of the Debian source package
#   ARSSR_CACHE     where ITK is built, shared by all checkouts (default: $XDG_CACHE_HOME/arssr or ~/.cache/arssr)
#   ARSSR_TESTS     OFF leaves out C++ tests and examples, unless build/ has them already (default: ON)
#   ARSSR_PYTHON    the Python, 3.11 or newer, used to make .venv/ (default: python3)
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
checkout=$PWD
. scripts/lib/common.sh
. scripts/lib/debian_source.sh
. scripts/lib/itk.sh

cache=$arssr_cache
build=$checkout/build
venv=$checkout/.venv
logs=$build/logs
mkdir -p "$logs"
step_count=7
tests=${ARSSR_TESTS:-ON}
if grep -qs '^BUILD_TESTING:[A-Z]*=ON' "$build/CMakeCache.txt"; then
  tests=ON
fi

python_is_usable() {
  "$1" - <<'PYTHON' 2>/dev/null
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(not (sys.version_info >= (3, 11) and os.path.exists(header)))
PYTHON
}

install_system_packages() {
  local packages=()
  have_all g++ || packages+=(g++)
  if [ -z "${ITK_DIR:-}" ]; then
    have_all castxml || packages+=(castxml)
    [ -e /usr/include/tbb/tbb.h ] || packages+=(libtbb-dev)
  fi
  have_all ccache || packages+=(ccache)
  have_all flock || packages+=(util-linux)
  have_all git || packages+=(git)
  have_all xz || packages+=(xz-utils)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
  python_is_usable "${ARSSR_PYTHON:-python3}" || packages+=(python3 python3-dev python3-venv)
  [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
  python_is_usable "${ARSSR_PYTHON:-python3}" ||
    fail "${ARSSR_PYTHON:-python3} is not a Python 3.11 or newer with venv and headers; set ARSSR_PYTHON to one that is"
}

install_python_environment() {
  local wanted stamp=$venv/arssr-requirements
  wanted=$(echo "$venv" && cat scripts/requirements.txt) # scripts in .venv name its path
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    [ -x "$venv/bin/pip" ] || "${ARSSR_PYTHON:-python3}" -m venv --clear "$venv"
    with_progress "$logs/python.log" \
      "$venv/bin/python" -m pip --disable-pip-version-check install -r scripts/requirements.txt
    printf '%s\n' "$wanted" >"$stamp"
  fi
}

build_itk() {
  local root=$cache/itk source stamp built
  if [ -n "${ITK_SOURCE_DIR:-}" ]; then
    [ -e "$ITK_SOURCE_DIR/CMake/itkVersion.cmake" ] || fail "ITK_SOURCE_DIR=$ITK_SOURCE_DIR holds no source of ITK"
    source=$(cd "$ITK_SOURCE_DIR" && pwd)
    root=$cache/itk-$(printf '%s' "$source" | cksum | cut -d ' ' -f 1)
  else
    source=$root/source
  fi
  mkdir -p "$root"
  ITK_DIR=$root/build
  stamp=$root/complete

  exec 9>"$root/lock"
  flock -n 9 || { note "waiting for another checkout that builds ITK" && flock 9; }
  # What was built for tests is enough without them.
  built=$(cat "$stamp" 2>/dev/null || true)
  if [ "$built" = "$(itk_contents "$tests")" ] || [ "$built" = "$(itk_contents ON)" ]; then
    step "ITK's source: already used"
    step "ITK's libraries and interfaces: already in $ITK_DIR"
  else
    step "Fetching ITK's source (about 1 min)"
    [ -n "${ITK_SOURCE_DIR:-}" ] || with_progress "$logs/itk-source.log" itk_source "$root"
    step "Building ITK's libraries and interfaces (about 10 min on two cores; kept in $root)"
    note "configuring"
    with_progress "$logs/itk-configure.log" itk_configure "$source" "$root" "$venv/bin/python" "$tests"
    note "compiling the libraries"
    with_progress "$logs/itk-libraries.log" itk_libraries "$root"
    note "generating the interfaces for Python"
    with_progress "$logs/itk-interfaces.log" itk_interfaces "$root"
    itk_contents "$tests" >"$stamp"
  fi
  exec 9>&-
}

build_module() {
  local -x PATH=$venv/bin:$PATH CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
  use_compiler_cache
  rm -rf "$build/wheel"
  with_progress "$logs/module.log" \
    pip --disable-pip-version-check wheel . -v --no-build-isolation --no-deps -w "$build/wheel" \
    -C build-dir="$build" -C cmake.define.BUILD_TESTING="$tests" -C cmake.define.ITK_DIR="$ITK_DIR" \
    -C cmake.define.ARSSR_PRECOMPILE_HEADERS=ON
}

install_wheel() {
  local -x PATH=$venv/bin:$PATH
  rm -rf dist
  {
    # Torch's libraries come with torch, which the wheel depends on.
    auditwheel repair --exclude 'libtorch*.so' --exclude 'libc10*.so' -w dist "$build"/wheel/*.whl
    pip --disable-pip-version-check install --no-deps --force-reinstall dist/*.whl
  } >"$logs/wheel.log" 2>&1 || { tail -n 40 "$logs/wheel.log" >&2 && fail "the wheel could not be installed"; }
  note "dist/$(basename dist/*.whl)"
}

exec 8>"$build/setup.lock"
flock -n 8 || { note "waiting for another setup in this checkout" && flock 8; }

step "System packages (about 1 min when some are missing)"
install_system_packages

step "Python environment in .venv (about 2 min and 7 GB the first time)"
install_python_environment

if [ -n "${ITK_DIR:-}" ]; then
  ITK_DIR=$(cd "$ITK_DIR" && pwd)
  [ -e "$ITK_DIR/ITKConfig.cmake" ] || fail "ITK_DIR=$ITK_DIR holds no ITKConfig.cmake"
  step "ITK's source: not needed, ITK_DIR is given"
  step "ITK's libraries and interfaces: $ITK_DIR"
else
  build_itk
fi

if [ "$tests" = ON ]; then
  step "Compiling the module, its tests and its Python extension (about 15 min on two cores the first time)"
else
  step "Compiling the module and its Python extension (about 8 min on two cores the first time)"
fi
build_module

step "Installing the wheel in .venv"
install_wheel

step "Checking that Python loads it"
"$venv/bin/python" - <<'PYTHON'
import itk
print("     ", itk.ArSSRModel.New().GetNameOfClass(), "is there, in ITK", itk.Version.GetITKVersion())
PYTHON
