# shellcheck shell=bash
# shellcheck disable=SC2034 # every file beside this one reads these
# Folders, ports and versions. Ports: environment, else those of the running set, else the defaults.

# shellcheck source=../versions
source "$HERE/versions"

CACHE=${SLUICEBOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluicebox}
DATA=${SLUICEBOX_DATA:-${XDG_STATE_HOME:-$HOME/.local/state}/sluicebox}

# saved NAME: the port that the running set of this data folder uses, if one runs.
saved() {
  if [[ -r $DATA/ports ]] && any_runs; then sed -n "s/^$1=//p" "$DATA/ports"; fi
}

# choose NAME FROM_ENVIRONMENT DEFAULT: sets the port NAME.
choose() {
  local port=${2:-$(saved "$1")}
  port=${port:-$3}
  [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] ||
    fail "$1 is '$port', which is no port" "give a number from 1 to 65535"
  printf -v "$1" '%s' "$port"
}

# The set that people use, or with --test one that tests have for themselves.
choose_ports() {
  if [[ $1 == test ]]; then
    choose KAFKA_PORT "${SLUICEBOX_TEST_KAFKA_PORT:-}" 29092
    choose CONTROLLER_PORT "${SLUICEBOX_TEST_KAFKA_CONTROLLER_PORT:-}" $((KAFKA_PORT + 1))
    choose REGISTRY_PORT "${SLUICEBOX_TEST_REGISTRY_PORT:-}" 28081
    choose POSTGRES_PORT "${SLUICEBOX_TEST_POSTGRES_PORT:-}" 25432
  else
    choose KAFKA_PORT "${SLUICEBOX_KAFKA_PORT:-}" 19092
    choose CONTROLLER_PORT "${SLUICEBOX_KAFKA_CONTROLLER_PORT:-}" $((KAFKA_PORT + 1))
    choose REGISTRY_PORT "${SLUICEBOX_REGISTRY_PORT:-}" 18081
    choose POSTGRES_PORT "${SLUICEBOX_POSTGRES_PORT:-}" 15432
  fi
}

ports() {
  printf '%s\n' "KAFKA_PORT=$KAFKA_PORT" "CONTROLLER_PORT=$CONTROLLER_PORT" \
    "REGISTRY_PORT=$REGISTRY_PORT" "POSTGRES_PORT=$POSTGRES_PORT"
}

# A folder that PostgreSQL's own user can enter: it refuses to run as root, and root's home is closed to others.
choose_folders() {
  [[ $1 != test ]] || DATA=$DATA/test
  DATA=$(realpath -m "$DATA") # the kernel names working folders without links
  KAFKA_DATA=$DATA/kafka
  REGISTRY_DATA=$DATA/registry
  POSTGRES_HOME=$CACHE
  POSTGRES_DATA=$DATA/postgres
  if ((EUID == 0)); then
    POSTGRES_HOME=${SLUICEBOX_POSTGRES_HOME:-/var/lib/sluicebox}
    POSTGRES_DATA=$POSTGRES_HOME/postgres-$(printf '%s' "$DATA" | cksum | cut -d ' ' -f 1)
    POSTGRES_USER=${SLUICEBOX_POSTGRES_USER:-nobody}
  fi
  KAFKA_JARS=$CACHE/kafka-$KAFKA_VERSION
  POSTGRES_PROGRAMS=$POSTGRES_HOME/postgresql-$POSTGRES_BINARIES_VERSION
  REGISTRY_PROGRAM=$CACHE/schema-registry-$REGISTRY_VERSION
}

log_of() { printf '%s/%s.log' "$DATA" "$1"; }
