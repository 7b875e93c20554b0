import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { publicOperations, serviceNames, services } from '@erp-steward/contracts/services'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { ProcessConfig } from '@erp-steward/service-kit/run-service'
import { CommonConfig } from '@erp-steward/service-kit/service'
import {
  MigrateConfig,
  passwordSettingOf,
  readMigrateConfig,
} from '@erp-steward/standalone/migrate-config'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import { registry } from '@erp-steward/standalone/registry'
import type { TObject } from 'typebox'
import {
  environmentOf,
  interpolate,
  scriptOf,
  variablesIn,
  type ComposeFile,
  type Container,
} from './compose-file.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PROCESSES = [...serviceNames, 'gateway'] as const
type ProcessName = (typeof PROCESSES)[number]

/** Which configuration schemas a process reads; together they say what may be set, and what must. */
export function schemasOf(name: ProcessName): readonly TObject[] {
  return name === 'gateway'
    ? [ProcessConfig, GatewayConfig]
    : [ProcessConfig, CommonConfig, registry[name].config]
}

/** What in the compose file does not fit the code that its containers run; empty when all does. */
export function composeFaults(file: ComposeFile): string[] {
  const faults: string[] = []
  const expect = (isRight: boolean, fault: string) => {
    if (!isRight) faults.push(fault)
  }
  const attempt = (work: () => void) => {
    try {
      work()
    } catch (error) {
      if (error instanceof ConfigurationError) faults.push(...error.faults)
      else faults.push(error instanceof Error ? error.message : String(error))
    }
  }
  const variables = sampleVariables(file)
  const container = (name: string): Container => file.services[name] ?? {}
  const settings = (name: string) => environmentOf(file, name, variables)

  const known = [...PROCESSES, 'prepare', 'postgres', 'kafka'].sort().join()
  expect(Object.keys(file.services).sort().join() === known, `containers are not ${known}`)
  if (faults.length > 0) return faults

  const brokers = settings('kafka').KAFKA_ADVERTISED_LISTENERS?.replace('PLAINTEXT://', '')
  expect(brokers?.startsWith('kafka:') === true, 'Kafka is advertised under another name')
  expect(
    settings('kafka').KAFKA_AUTO_CREATE_TOPICS_ENABLE === 'false',
    'Kafka makes topics by itself',
  )
  attempt(() => {
    expect(scriptOf(file, 'prepare').script === 'scripts/migrate.ts', 'prepare does not migrate')
    const own = settings('prepare')
    const { config } = readMigrateConfig(own)
    for (const setting of unknownIn(own, [MigrateConfig]))
      faults.push(`prepare: ${setting} is read by nobody`)
    for (const name of serviceNames)
      expect(
        own[passwordSettingOf(name)] === variables[passwordSettingOf(name)],
        `prepare gives ${name} another password`,
      )
    expect(config.KAFKA_BROKERS === brokers, 'prepare makes its topics elsewhere')
    expect(
      config.ADMIN_DATABASE_URL ===
        `postgres://postgres:${String(variables.POSTGRES_PASSWORD)}@postgres:5432/postgres`,
      'prepare is not the superuser of postgres',
    )
    expect(
      (container('prepare').volumes ?? []).some((volume) => {
        const [name = '', folder = ''] = volume.split(':')
        return name in file.volumes && config.ADMINISTRATORS_FILE.startsWith(`${folder}/`)
      }),
      'prepare: the first passwords go with the container',
    )
  })

  for (const name of PROCESSES) {
    const own = settings(name)
    attempt(() => {
      const { script } = scriptOf(file, name)
      expect(script === `services/${name}/src/main.ts`, `${name} starts ${script}`)
      expect(existsSync(join(ROOT, script)), `${name}: ${script} does not exist`)
    })
    for (const schema of schemasOf(name))
      attempt(() => {
        readConfig(schema, own)
      })
    for (const setting of unknownIn(own, schemasOf(name)))
      faults.push(`${name}: ${setting} is read by nobody`)
    expect(own.HOST === '0.0.0.0', `${name} does not listen to other containers`)
    expect(own.KAFKA_BROKERS === brokers, `${name} looks for Kafka elsewhere`)
    expect(isWithoutDefault(file, name), `${name}: a secret has a default`)
    expect(container(name).restart === 'unless-stopped', `${name} is not started again`)
    expect(container(name).healthcheck?.disable !== true, `${name} has no health check`)
    expect(
      container(name).depends_on?.prepare?.condition === 'service_completed_successfully',
      `${name} does not wait for prepare`,
    )
    expect(reach(file, name, 'kafka'), `${name} does not reach kafka`)
  }
  for (const name of [...PROCESSES, 'prepare']) {
    const { user = 'root', read_only: isReadOnly, build } = container(name)
    expect(!/^(root|0)(:|$)/.test(user), `${name} runs as root`)
    expect(isReadOnly === true, `${name} can write to its root`)
    expect(build?.dockerfile === 'infra/docker/Dockerfile', `${name} is another image`)
  }
  for (const name of ['postgres', 'kafka']) {
    expect(
      /^[\w/]+:\d+(\.\d+)+$/.test(container(name).image ?? ''),
      `${name}: the image is not pinned`,
    )
    expect(container(name).healthcheck?.test !== undefined, `${name} has no health check`)
    expect(reach(file, 'prepare', name), `prepare does not reach ${name}`)
    expect(
      container('prepare').depends_on?.[name]?.condition === 'service_healthy',
      `prepare does not wait for ${name}`,
    )
    expect(
      (container(name).volumes ?? []).some(
        (volume) => (volume.split(':')[0] ?? '') in file.volumes,
      ),
      `${name}: the data go with the container`,
    )
  }
  for (const [name, { ports = [] }] of Object.entries(file.services))
    expect(
      name === 'gateway' ? ports.length === 1 : ports.length === 0,
      `${name} publishes ${ports.length} ports`,
    )
  expect(
    container('gateway').ports?.[0]?.endsWith(`:${String(settings('gateway').PORT)}`) === true,
    'the published port is not the one of the gateway',
  )
  expect(!reach(file, 'gateway', 'postgres'), 'the gateway reaches the database')

  for (const name of serviceNames) {
    const own = settings(name)
    const { schema } = services[name]
    const password = String(variables[passwordSettingOf(name)])
    expect(
      own.DATABASE_URL === `postgres://${schema}:${password}@postgres:5432/${DATABASE}`,
      `${name}: DATABASE_URL is not that of its role`,
    )
    expect(reach(file, name, 'postgres'), `${name} does not reach postgres`)
    expect(reach(file, 'gateway', name), `gateway does not reach ${name}`)
    expect(
      settings('gateway')[urlSettingOf(name)] === `http://${name}:${String(own.PORT)}`,
      `gateway: ${urlSettingOf(name)} is not where ${name} listens`,
    )
    const jwks = `http://identity:${String(settings('identity').PORT)}/.well-known/jwks.json`
    expect(own.JWKS_URL === jwks, `${name} looks for keys elsewhere`)
    expect(own.GATEWAY_ADDRESSES === gatewayAddress(file, variables), `${name} trusts another door`)
    if (name === 'identity') {
      const { ASSESSMENT_URL, LEDGER_WITNESS_FILE = '' } = own
      expect(
        ASSESSMENT_URL === settings('gateway').ASSESSMENT_URL,
        'identity asks another assessment for the heads of the ledger',
      )
      expect(
        (container(name).volumes ?? []).some((volume) => {
          const [held = '', folder = ''] = volume.split(':')
          return held in file.volumes && LEDGER_WITNESS_FILE.startsWith(`${folder}/`)
        }),
        'identity: the witness of the ledger goes with the container',
      )
    }
    expect(own.INTERNAL_TOKEN === settings('gateway').INTERNAL_TOKEN, `${name} has another token`)
  }
  expect(
    publicOperations.includes('GET /.well-known/jwks.json'),
    'the keys of identity are elsewhere',
  )
  return faults
}

/** What of the compose file's variables `.env.example` does not explain, or explains for nothing. */
export function exampleFaults(compose: string, example: string, overrides: string): string[] {
  const explained = new Map(
    [...example.matchAll(/^(#?)([A-Z][A-Z_]*)=(.*)$/gm)].map(([, off, name = '', value]) => [
      name,
      { isOff: off === '#', value },
    ]),
  )
  const used = [...new Map(variablesIn(compose).map((each) => [each.name, each])).values()]
  const all = new Set([...used, ...variablesIn(overrides)].map(({ name }) => name))
  return [
    ...used.flatMap(({ name, required }) => {
      const line = explained.get(name)
      if (line === undefined) return [`${name} is not explained`]
      return required && (line.isOff || line.value !== '') ? [`${name} is not left to be made`] : []
    }),
    ...[...explained.keys()].filter((name) => !all.has(name)).map((name) => `${name} is unknown`),
  ]
}

/** A different value for each variable, so that a mix-up shows; keys are real ones. */
function sampleVariables(file: ComposeFile): Record<string, string> {
  const names = Object.values(file.services).flatMap(({ environment = {} }) =>
    Object.values(environment).flatMap((text) =>
      variablesIn(String(text)).filter(({ required }) => required),
    ),
  )
  return Object.fromEntries(
    names.map(({ name }) => [
      name,
      name.endsWith('_SEALING_KEYS')
        ? Buffer.alloc(32, name).toString('base64')
        : `sample-of-at-least-32-characters-${name}`,
    ]),
  )
}

function unknownIn(own: Readonly<Record<string, string>>, schemas: readonly TObject[]): string[] {
  return Object.keys(own).filter((name) => !schemas.some(({ properties }) => name in properties))
}

/** Where identity derives its keys when it is given none, so that a site of an earlier version starts. */
const MAY_BE_EMPTY = 'LEDGER_KEYS'

/** Whether every setting that holds a secret refuses to be empty. */
function isWithoutDefault(file: ComposeFile, name: string): boolean {
  const secrets = Object.entries(file.services[name]?.environment ?? {}).filter(
    ([setting]) => setting !== MAY_BE_EMPTY && /^DATABASE_URL$|PASSWORD|TOKEN|_KEYS$/.test(setting),
  )
  return secrets.every(([, text]) => {
    try {
      interpolate(String(text), {})
      return false
    } catch {
      return true
    }
  })
}

function networksOf({ networks = [] }: Container): readonly string[] {
  return Array.isArray(networks) ? networks : Object.keys(networks)
}

function reach(file: ComposeFile, from: string, to: string): boolean {
  const there = networksOf(file.services[to] ?? {})
  return networksOf(file.services[from] ?? {}).some(
    (network) => there.includes(network) && network in file.networks,
  )
}

function gatewayAddress(
  file: ComposeFile,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  const networks = file.services.gateway?.networks
  if (networks === undefined || Array.isArray(networks)) return undefined
  const { front } = networks as { front?: { ipv4_address?: string } }
  return front?.ipv4_address === undefined ? undefined : interpolate(front.ipv4_address, variables)
}
