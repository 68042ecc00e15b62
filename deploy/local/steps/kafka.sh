# shellcheck shell=bash
# Apache Kafka, one KRaft node: broker and controller in one process.

kafka_prepare() {
  mkdir -p "$KAFKA_DATA"
  sed -e "s|@FOLDER@|$KAFKA_DATA|" -e "s|@KAFKA_PORT@|$KAFKA_PORT|" -e "s|@CONTROLLER_PORT@|$CONTROLLER_PORT|" \
    "$HERE/kafka/server.properties" >"$KAFKA_DATA/server.properties"
  [[ -e $KAFKA_DATA/formatted ]] || kafka_format
}

# The mark comes last: an interrupted formatting starts anew.
kafka_format() {
  local id
  id=S$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
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
