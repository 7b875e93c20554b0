#!/usr/bin/env bash
# typeorm 1.1.1 with pg 8.23.1 on PostgreSQL 18.4 (seen 2026-11-30)
#
# After a statement has failed, PostgreSQL answers COMMIT with the command tag ROLLBACK and no error. `pg` fulfils the
# promise of that COMMIT, and so do TypeORM's `transaction` and `commitTransaction`: a program that caught the error of a
# statement (a duplicate that it expected, say) is told that its work is kept. Nothing is.
#
# Seen: "transaction: fulfilled, rows 0; query runner: fulfilled, rows 0; tag ROLLBACK". Exit 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
source "$(dirname "$0")/postgres.sh"
npm install --silent --no-audit --no-fund --prefix "$work" typeorm@1.1.1 pg@8.23.1
cat > "$work/finding.mjs" <<'JS'
import pg from 'pg'
import { DataSource } from 'typeorm'
import { withPostgres } from './postgres.mjs'

const ignore = () => undefined
await withPostgres(async (url) => {
  const db = await new DataSource({ type: 'postgres', url: url('postgres') }).initialize()
  await db.query('create table kept (id int primary key)')
  const rows = async () => Number((await db.query('select count(*) from kept'))[0].count)

  const transaction = await db
    .transaction(async (tx) => {
      await tx.query('insert into kept values (1)')
      await tx.query('insert into kept values (1)').catch(ignore)
    })
    .then(() => 'fulfilled', () => 'rejected')
  const afterTransaction = await rows()

  const runner = db.createQueryRunner()
  await runner.startTransaction()
  await runner.query('insert into kept values (2)')
  await runner.query('select 1 / 0').catch(ignore)
  const committed = await runner.commitTransaction().then(() => 'fulfilled', () => 'rejected')
  await runner.release()
  const afterRunner = await rows()
  await db.destroy()

  const client = new pg.Client(url('postgres'))
  await client.connect()
  await client.query('begin')
  await client.query('select 1 / 0').catch(ignore)
  const { command } = await client.query('commit')
  await client.end()

  const seen = `transaction: ${transaction}, rows ${afterTransaction}; query runner: ${committed}, rows ${afterRunner}; tag ${command}`
  console.log(seen)
  if (seen !== 'transaction: fulfilled, rows 0; query runner: fulfilled, rows 0; tag ROLLBACK') {
    console.log('The behaviour has changed.')
    process.exitCode = 1
  }
})
JS
node "$work/finding.mjs"
