# shellcheck shell=bash
# The schema registry; its schemas live in PostgreSQL, in a database of its own.

# An empty password would swallow the next word of its connection string.
registry_prepare() {
  mkdir -p "$REGISTRY_DATA"
  cat >"$REGISTRY_DATA/config.yaml" <<YAML
server:
  host: 127.0.0.1
  port: $REGISTRY_PORT
storage:
  type: postgresql
  postgresql:
    host: 127.0.0.1
    port: $POSTGRES_PORT
    database: sluicebox_registry
    user: sluicebox
    password: sluicebox
    ssl_mode: disable
    max_open_conns: 8
    max_idle_conns: 2
compatibility:
  default_level: BACKWARD_TRANSITIVE
logging:
  level: warn
  format: json
YAML
}

registry_launch() {
  registry_prepare
  launch "$REGISTRY_DATA" "$(log_of registry)" "$REGISTRY_PROGRAM" -config "$REGISTRY_DATA/config.yaml"
}
