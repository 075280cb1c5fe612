#!/bin/sh
# The two roles and the database, once, for a PostgreSQL that a superuser reaches by PG… variables or the socket.
# compose runs it in the database's container; by hand: sudo -u postgres env KOSHIKI_OWNER_PASSWORD=… KOSHIKI_APP_PASSWORD=… deploy/database.sh
set -eu
psql -qX -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
    -v owner="$KOSHIKI_OWNER_PASSWORD" -v app="$KOSHIKI_APP_PASSWORD" <<'SQL'
CREATE ROLE koshiki_owner LOGIN PASSWORD :'owner';
CREATE ROLE koshiki_app LOGIN PASSWORD :'app';
CREATE DATABASE koshiki OWNER koshiki_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
