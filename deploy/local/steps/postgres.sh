# shellcheck shell=bash
# PostgreSQL: user, password and database `sluicebox`, and a database of its own for the registry.

# PostgreSQL refuses to run as root: then it, and the making of its data, run as another user.
as_postgres() {
  if ((EUID == 0)); then
    setpriv --reuid "$(id -u "$POSTGRES_USER")" --regid "$(id -g "$POSTGRES_USER")" --clear-groups -- "$@"
  else
    "$@"
  fi
}

postgres_prepare() {
  [[ ! -e $POSTGRES_DATA/PG_VERSION ]] || return 0
  local new=$POSTGRES_DATA.unfinished
  rm -rf "$new"
  mkdir -p -m 700 "$new"
  ((EUID != 0)) || chown "$(id -u "$POSTGRES_USER"):$(id -g "$POSTGRES_USER")" "$new"
  postgres_make "$new" >>"$(log_of postgres)" 2>&1 ||
    fail "PostgreSQL could not make its data in $new: $(last_error "$(log_of postgres)")" \
      "free some space or mend the permissions, then run this again"
  rm -rf "$POSTGRES_DATA"
  finish "$POSTGRES_DATA"
}

# postgres_make FOLDER: data with roles and databases, written by the server program itself without a network.
postgres_make() (
  cd "$1" || return 1
  umask 077
  as_postgres "$POSTGRES_PROGRAMS/bin/initdb" -D "$1" -U sluicebox -E UTF8 --locale-provider=builtin \
    --builtin-locale=C.UTF-8 --locale=C --no-instructions || return 1
  as_postgres "$POSTGRES_PROGRAMS/bin/postgres" --single -j -D "$1" postgres <<'SQL' || return 1
ALTER ROLE sluicebox PASSWORD 'sluicebox';

CREATE ROLE probe LOGIN;

CREATE DATABASE sluicebox;

CREATE DATABASE sluicebox_registry;

SQL
  as_postgres tee "$1/pg_hba.conf" >/dev/null <"$HERE/postgres/pg_hba.conf"
)

postgres_launch() {
  local as=()
  postgres_prepare
  # No server works here (that was asked), so this file of a killed one is stale, even if its number lives on.
  rm -f "$POSTGRES_DATA/postmaster.pid"
  if ((EUID == 0)); then
    as=(setpriv --reuid "$(id -u "$POSTGRES_USER")" --regid "$(id -g "$POSTGRES_USER")" --clear-groups --)
  fi
  launch "$POSTGRES_DATA" "$(log_of postgres)" "${as[@]}" "$POSTGRES_PROGRAMS/bin/postgres" -D "$POSTGRES_DATA" \
    -c "config_file=$POSTGRES_DATA/postgresql.conf" -p "$POSTGRES_PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c shared_buffers=128MB -c max_connections=200 -c max_wal_size=1GB \
    -c checkpoint_timeout=15min -c random_page_cost=1.1 -c jit=off -c log_min_messages=warning
}
