# shellcheck shell=bash
# Apache Kafka, one KRaft node: broker and controller in one process.

kafka_prepare() {
  mkdir -p "$KAFKA_DATA"
  kafka_properties >"$KAFKA_DATA/server.properties"
  [[ -e $KAFKA_DATA/formatted ]] || kafka_format
}

# Of a property that is given twice, the last one counts.
kafka_properties() {
  sed -e "s|@FOLDER@|$KAFKA_DATA|" -e "s|@KAFKA_PORT@|$KAFKA_PORT|" -e "s|@CONTROLLER_PORT@|$CONTROLLER_PORT|" \
    "$HERE/kafka/server.properties"
  [[ -z ${SLUICEBOX_KAFKA_PROXIED_PORT:-} ]] || kafka_proxied_listener
  printf '%s\n' "${SLUICEBOX_KAFKA_PROPERTIES:-}"
}

# The broker tells clients of this listener to come back through the proxy, so they never find the way around it.
kafka_proxied_listener() {
  [[ -n ${SLUICEBOX_KAFKA_PROXY_PORT:-} ]] ||
    fail "SLUICEBOX_KAFKA_PROXIED_PORT is set without SLUICEBOX_KAFKA_PROXY_PORT" "say where the proxy listens"
  sed -nE -e "s|@KAFKA_PORT@|$KAFKA_PORT|; s|@CONTROLLER_PORT@|$CONTROLLER_PORT|" \
    -e "s|^listeners=.*|&,PROXIED://127.0.0.1:$SLUICEBOX_KAFKA_PROXIED_PORT|p" \
    -e "s|^advertised.listeners=.*|&,PROXIED://127.0.0.1:$SLUICEBOX_KAFKA_PROXY_PORT|p" \
    -e 's|^listener.security.protocol.map=.*|&,PROXIED:PLAINTEXT|p' "$HERE/kafka/server.properties"
}

# The mark comes last: an interrupted formatting starts anew.
kafka_format() {
  local id=${SLUICEBOX_KAFKA_CLUSTER:-}
  [[ -n $id ]] || id=S$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
  rm -rf "$KAFKA_DATA/logs"
  java -cp "$KAFKA_JARS/*" -Dlog4j2.configurationFile="$HERE/kafka/log4j2.properties" kafka.tools.StorageTool \
    format -t "$id" -c "$KAFKA_DATA/server.properties" >>"$(log_of kafka)" 2>&1 ||
    fail "Kafka could not format $KAFKA_DATA/logs: $(last_error "$(log_of kafka)")" \
      "run 'deploy/local/parts reset', then 'up'"
  : >"$KAFKA_DATA/formatted"
}

kafka_launch() {
  kafka_prepare
  launch "$KAFKA_DATA" "$(log_of kafka)" java -Xms256m -Xmx640m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
    -XX:+ExitOnOutOfMemoryError -Dlog4j2.configurationFile="$HERE/kafka/log4j2.properties" \
    -cp "$KAFKA_JARS/*" kafka.Kafka "$KAFKA_DATA/server.properties"
}
