#!/bin/sh
# As the official image does: begins as root, reads the password, hands the volume over, goes on as postgres.
set -eu
if [ "$(id -u)" = 0 ]; then
    export PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
    mkdir -p "$PGDATA" && chown -R postgres:postgres "$PGDATA" && chmod 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf '%s' "$PASSWORD" > /tmp/password
    initdb --encoding=UTF8 --locale=C.UTF-8 --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 >/dev/null
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl --silent --wait -o "-c listen_addresses=''" start
    PGPASSWORD="$PASSWORD" createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --silent --wait stop
fi
exec postgres -c "listen_addresses=*"
