#!/usr/bin/env bash
# graphile-worker 0.18.0 on PostgreSQL 18.4 (seen 2026-11-30)
#
# A careful administrator gives the worker's role a schema of its own and no right on the database. The first
# `runMigrations` is refused all the same ("permission denied for database"): it runs `create schema if not exists`, and
# PostgreSQL checks CREATE on the database before it looks whether the schema is there. Once the tables exist, the right
# can be taken away: later runs and `addJob` do without it.
#
# Seen: "own schema: permission denied for database postgres; with CREATE: done; without again: done, job added".
# Exit 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
source "$(dirname "$0")/postgres.sh"
npm install --silent --no-audit --no-fund --prefix "$work" graphile-worker@0.18.0 pg@8.23.1
cat > "$work/finding.mjs" <<'JS'
import { makeWorkerUtils, runMigrations } from 'graphile-worker'
import pg from 'pg'
import { withPostgres } from './postgres.mjs'

await withPostgres(async (url) => {
  const administrator = new pg.Client(url('postgres'))
  await administrator.connect()
  await administrator.query('create role worker login; create schema jobs authorization worker')
  const options = { connectionString: url('worker'), schema: 'jobs' }
  const migrated = () => runMigrations(options).then(() => 'done', ({ message }) => message)

  const own = await migrated()
  await administrator.query('grant create on database postgres to worker')
  const granted = await migrated()
  await administrator.query('revoke create on database postgres from worker')
  const revoked = await migrated()
  const utils = await makeWorkerUtils(options)
  const added = await utils.addJob('any', {}).then(() => 'job added', ({ message }) => message)
  await utils.release()
  await administrator.end()

  const seen = `own schema: ${own}; with CREATE: ${granted}; without again: ${revoked}, ${added}`
  console.log(seen)
  if (seen !== 'own schema: permission denied for database postgres; with CREATE: done; without again: done, job added') {
    console.log('The behaviour has changed.')
    process.exitCode = 1
  }
})
JS
node "$work/finding.mjs"
