// npm run ebs-simulator: an EBS in memory and the middleware before it, against a running host.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { Type } from 'typebox'
import { EbsSimulator, type EbsMemory } from './ebs.ts'
import { EbsClient } from './ebs-client.ts'
import { Middleware, Refused } from './middleware.ts'
import { RestFace } from './rest-face.ts'

/** How long a lease waits for a task, in seconds. */
const WAIT_SECONDS = 20
/** Pause while the product cannot be reached, in milliseconds. */
const AWAY_MS = 2_000

const USAGE = `Usage: npm run ebs-simulator [-- --once --upload | --help]

Stands in for an Oracle E-Business Suite and the middleware before it: leases tasks from a running host, does them in an EBS
that is in memory, reads back and reports. The EBS stands behind REST services like those of its own gateway, on loopback.
For trying things out; nothing of it touches an EBS.

  --once     works off what can be had now, then ends
  --upload   tells what the EBS holds as well, once there is nothing to do: it is compared with what was approved
  --help     this text

Environment:
  EBS_SIMULATOR_CLIENT_ID       id of a client with the role MIDDLEWARE; must be set
  EBS_SIMULATOR_CLIENT_SECRET   its secret; must be set
  EBS_SIMULATOR_URL             address of the gateway; http://127.0.0.1:8080
  EBS_SIMULATOR_STATE           file in which the EBS is kept from one start to the next; none
  EBS_SIMULATOR_PORT            port of its REST services on loopback; 0: any that is free
  EBS_SIMULATOR_PASSWORD        password of their user ERPSTEWARD; made up for each start

How a client is made, and what each task asks: docs/guides/ebs.md
`

const Settings = Type.Object({
  EBS_SIMULATOR_CLIENT_ID: Type.String({ minLength: 1, description: 'Id of the client.' }),
  EBS_SIMULATOR_CLIENT_SECRET: Type.String({
    minLength: 1,
    writeOnly: true,
    description: 'Secret of the client.',
  }),
  EBS_SIMULATOR_URL: Type.String({
    pattern: '^https?://[^/]+$',
    description: 'Address of the gateway, http(s)://host:port without a path.',
    default: 'http://127.0.0.1:8080',
  }),
  EBS_SIMULATOR_STATE: Type.String({
    description: 'File in which the EBS is kept; empty: in memory only.',
    default: '',
  }),
  EBS_SIMULATOR_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    description: 'Port of the REST services of the EBS; 0: any that is free.',
    default: 0,
  }),
  EBS_SIMULATOR_PASSWORD: Type.String({
    writeOnly: true,
    description: 'Password for the REST services of the EBS; empty: one is made up.',
    default: '',
  }),
})

const given = process.argv.slice(2)
const unknown = given.find((argument) => !['--once', '--upload', '--help', '-h'].includes(argument))
if (unknown !== undefined) {
  process.stderr.write(`Unknown argument ${unknown}.\n\n${USAGE}`)
  process.exit(2)
}
if (given.includes('--help') || given.includes('-h')) {
  process.stdout.write(USAGE)
  process.exit(0)
}

const ended = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => {
    ended.abort()
  })

const isEnding = () => ended.signal.aborted

const say = (line: string) => {
  process.stdout.write(`${line}\n`)
}

try {
  const settings = readConfig(Settings, process.env)
  const file = settings.EBS_SIMULATOR_STATE
  const ebs = new EbsSimulator(memoryOf(file))
  const password = settings.EBS_SIMULATOR_PASSWORD || randomBytes(24).toString('base64url')
  const access = { user: 'ERPSTEWARD', password }
  const face = new RestFace(ebs, access)
  const address = await face.listen(settings.EBS_SIMULATOR_PORT)
  const middleware = new Middleware(
    {
      url: settings.EBS_SIMULATOR_URL,
      clientId: settings.EBS_SIMULATOR_CLIENT_ID,
      clientSecret: settings.EBS_SIMULATOR_CLIENT_SECRET,
    },
    new EbsClient(address, access),
    say,
  )
  await (given.includes('--once') ? once(middleware) : forEver(middleware)).finally(async () => {
    keep(file, ebs)
    await face.close()
  })
  process.exit(0)
} catch (error) {
  if (!(error instanceof ConfigurationError) && !(error instanceof Refused)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(error instanceof ConfigurationError ? 2 : 1)
}

/** Until nothing can be had: what follows for a user comes when what is before it is done. */
async function once(middleware: Middleware): Promise<void> {
  let total = 0
  for (;;) {
    const count = await middleware.work(0, ended.signal)
    if (count === 0) break
    total += count
  }
  say(`${String(total)} tasks.`)
  if (given.includes('--upload')) await middleware.upload(ended.signal)
}

async function forEver(middleware: Middleware): Promise<void> {
  say('Waiting for tasks. Ctrl-C ends.')
  let told = !given.includes('--upload')
  while (!isEnding())
    try {
      const count = await middleware.work(told ? WAIT_SECONDS : 0, ended.signal)
      if (count > 0 || told) continue
      await middleware.upload(ended.signal)
      told = true
    } catch (error) {
      if (isEnding()) return
      // Away or too busy: the tasks wait. A refusal does not mend itself.
      if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error
      say(
        `The product cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      )
      await sleep(AWAY_MS, undefined, { signal: ended.signal }).catch(() => undefined)
    }
}

function memoryOf(file: string): EbsMemory | undefined {
  if (file === '' || !existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as EbsMemory
}

/** Whole or not at all, so that an end at a bad moment does not cost what was kept. */
function keep(file: string, ebs: EbsSimulator): void {
  if (file === '') return
  writeFileSync(`${file}.new`, JSON.stringify(ebs.memory), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
