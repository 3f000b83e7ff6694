#!/bin/bash
# Runs once, on an empty volume. It gives the service and the exporter their own accounts, so that
# neither uses MySQL's root.
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"; }

MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --user=root <<SQL
CREATE USER IF NOT EXISTS 'service'@'%' IDENTIFIED BY $(quoted "$SERVICE_DB_PASSWORD");
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON grocerydb.* TO 'service'@'%';
CREATE USER IF NOT EXISTS 'exporter'@'%' IDENTIFIED BY $(quoted "$EXPORTER_DB_PASSWORD")
  WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT, SELECT ON *.* TO 'exporter'@'%';
SQL
