import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This machine cannot run a broker of its own; the message says what is missing and what serves instead. */
export class KafkaUnavailable extends Error {
  constructor(missing: string, options?: ErrorOptions) {
    super(
      `${missing} Without it, set KAFKA_BROKERS=host:port to use a broker that runs elsewhere, ` +
        'or run `docker compose up`.',
      options,
    )
    this.name = 'KafkaUnavailable'
  }
}

const OLDEST_JAVA = 17

/**
 * Path of a Java that can run the broker: that of `JAVA_HOME`, else `java` of the `PATH`.
 * @throws KafkaUnavailable when there is none or it is older than 17. Source: Kafka 4.0, KIP-1013.
 */
export function findJava(): string {
  const { JAVA_HOME: home } = process.env
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java')
  const { stderr, error } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  const version = error === undefined ? /version "(\d+)/.exec(stderr)?.[1] : undefined
  if (version === undefined) {
    throw new KafkaUnavailable(`Kafka needs Java ${OLDEST_JAVA} or newer, and none was found.`)
  }
  if (Number(version) < OLDEST_JAVA) {
    throw new KafkaUnavailable(
      `Kafka needs Java ${OLDEST_JAVA} or newer, and ${java} is ${version}.`,
    )
  }
  return java
}

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

/**
 * Class path of the jars that `pom.xml` pins; Maven copies them to `lib/` on first use and after a change of the pom.
 * @throws KafkaUnavailable when Maven is missing or cannot fetch them.
 * @throws the signal's reason when the start is called off.
 */
export async function classPath(log: (line: string) => void, signal: AbortSignal): Promise<string> {
  const pom = join(PACKAGE, 'pom.xml')
  const pinned = createHash('sha256').update(readFileSync(pom)).digest('hex')
  const library = join(PACKAGE, 'lib')
  if (!isCopied(library, pinned)) {
    log('Fetching the jars of Apache Kafka by Maven (43 MB, once)')
    // Filled beside and renamed, so that a copy that was cut off is never taken for a whole one.
    const fresh = mkdtempSync(join(PACKAGE, 'lib-'))
    try {
      await copyJars(pom, fresh, signal)
      writeFileSync(join(fresh, 'pinned'), pinned)
      if (!isCopied(library, pinned)) {
        rmSync(library, { recursive: true, force: true })
        renameSync(fresh, library)
      }
    } finally {
      rmSync(fresh, { recursive: true, force: true })
    }
  }
  return join(library, '*')
}

function isCopied(library: string, pinned: string): boolean {
  const stamp = join(library, 'pinned')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === pinned
}

async function copyJars(pom: string, folder: string, signal: AbortSignal): Promise<void> {
  const child = spawn(
    'mvn',
    [
      ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies'],
      ...[`-DoutputDirectory=${folder}`, '-DincludeScope=runtime'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], signal },
  )
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr.on('data', (part: Buffer) => (output += part.toString()))
  const [status] = (await once(child, 'close').catch((error: unknown) => {
    signal.throwIfAborted()
    throw new KafkaUnavailable(
      'The jars of Kafka are fetched by Maven (mvn), which was not found.',
      {
        cause: error,
      },
    )
  })) as unknown[]
  signal.throwIfAborted()
  if (status !== 0) {
    throw new KafkaUnavailable(`Maven could not fetch the jars of Kafka:\n${output.slice(-2000)}\n`)
  }
}
