import { pino, type DestinationStream, type Logger } from 'pino'

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

/** The logger of a process: JSON lines, ids and decisions, secrets redacted. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [...SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), ...VALUES],
      censor: '[redacted]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
