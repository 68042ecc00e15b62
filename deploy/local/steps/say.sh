# shellcheck shell=bash
# What people read: one progress line a step, one line for an error with its mending.

say() { printf '%s\n' "$*" >&2; }

# fail WHAT MENDING: says both on one line and ends the command.
fail() {
  printf 'error: %s. To mend: %s\n' "$1" "$2" >&2
  exit 1
}

# Seconds since START (an earlier $EPOCHREALTIME), with one decimal.
seconds_since() {
  local now=${EPOCHREALTIME/[.,]/} start=${1/[.,]/}
  local tenths=$(((now - start) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# The last line of a log file that names an error, for the one line that people see.
last_error() {
  local line
  line=$(grep -aiE 'address already in use|no space left|lock on file|permission denied' "$1" 2>/dev/null | head -n 1)
  [[ -n $line ]] || line=$(grep -aE 'ERROR|FATAL|Exception|error:|cannot' "$1" 2>/dev/null |
    grep -avE '^\[ERROR\] (\[Help|To see|Re-run|For more|$)' | head -n 1)
  [[ -n $line ]] || line=$(tail -n 1 "$1" 2>/dev/null)
  printf '%s' "${line:0:300}"
}
