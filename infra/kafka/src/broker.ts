import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { classPath, findJava } from './jars.ts'

export { KafkaUnavailable } from './jars.ts'

/** A running single-node Apache Kafka (KRaft) on 127.0.0.1. */
export interface KafkaBroker {
  /** Bootstrap address, `127.0.0.1:<port>`. */
  brokers: string
  pid: number
  /** Controlled shutdown; also ends a broker that was adopted. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would do it. The same directory can be started again. */
  kill(): void
}

/** What a broker needs to know. */
export interface KafkaOptions {
  /** Folder of the data, made when missing; also holds the configuration, the log and the process id. */
  dataDirectory: string
  /** TCP port for clients. */
  port: number
  /** TCP port of the controller, which only the broker itself uses. */
  controllerPort: number
  /** Receives what an operator should read, one line each. */
  log?: (line: string) => void
  /** Calls the start off: nothing that it started is left, and `startKafka` throws the signal's reason. */
  signal?: AbortSignal
  /**
   * `true` for a broker that lives for minutes and is started often, as in tests: nothing is spent on what pays only over
   * hours. Default `false`.
   */
  brief?: boolean
}

const NEVER = new AbortController().signal

/** Another program listens on the port that was asked for; the message names the setting that chooses another. */
export class PortTaken extends Error {
  readonly port: number
  readonly setting = 'STEWARD_KAFKA_PORT'
  constructor(port: number) {
    super(
      `Port ${port} on 127.0.0.1 is taken by another program: choose another for Kafka with STEWARD_KAFKA_PORT.`,
    )
    this.name = 'PortTaken'
    this.port = port
  }
}

// Compiled once and simply, and collected by one thread: a start takes 3.4 s of CPU instead of 6.1, a formatting 1.0
// instead of 1.7 (measured on Java 17).
const BRIEF_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

// Source: measured 4 s on two cores; a busy machine needs a multiple.
const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 20_000
const LINGER_LIMIT_MS = 2_000

/**
 * Starts the broker of a data directory, or takes over the one that a killed host left running on the same port.
 * The first call ever fetches the jars by Maven (43 MB).
 * @throws KafkaUnavailable when Java >= 17 is missing, or Maven while the jars are not there yet.
 * @throws PortTaken when another program listens on one of the ports.
 * @throws the signal's reason when the start is called off, once what it had started has ended.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const log = options.log ?? (() => undefined)
  const signal = options.signal ?? NEVER
  const data = resolve(options.dataDirectory)
  mkdirSync(data, { recursive: true })
  const orphan = await adoptOrphan(data, options.port, log)
  signal.throwIfAborted()
  if (orphan !== null) return brokerOf(orphan, options.port, data)

  await assertPortFree(options.port)
  await assertPortFree(options.controllerPort)
  const java = findJava()
  const flags = [
    ...(options.brief === true ? BRIEF_FLAGS : []),
    '-cp',
    await classPath(log, signal),
  ]
  writeFileSync(join(data, 'server.properties'), properties(options.port, options.controllerPort))
  if (!existsSync(join(data, 'topics', 'meta.properties'))) {
    log(`Making a data directory for Kafka in ${data}`)
    await format(java, flags, data, signal)
  }
  const pid = await launch(java, flags, data, options.port, signal, log)
  return brokerOf(pid, options.port, data)
}

function brokerOf(pid: number, port: number, data: string): KafkaBroker {
  let stopped: Promise<void> | null = null
  return {
    brokers: `127.0.0.1:${port}`,
    pid,
    stop: () => (stopped ??= terminate(pid, data)),
    kill: () => {
      if (holdsDirectory(pid, data)) process.kill(pid, 'SIGKILL')
    },
  }
}

/** Ends the broker that runs on a data directory, whoever started it; none running is fine. */
export async function endOrphan(dataDirectory: string): Promise<void> {
  const data = resolve(dataDirectory)
  const pid = livingBroker(data)
  if (pid !== null) await terminate(pid, data)
}

function livingBroker(data: string): number | null {
  const file = join(data, 'broker.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return pid > 0 && holdsDirectory(pid, data) ? pid : null
}

async function adoptOrphan(
  data: string,
  port: number,
  log: (line: string) => void,
): Promise<number | null> {
  const pid = livingBroker(data)
  if (pid === null) return null
  const isSamePort = readFileSync(join(data, 'server.properties'), 'utf8').includes(
    `\nlisteners=PLAINTEXT://127.0.0.1:${port},`,
  )
  if (isSamePort && (await answersWithin(port, 10_000, () => holdsDirectory(pid, data)))) {
    log(`Taking over the Kafka that runs on port ${port}`)
    return pid
  }
  if (holdsDirectory(pid, data)) log(`Ending the Kafka that was left as process ${pid}`)
  await terminate(pid, data)
  return null
}

// Paths are relative to the data directory, where the process stands: a Java properties file holds ISO 8859-1 only.
function properties(port: number, controllerPort: number): string {
  // After a kill the controller holds the old registration for the session timeout (9 s unless said otherwise).
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.dirs=topics
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`
}

async function format(
  java: string,
  flags: readonly string[],
  data: string,
  signal: AbortSignal,
): Promise<void> {
  // Source: Kafka's Uuid is 16 bytes in URL-safe base64; its tools refuse one that begins with a dash.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const child = spawn(
    java,
    [
      ...[...flags, 'kafka.tools.StorageTool', 'format', '--ignore-formatted'],
      ...['-t', clusterId, '-c', 'server.properties'],
    ],
    { cwd: data, stdio: ['ignore', 'pipe', 'pipe'], signal },
  )
  // The error of an abort; the end of the process says the rest.
  child.once('error', () => undefined)
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr.on('data', (part: Buffer) => (output += part.toString()))
  const { promise: closed, resolve: close } = Promise.withResolvers<number | null>()
  child.once('close', close)
  const status = await closed
  signal.throwIfAborted()
  if (status !== 0) throw new Error(`Kafka's storage in ${data} was not formatted:\n${output}`)
}

async function launch(
  java: string,
  flags: readonly string[],
  data: string,
  port: number,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<number> {
  signal.throwIfAborted()
  const logFile = join(data, 'broker.log')
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const descriptor = openSync(logFile, 'w', 0o600)
  // Detached: Ctrl-C in a terminal must reach the services first, the broker last.
  const child = spawn(
    java,
    [
      ...['-Xms128m', '-Xmx512m', ...flags],
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      ...['kafka.Kafka', 'server.properties'],
    ],
    { cwd: data, detached: true, stdio: ['ignore', descriptor, descriptor] },
  )
  closeSync(descriptor)
  child.unref()
  let exited = false
  child.once('exit', () => (exited = true))
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('Kafka has no process id.')
  writeFileSync(join(data, 'broker.pid'), String(pid))
  log(`Kafka starts as process ${pid}`)
  const isAwaited = () => !exited && !signal.aborted
  if ((await answersWithin(port, START_LIMIT_MS, isAwaited)) && !signal.aborted) return pid
  await terminate(pid, data)
  signal.throwIfAborted()
  throw new Error(`Kafka did not start on ${data}:\n${readFileSync(logFile, 'utf8').slice(-4000)}`)
}

async function terminate(pid: number, data: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!holdsDirectory(pid, data)) break
    process.kill(pid, signal)
    const deadline = Date.now() + STOP_LIMIT_MS
    while (holdsDirectory(pid, data) && Date.now() < deadline) await delay(20)
  }
  if (holdsDirectory(pid, data)) throw new Error(`Kafka (process ${pid}) does not end.`)
  rmSync(join(data, 'broker.pid'), { force: true })
}

// A process id is used again after a reboot; the broker stands in its data directory, a zombie nowhere.
function holdsDirectory(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0)
    if (process.platform !== 'linux') return true
    const standsIn = statSync(`/proc/${pid}/cwd`)
    const directory = statSync(data)
    return standsIn.ino === directory.ino && standsIn.dev === directory.dev
  } catch {
    return false
  }
}

// The threads of a broker that was killed keep its port for a moment after the process looks dead.
async function assertPortFree(port: number): Promise<void> {
  const deadline = Date.now() + LINGER_LIMIT_MS
  while (!(await isPortFree(port))) {
    if (Date.now() > deadline) throw new PortTaken(port)
    await delay(50)
  }
}

async function isPortFree(port: number): Promise<boolean> {
  const server = createServer().listen({ host: '127.0.0.1', port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) {
      if (error.code === 'EADDRINUSE') return false
    }
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}

async function answersWithin(
  port: number,
  limitMs: number,
  isWorthIt: () => boolean,
): Promise<boolean> {
  const deadline = Date.now() + limitMs
  while (Date.now() < deadline && isWorthIt()) {
    if (await knowsItself(port)) return true
    await delay(50)
  }
  return false
}

/** Asks for the cluster's brokers: an open port alone answers before the broker has joined its own cluster. */
function knowsItself(port: number): Promise<boolean> {
  // Source: Kafka protocol guide. Length, Metadata (3) version 1, correlation 1, no client name, no topics.
  const request = Buffer.from([
    ...[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff],
    ...[0, 0, 0, 0],
  ])
  const { promise, resolve: answer } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port })
  let received = Buffer.alloc(0)
  socket.setTimeout(2000, () => socket.destroy())
  socket.on('error', () => undefined)
  socket.on('connect', () => socket.write(request))
  socket.on('data', (part) => {
    received = Buffer.concat([received, part])
    // Length, correlation, number of brokers.
    if (received.length < 12) return
    answer(received.readInt32BE(8) > 0)
    socket.destroy()
  })
  socket.on('close', () => {
    answer(false)
  })
  return promise
}
