import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { readTls } from '@erp-steward/gateway/tls-files'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { StandaloneConfig } from './config.ts'
import { filledIn, settingsByReader } from './host-settings.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The host's settings, after those of the gateway and of every service were looked at too.
 *
 * @throws ConfigurationError with every fault of all of them, before anything is started
 */
export function checkSettings(environment: Environment): StandaloneConfig {
  const { TLS_CERT_FILE = '', TLS_KEY_FILE = '', LEDGER_WITNESS_FILE = '' } = environment
  const { TLS_CLIENT_CA_FILE = '', TLS_CLIENT_CRL_FILE = '' } = environment
  const faults = [
    ...settingsByReader.flatMap(([, schema]) =>
      faultsOf(() => readConfig(schema, { ...environment, ...filledIn })),
    ),
    ...faultsOf(() =>
      readTls({ TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE, TLS_CLIENT_CRL_FILE }),
    ),
    ...(existsSync(dirname(LEDGER_WITNESS_FILE))
      ? []
      : [
          `LEDGER_WITNESS_FILE is ${JSON.stringify(LEDGER_WITNESS_FILE)}, and its folder is not there`,
        ]),
  ]
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)])
  return readConfig(StandaloneConfig, environment)
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
}

/** Names that begin like ours and are read by other programs of the product: its tests and the compose file. */
const READ_ELSEWHERE = ['STEWARD_TEST_POSTGRES', 'STEWARD_NETWORK', 'STEWARD_VERSION']

/** One line for each `STEWARD_*` of the environment that nobody reads, with the known name that is nearest to it. */
export function unknownSettings(environment: Environment): readonly string[] {
  const known = settingsByReader
    .flatMap(([, schema]) => Object.keys(schema.properties))
    .filter((name) => !Object.hasOwn(filledIn, name))
  return Object.keys(environment)
    .filter((name) => name.startsWith('STEWARD_'))
    .filter((name) => !known.includes(name) && !READ_ELSEWHERE.includes(name))
    .map((name) => `${name} is no setting and has no effect. Did you mean ${nearest(name, known)}?`)
}

function nearest(name: string, known: readonly string[]): string {
  // `STEWARD_SMTP_URL` is SMTP_URL with too much in front, not another STEWARD_…
  const bare = name.replace(/^STEWARD_/, '')
  const [first = ''] = known
    .map((each) => [each, Math.min(distance(name, each), distance(bare, each))] as const)
    .sort(([, a], [, b]) => a - b)
    .map(([each]) => each)
  return first
}

/** Fewest letters to put in, take out or change that make one text the other (Levenshtein). */
function distance(from: string, to: string): number {
  const others = to.split('')
  let row = ['', ...others].map((_, index) => index)
  for (const [line, letter] of from.split('').entries()) {
    const next = [line + 1]
    for (const [column, other] of others.entries())
      next.push(
        Math.min(
          (row[column] ?? 0) + (letter === other ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      )
    row = next
  }
  return row.at(-1) ?? 0
}
