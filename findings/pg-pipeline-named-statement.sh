#!/usr/bin/env bash
# pg 8.23.1 with `pipeline: true` on PostgreSQL 18.4 (seen 2026-11-30)
#
# With the pipeline, queries are sent before the answers to earlier ones are there. A named statement is parsed for the
# first query that brings it; the ones behind it rely on that. If it does not parse, only the first is told why
# (42601, 42P01 …); the others get 26000 "prepared statement does not exist", which hides the reason from whoever logs
# them. Without the pipeline each of them is told the reason.
#
# Seen: "pipeline: 42P01 26000 26000; one at a time: 42P01 42P01 42P01". Exit 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
source "$(dirname "$0")/postgres.sh"
npm install --silent --no-audit --no-fund --prefix "$work" pg@8.23.1
cat > "$work/finding.mjs" <<'JS'
import pg from 'pg'
import { withPostgres } from './postgres.mjs'

const statement = { name: 'read-absent', text: 'select id from absent' }
async function codes(connectionString, pipeline) {
  const client = new pg.Client({ connectionString, pipeline })
  await client.connect()
  const told = await Promise.allSettled([1, 2, 3].map(() => client.query(statement)))
  await client.end()
  return told.map(({ reason }) => reason?.code ?? 'none').join(' ')
}
await withPostgres(async (url) => {
  const seen = `pipeline: ${await codes(url('postgres'), true)}; one at a time: ${await codes(url('postgres'), false)}`
  console.log(seen)
  if (seen !== 'pipeline: 42P01 26000 26000; one at a time: 42P01 42P01 42P01') {
    console.log('The behaviour has changed.')
    process.exitCode = 1
  }
})
JS
node "$work/finding.mjs"
