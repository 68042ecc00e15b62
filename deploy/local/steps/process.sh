# shellcheck shell=bash
# Finding and ending our own processes. Each part works in its own data folder, so the kernel itself says
# which processes are ours: no pid file can be stale, and no other server is ever touched.

# pids FOLDER PROGRAM: the running processes of that program whose working folder is FOLDER.
pids() {
  local cwd pid name folders
  folders=$(find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/cwd' \( -lname "$1" -o -lname "$1 (deleted)" \) 2>/dev/null) || true
  for cwd in $folders; do
    pid=${cwd//[^0-9]/}
    { read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
    if [[ $name == "$2"* ]]; then printf '%s\n' "$pid"; fi
  done
}

part_pids() {
  case $1 in
    kafka) pids "$KAFKA_DATA" java ;;
    postgres) pids "$POSTGRES_DATA" postgres ;;
    registry) pids "$REGISTRY_DATA" schema-registr ;;
  esac
}

runs() { [[ -n $(part_pids "$1") ]]; }

any_runs() { runs kafka || runs postgres || runs registry; }

# wait_until SECONDS COMMAND…: polls until the command succeeds, or fails when the time is over.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# over PID…: no thread of them lives. A process loses its working folder, by which we find it, when its first thread
# ends; its ports are taken until the last one has.
over() {
  local pid task
  for pid; do
    for task in "/proc/$pid/task/"*/status; do
      ! grep -qs '^State:.[^ZX]' "$task" || return 1
    done
  done
}

# stop PART: asks politely, then insists; succeeds only when no process is left.
stop() {
  local part=$1 started=$EPOCHREALTIME polite=TERM running
  mapfile -t running < <(part_pids "$part")
  ((${#running[@]})) || return 0
  [[ $part != postgres ]] || polite=INT # "fast": ends open sessions instead of waiting for them
  signal "$polite" "$part"
  if ! wait_until 15 over "${running[@]}"; then
    signal KILL "$part"
    wait_until 5 over "${running[@]}" ||
      fail "$part does not end (processes ${running[*]})" "end them as the user who started them"
  fi
  say "$part: stopped in $(seconds_since "$started")"
}

signal() {
  local pid
  for pid in $(part_pids "$2"); do kill "-$1" "$pid" 2>/dev/null || true; done
}

# launch FOLDER LOG COMMAND…: starts a server that outlives this shell and holds none of its files, locks included.
launch() {
  local folder=$1 log=$2
  shift 2
  (cd "$folder" && exec setsid "$@" >>"$log" 2>&1 </dev/null 9>&-) &
  disown
}
