import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

test('a process with a faulty environment names every fault and ends with 1', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [main], {
    encoding: 'utf8',
    env: { INTERNAL_TOKEN: 'short', IDENTITY_URL: 'http://127.0.0.1:1/path', PORT: '70000' },
  })
  expect(status).toBe(1)
  for (const name of [
    'INTERNAL_TOKEN',
    'IDENTITY_URL',
    'INCIDENT_TIERING_URL is missing',
    'MONITORING_INGEST_URL is missing',
    'KAFKA_BROKERS is missing',
    'PORT',
  ])
    expect(stderr).toContain(name)
})
