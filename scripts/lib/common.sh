# shellcheck shell=bash
# Shared by the scripts in this folder: messages, and long commands run with visible progress. Sourced.

# What all checkouts share, and what is slow to make again: ITK, compiled objects, what clang-tidy found nothing in.
arssr_cache=${ARSSR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arssr}

step_number=0
step_count=0

# step TITLE: announces the next step.
step() {
  step_number=$((step_number + 1))
  printf '[%d/%d] %s\n' "$step_number" "$step_count" "$*"
}

note() {
  printf '      %s\n' "$*"
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# with_progress LOG COMMAND...: runs COMMAND with its output in LOG and shows how far it got: on a terminal in one
# line that is rewritten, elsewhere with a line every half minute. Prints the end of LOG when COMMAND fails.
with_progress() {
  local log=$1 begin=$SECONDS interval=30 status=0 line=0 pid now
  shift
  mkdir -p "$(dirname "$log")"
  : >"$log"
  [ -t 1 ] && interval=2
  set -m # a process group of its own, so that an interrupt can end all of it
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -TERM -- "-$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    now=$((SECONDS - begin))
    if [ $((now - line)) -ge $interval ]; then
      line=$now
      if [ -t 1 ]; then
        printf '\r\033[K      %s' "$(progress_of "$log" "$now")"
      else
        note "$(progress_of "$log" "$now")"
      fi
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [ -t 1 ] && printf '\r\033[K'
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    fail "this command failed with status $status after $((SECONDS - begin)) s: $*
the end of its output is above, all of it in $log"
  fi
  note "done in $((SECONDS - begin)) s"
}

# progress_of LOG SECONDS: ninja's count where there is one, else the last line.
progress_of() {
  local count
  count=$(tail -c 4000 "$1" | tr '\r' '\n' | grep -oE '^[[:space:]]*\[[0-9]+/[0-9]+\]' | tail -n 1 | tr -d ' ')
  [ -n "$count" ] || count=$(tail -n 5 "$1" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-80)
  printf '%3d:%02d  %s' $(($2 / 60)) $(($2 % 60)) "$count"
}

# have_all COMMAND...: whether every command is there.
have_all() {
  local command
  for command; do
    command -v "$command" >/dev/null 2>&1 || return 1
  done
}

# install_packages PACKAGE...: Debian packages, through sudo where needed; says what to do where it cannot.
install_packages() {
  local as_root=()
  if ! have_all apt-get; then
    fail "this machine has no apt-get; install what corresponds to the Debian packages: $*"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    have_all sudo || fail "packages are missing and there is no sudo; run as root: apt-get install $*"
    as_root=(sudo)
  fi
  note "installing: $*"
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
}

# install_clang: clang++ with the runtime of its sanitizers and libFuzzer, where they are missing.
install_clang() {
  local archive=libclang_rt.asan-$(uname -m).a
  have_all clang++ || install_packages clang
  [ -e "$(clang++ -print-file-name="$archive")" ] ||
    install_packages "libclang-rt-$(clang++ -dumpversion | cut -d . -f 1)-dev"
}

# run_gtests DRIVER LOG OPTION...: a GoogleTest program in as many processes as there are cores, each with its part of the
# tests, in the program's build folder; prints what they print, keeps it in LOG-<number>.log and the tests' times in .json.
run_gtests() {
  local driver=$1 log=$2 shards process=() failed=() shard
  shift 2
  shards=$(env -u OMP_NUM_THREADS nproc) # which nproc would follow
  rm -f "$log"-*.log "$log"-*.json
  for ((shard = 0; shard < shards; ++shard)); do
    (cd "$(dirname "$driver")/.." && GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$shard \
      exec "$driver" --gtest_brief=1 --gtest_output="json:$log-$shard.json" "$@") >"$log-$shard.log" 2>&1 &
    process[shard]=$!
  done
  for ((shard = 0; shard < shards; ++shard)); do
    wait "${process[shard]}" || failed+=("$shard")
    cat "$log-$shard.log"
  done
  [ ${#failed[@]} -gt 0 ] || return 0
  # Once more at the end, where it is looked for: what failed, and the end of a process that a signal or a sanitizer stopped.
  for shard in "${failed[@]}"; do
    printf '\nFailed in %s:\n' "$log-$shard.log"
    grep -nE '^\[  FAILED  \]|: Failure$|ERROR: [A-Za-z]*Sanitizer|runtime error:|^SUMMARY: ' "$log-$shard.log" | tail -n 40 || true
    grep -q '^\[==========\] .* ran\.' "$log-$shard.log" || tail -n 40 "$log-$shard.log"
  done
  return 1
}

# gtest_summary LOG: the last lines of run_gtests' processes in one.
gtest_summary() {
  cat "$1"-*.log | grep -E '^\[  (PASSED|SKIPPED|FAILED) .* tests?[.,]' | tr '\n' ' '
}

# gtest_slowest LOG: which of run_gtests' tests took longest, and how long all of them together.
gtest_slowest() {
  .venv/bin/python - "$1"-*.json <<'PYTHON'
import json, os, sys
tests = [
    (float(test["time"].rstrip("s")), f"{suite['name']}.{test['name']}")
    for file in sys.argv[1:]
    if os.path.exists(file)  # a process that crashed leaves none
    for suite in json.load(open(file))["testsuites"]
    for test in suite["testsuite"]
]
longest = ", ".join(f"{name} {seconds:.0f} s" for seconds, name in sorted(tests, reverse=True)[:5])
print(f"{sum(seconds for seconds, _ in tests):.0f} s in all; longest: {longest}")
PYTHON
}

# use_compiler_cache: keeps compiled objects in the cache with ccache, where that is there, so that another checkout of the
# same sources, another build folder or a clean one compiles only what is new. Paths within the checkout don't count.
use_compiler_cache() {
  have_all ccache || return 0
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache
  export CCACHE_DIR=${CCACHE_DIR:-$arssr_cache/ccache} CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
}
