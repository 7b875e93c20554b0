import { destination as openFile, pino, type DestinationStream, type Logger } from 'pino'

/** Members that never reach a log, at any of the depths we log at: secrets, and what identifies people. */
const SECRET = [
  'authorization',
  'password',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'secret',
  'clientSecret',
  'claimCode',
  'privateKey',
  'employeeNumber',
  'email',
  'phone',
  'birthday',
  'personName',
]

/** What the error of a failed query carries along: the values, among them hashes and what people wrote. */
const VALUES = ['err.parameters', 'err.detail', 'err.driverError']

/** Characters after which lines are written without waiting for the end of the turn. */
const MOST_WAITING = 8_192

/**
 * Writes lines to a file, by its name or number, those of one turn of the event loop in one go: a system call for each
 * is felt at the gateway. They are on their way before the process waits for anything or exits; one that is killed loses
 * the lines of that turn. Nothing waits for the disk.
 */
export function writeByTurn(file: string | number): DestinationStream {
  const out = openFile({ dest: file, sync: true })
  let waiting = ''
  let isDue = false
  const write = () => {
    if (waiting === '') return
    const lines = waiting
    waiting = ''
    out.write(lines)
  }
  process.on('exit', write)
  return {
    write(line) {
      waiting += line
      if (waiting.length >= MOST_WAITING) write()
      if (isDue) return
      isDue = true
      setImmediate(() => {
        isDue = false
        write()
      })
    },
  }
}

let lastTime = 0
let lastText = ''

/** As pino's own; a busy process writes many lines in one millisecond, and they share the text. */
function isoTime(): string {
  const now = Date.now()
  if (now !== lastTime) {
    lastTime = now
    lastText = `,"time":"${new Date(now).toISOString()}"`
  }
  return lastText
}

let standardOutput: DestinationStream | undefined

/** The logger of a process: JSON lines, ids and decisions, secrets redacted; default: to standard output. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: isoTime,
    redact: {
      paths: [...SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), ...VALUES],
      censor: '[redacted]',
    },
  }
  return pino(options, destination ?? (standardOutput ??= writeByTurn(1)))
}
