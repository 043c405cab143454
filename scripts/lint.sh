#!/usr/bin/env bash
# Checks dependencies between folders (scripts/arrows.py), format (clang-format, ruff) and suspicious code (cppcheck,
# clang-tidy, ruff) of the C++ and Python sources; `--fix` applies the format. clang-tidy reads build/compile_commands.json,
# and clang-tidy and ruff are in .venv, so run scripts/setup.sh first. ARSSR_CACHE, as in that script, also records the
# sources in which clang-tidy found nothing.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

packages=()
have_all clang-format || packages+=(clang-format)
have_all cppcheck || packages+=(cppcheck)
[ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"

mapfile -t files < <(git ls-files --cached --others --exclude-standard \
  'include/*.h' 'include/*.hxx' 'src/*.h' 'src/*.cxx' 'src/*.cu' \
  'test/*.cxx' 'test/*.h' 'examples/*.cxx' 'benchmark/*.cxx')
# Headers are seen through the sources that include them: the filters' through one that makes all of their code. Those of
# the CUDA kernels that nvcc alone compiles are not.
mapfile -t units < <(git ls-files --cached --others --exclude-standard 'src/*.cxx' test/filters/ArSSRFilterInstantiations.cxx)

if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
  .venv/bin/ruff format --quiet .
  exit
fi

.venv/bin/python scripts/arrows.py

clang-format --dry-run --Werror "${files[@]}"
echo "clang-format: ${#files[@]} files are formatted"

.venv/bin/ruff format --check --quiet . || fail "ruff format: bash scripts/lint.sh --fix writes the format"
.venv/bin/ruff check --quiet .
echo "ruff: Python is formatted, no findings"

# Headers of ITK and LibTorch are not read: a name that is not known is taken to be right.
cppcheck --enable=warning,performance,portability --std=c++17 --language=c++ --inline-suppr --error-exitcode=1 --quiet \
  -j "$(nproc)" --suppress=missingIncludeSystem -I include -I src include src
echo "cppcheck: no findings"

[ -e build/compile_commands.json ] || fail "build/compile_commands.json is missing; run scripts/setup.sh"
.venv/bin/python scripts/tidy.py build "$arssr_cache/tidy" "${units[@]}"
