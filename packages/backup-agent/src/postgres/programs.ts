import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** PostgreSQL's programs of one version in one folder. */
export interface Programs {
  /** Full path of `pg_dump`. */
  readonly dump: string
  /** Full path of `pg_restore`. */
  readonly restore: string
  /** `15.18`. */
  readonly version: string
  readonly major: number
}

const DEBIAN_ROOT = '/usr/lib/postgresql'

/**
 * Every pair of `pg_dump` and `pg_restore` in these folders and in Debian's, the newest first. A pair counts once it
 * has said its version.
 */
export async function findPrograms(folders: readonly string[]): Promise<Programs[]> {
  const found = await Promise.all([...new Set([...folders, ...debianFolders()])].map(probe))
  return found
    .filter((programs) => programs !== null)
    .sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))
}

/**
 * The programs that save a server of a major version: its own version where it is here, else the newest that is newer.
 *
 * An archive of a newer pg_dump sets what the older server does not know, so the same version comes first. An older
 * pg_dump refuses a newer server: then `null`.
 */
export function programsFor(major: number, found: readonly Programs[]): Programs | null {
  return (
    found.find((programs) => programs.major === major) ??
    found.find((programs) => programs.major > major) ??
    null
  )
}

function debianFolders(): string[] {
  try {
    return readdirSync(DEBIAN_ROOT).map((version) => join(DEBIAN_ROOT, version, 'bin'))
  } catch {
    // Not a Debian, or nothing installed.
    return []
  }
}

async function probe(folder: string): Promise<Programs | null> {
  const dump = join(folder, 'pg_dump')
  const restore = join(folder, 'pg_restore')
  try {
    accessSync(dump, constants.X_OK)
    accessSync(restore, constants.X_OK)
    const { stdout } = await promisify(execFile)(dump, ['--version'], { timeout: 10_000 })
    const version = /\d+(\.\d+)*/.exec(stdout)?.[0]
    return version === undefined
      ? null
      : { dump, restore, version, major: Number.parseInt(version) }
  } catch {
    return null
  }
}
