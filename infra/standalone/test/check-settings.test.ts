import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serviceNames } from '@erp-steward/contracts/services'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { CommonConfig } from '@erp-steward/service-kit/service'
import { checkSettings, unknownSettings } from '@erp-steward/standalone/check-settings'
import { settingsByReader } from '@erp-steward/standalone/host-settings'
import { registry } from '@erp-steward/standalone/registry'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steward-settings-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
}

test('the settings that are checked are those that each service reads', () => {
  const checked = new Map(settingsByReader)
  for (const name of serviceNames) expect(checked.get(name)).toBe(registry[name].config)
})

test('every fault of host, gateway and services is named at once, each with its value and what it may be', () => {
  const faults = faultsOf(() =>
    checkSettings({
      STEWARD_PORT: 'eighty',
      LOG_LEVEL: 'loud',
      KAFKA_BROKERS: 'broker',
      RATE_LIMIT_CALLER: '0',
      ALLOWED_NETWORKS: '10.0.0.0/33',
      TLS_CERT_FILE: join(folder, 'none.pem'),
      LEDGER_WITNESS_FILE: join(folder, 'none', 'witness.ndjson'),
      INGEST_CONNECTIONS: '33',
      WEBHOOK_TARGETS: 'hooks.example.test',
      MAIL_FROM: 'ERP Steward',
      BACKUP_LEASE_SECONDS: '2',
    }),
  )
  expect(faults).toEqual([
    expect.stringMatching(/^STEWARD_PORT is "eighty", and must be a whole number 0 to 65535: TCP/),
    expect.stringMatching(/^KAFKA_BROKERS is "broker", and must be host:port, separated by commas/),
    expect.stringMatching(
      /^LOG_LEVEL is "loud", and must be one of fatal error warn info debug: Least/,
    ),
    expect.stringMatching(/^ALLOWED_NETWORKS is "10.0.0.0\/33", and must be networks in CIDR/),
    expect.stringMatching(/^RATE_LIMIT_CALLER is "0", and must be a whole number 1 to 10000000/),
    expect.stringMatching(/^WEBHOOK_TARGETS is "hooks.example.test", and must be host:port/),
    expect.stringMatching(/^MAIL_FROM is "ERP Steward", and must be address@host or Name </),
    expect.stringMatching(/^INGEST_CONNECTIONS is "33", and must be a whole number 1 to 32/),
    expect.stringMatching(/^BACKUP_LEASE_SECONDS is "2", and must be a whole number 3 to 3600/),
    'TLS_CERT_FILE and TLS_KEY_FILE must both be set, or neither',
    expect.stringMatching(/^LEDGER_WITNESS_FILE is ".+", and its folder is not there$/),
  ])
})

describe('a mail server', () => {
  test.each([
    'foo',
    'foo:25',
    'smtp:mail',
    'smtp://',
    'smtp://:25',
    'http://mail:25',
    'smtp://mail:70000',
  ])('%s is refused before anything starts, and is not shown', (SMTP_URL) => {
    const [fault, ...more] = faultsOf(() => checkSettings({ SMTP_URL }))
    expect(more).toEqual([])
    expect(fault).toMatch(/^SMTP_URL is something else \(not shown\), and must be smtp:\/\/ or /)
  })

  test.each([
    '',
    'smtp://mail',
    'smtp://mail:25',
    'smtps://user:p%40ss@mail.example.test:465',
    'smtp://[::1]:25/?pool=true',
  ])('"%s" is taken', (SMTP_URL) => {
    expect(checkSettings({ SMTP_URL }).STEWARD_PORT).toBe(8080)
  })
})

describe('lists', () => {
  test.each([
    ['TRUSTED_PROXIES', '10.0.0.1, fd00::/8,'],
    ['METRICS_NETWORKS', ''],
    ['CORS_ORIGINS', 'https://portal.example.test, http://localhost:5173'],
    ['WEBHOOK_TARGETS', '127.0.0.1:80, hooks.example.test:65535'],
    ['KAFKA_BROKERS', 'k1:9092,[::1]:9093'],
    ['MAIL_FROM', 'steward@example.test'],
  ])('%s may be "%s"', (name, text) => {
    expect(faultsOf(() => checkSettings({ [name]: text }))).toEqual([])
  })

  test.each([
    ['TRUSTED_PROXIES', '10.0.0'],
    ['METRICS_NETWORKS', '::/129'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://portal.example.test/'],
    ['CORS_ORIGINS', 'portal.example.test'],
    ['CORS_ORIGINS', 'null'],
    ['WEBHOOK_TARGETS', 'https://hooks.example.test:443'],
    ['WEBHOOK_TARGETS', 'hooks.example.test:0'],
    ['KAFKA_BROKERS', 'k1:9092,k2:65536'],
    ['MAIL_FROM', 'Steward <steward@example.test'],
  ])('%s may not be "%s"', (name, text) => {
    expect(faultsOf(() => checkSettings({ [name]: text }))).toEqual([
      expect.stringContaining(`${name} is ${JSON.stringify(text)}, and must be `),
    ])
  })
})

test('no secret is shown, whatever is wrong with it', () => {
  const secret = 'a-secret-not-to-be-shown'
  const faults = [
    ...settingsByReader.flatMap(([, schema]) => {
      const given = Object.keys(schema.properties).map((name) => [name, secret])
      return faultsOf(() => readConfig(schema, Object.fromEntries(given) as Record<string, string>))
    }),
    ...faultsOf(() =>
      readConfig(CommonConfig, { DATABASE_URL: secret, JWKS_URL: '', INTERNAL_TOKEN: secret }),
    ),
  ].filter((fault) => /^(?:DATABASE_URL|SMTP_URL|INTERNAL_TOKEN|\w+_KEYS?) is/.test(fault))
  expect(faults.length).toBeGreaterThanOrEqual(8)
  expect(faults.filter((fault) => fault.includes(secret))).toEqual([])
})

test('a value of great length is shown in part', () => {
  const [fault = ''] = faultsOf(() => checkSettings({ MAIL_FROM: 'x'.repeat(10_000) }))
  expect(fault.length).toBeLessThan(250)
})

test('a certificate that is none names its two settings', () => {
  const file = join(folder, 'not.pem')
  writeFileSync(file, 'not a certificate')
  expect(faultsOf(() => checkSettings({ TLS_CERT_FILE: file, TLS_KEY_FILE: file }))).toEqual([
    expect.stringMatching(/^TLS_CERT_FILE and TLS_KEY_FILE hold no certificate/),
  ])
  const none = join(folder, 'none.pem')
  expect(faultsOf(() => checkSettings({ TLS_CERT_FILE: none, TLS_KEY_FILE: none }))).toEqual([
    expect.stringMatching(/^TLS_CERT_FILE names a file that cannot be read: .*ENOENT/),
    expect.stringMatching(/^TLS_KEY_FILE names a file that cannot be read: .*ENOENT/),
  ])
})

describe('a name that nobody reads', () => {
  test.each([
    ['STEWARD_PROT', 'STEWARD_PORT'],
    ['STEWARD_POSTGRE_PORT', 'STEWARD_POSTGRES_PORT'],
    ['STEWARD_DATA_FOLDER', 'STEWARD_DATA'],
    ['STEWARD_LOG_LEVEL', 'LOG_LEVEL'],
    ['STEWARD_SMTP_URL', 'SMTP_URL'],
  ])('%s is told of, with %s', (name, meant) => {
    expect(unknownSettings({ [name]: 'x', STEWARD_PORT: '1', PATH: '/bin' })).toEqual([
      `${name} is no setting and has no effect. Did you mean ${meant}?`,
    ])
  })

  test('is not told of when another program of the product reads it', () => {
    expect(unknownSettings({ STEWARD_TEST_POSTGRES: 'x', STEWARD_NETWORK: 'x' })).toEqual([])
  })
})
