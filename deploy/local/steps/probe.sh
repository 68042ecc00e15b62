# shellcheck shell=bash
# Ready means: a real request was answered. These speak just enough of each protocol, without starting a client.

# port_taken PORT: something listens there.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# exchange PORT BYTES COUNT: sends bytes (printf escapes), prints at most COUNT bytes of the answer as hex.
exchange() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout 3 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "$2" >&3
    head -c "$3" <&3' probe "$@" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

# Metadata v4 for no topic; the answer has size, correlation id, throttle time and then the count of live brokers, of
# which tests may have two.
kafka_answers() {
  local answer
  answer=$(exchange "$KAFKA_PORT" '\0\0\0\017\0\003\0\004\0\0\0\007\377\377\0\0\0\0\0' 16)
  [[ ${answer:8:8} == 00000007 && ${answer:24:8} =~ ^0000000[1-9]$ ]]
}

# Startup as the role `probe`, `SELECT 1`, end; the answer holds the tag of the finished command.
postgres_answers() {
  local startup='\0\0\0\046\0\003\0\0user\0probe\0database\0postgres\0\0'
  local query='Q\0\0\0\015SELECT 1\0' end='X\0\0\0\004' answer
  answer=$(exchange "$POSTGRES_PORT" "$startup$query$end" 4096)
  [[ $answer == *"$(printf 'SELECT 1\0' | od -An -v -tx1 | tr -d ' \n')"* ]]
}

registry_answers() {
  local answer
  answer=$(exchange "$REGISTRY_PORT" 'GET /subjects HTTP/1.0\r\nHost: localhost\r\n\r\n' 12)
  [[ $answer == "$(printf 'HTTP/1.0 200' | od -An -v -tx1 | tr -d ' \n')" ]]
}

answers() { "${1}_answers"; }

port_of() {
  case $1 in
    kafka) echo "$KAFKA_PORT" ;;
    postgres) echo "$POSTGRES_PORT" ;;
    registry) echo "$REGISTRY_PORT" ;;
  esac
}
