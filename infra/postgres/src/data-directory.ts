import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Binaries, ServerUser } from './binaries.ts'

/** The superuser of an embedded server. */
export const SUPERUSER = 'steward'

// PostgreSQL refuses to run as root. A number needs no entry in /etc/passwd, so the machine is not changed.
// Source: 65534 is `nobody` on every Linux.
const UNPRIVILEGED = { uid: 65534, gid: 65534 }

/**
 * The user that the server of this directory runs as: the current one, or for root the owner of the data,
 * and `nobody` (65534) for a directory that root makes.
 * @throws Error when the data belong to another user and this process may not become him.
 */
export function serverUser(dataDirectory: string): ServerUser {
  const owner = statSync(join(dataDirectory, 'PG_VERSION'), { throwIfNoEntry: false })
  const uid = process.getuid?.()
  if (uid === undefined) return null
  if (uid === 0) {
    return owner === undefined || owner.uid === 0
      ? UNPRIVILEGED
      : { uid: owner.uid, gid: owner.gid }
  }
  if (owner !== undefined && owner.uid !== uid) {
    throw new Error(
      `${dataDirectory} belongs to the user with id ${owner.uid}, and this process runs as ${uid}: ` +
        'start it as that user or as root, or choose another data directory.',
    )
  }
  return null
}

/**
 * Major version of the data, `null` when the directory is missing or empty.
 * @throws Error when it holds something else than PostgreSQL data.
 */
export function dataMajor(dataDirectory: string): number | null {
  const file = join(dataDirectory, 'PG_VERSION')
  if (existsSync(file)) return Number(readFileSync(file, 'utf8').trim())
  if (existsSync(dataDirectory) && readdirSync(dataDirectory).length > 0) {
    throw new Error(`${dataDirectory} is not empty and holds no PostgreSQL data.`)
  }
  return null
}

/**
 * Where the server process stands and how it names its data: a directory below a folder that the server user
 * cannot pass is entered before the process gives up root, and named by `/proc/self/cwd`.
 * @throws Error when the user cannot reach it and the platform has no `/proc`.
 */
export function reachData(folder: string, user: ServerUser): { cwd: string; dataName: string } {
  const reachable =
    user === null ||
    spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' })
      .status === 0
  if (reachable) return { cwd: folder, dataName: folder }
  if (process.platform === 'linux') return { cwd: folder, dataName: '/proc/self/cwd' }
  throw new Error(
    `${folder} lies below a folder that the server user cannot enter. Choose another data directory.`,
  )
}

/** File with the superuser's password, mode 0600, beside the data directory. */
export function passwordFile(dataDirectory: string): string {
  return `${dataDirectory}.password`
}

/**
 * The superuser's password.
 * @throws Error when the data are there and their password file is not.
 */
export function readPassword(dataDirectory: string): string {
  const file = passwordFile(dataDirectory)
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: it holds the password for ${dataDirectory}. Restore it.`)
  }
  return readFileSync(file, 'utf8').trim()
}

/**
 * Makes a fresh data directory with a generated password, whole or not at all.
 * @throws Error with the output of `initdb` when that fails.
 */
export async function createData(
  dataDirectory: string,
  binaries: Binaries,
  user: ServerUser,
  durable: boolean,
): Promise<void> {
  const parent = dirname(dataDirectory)
  mkdirSync(parent, { recursive: true })
  const password = randomBytes(24).toString('base64url')
  rmSync(passwordFile(dataDirectory), { force: true })
  writeFileSync(passwordFile(dataDirectory), `${password}\n`, { mode: 0o600, flag: 'wx' })

  // initdb fills a folder beside, which takes the name when it is whole: a start that was cut off leaves no half data.
  const fresh = `${dataDirectory}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  if (user !== null) chownSync(fresh, user.uid, user.gid)
  await initdb(fresh, password, binaries, user, durable)
  renameSync(fresh, dataDirectory)
  const entry = openSync(parent, 'r')
  fsyncSync(entry)
  closeSync(entry)
}

async function initdb(
  folder: string,
  password: string,
  binaries: Binaries,
  user: ServerUser,
  durable: boolean,
): Promise<void> {
  const { cwd, dataName } = reachData(folder, user)
  const passwordInput = openUnlinked(`${folder}.password`, `${password}\n`, user)
  const child = spawn(
    join(binaries.folder, 'initdb'),
    [
      ...['-D', dataName, '-U', SUPERUSER, '-A', 'scram-sha-256', '-E', 'UTF8', '--data-checksums'],
      // Sorting that no library update changes; builtin exists from 17 on.
      ...(binaries.major >= 17
        ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
        : ['--locale=C.UTF-8']),
      '--pwfile=/dev/stdin',
      ...(durable ? [] : ['--no-sync']),
    ],
    { ...user, cwd, stdio: [passwordInput, 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout?.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (output += part.toString()))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => {
    closeSync(passwordInput)
  })
  if (status !== 0) throw new Error(`initdb failed (${status ?? 'killed'}):\n${output}`)
}

// The password reaches initdb without a name in the file system and without a process argument.
function openUnlinked(file: string, text: string, user: ServerUser): number {
  rmSync(file, { force: true })
  writeFileSync(file, text, { mode: 0o600 })
  if (user !== null) chownSync(file, user.uid, user.gid)
  const descriptor = openSync(file, 'r')
  rmSync(file)
  return descriptor
}
