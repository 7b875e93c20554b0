import { closeSync, constants, lstatSync, openSync, readdirSync, type BigIntStats } from 'node:fs'
import { codeOf, WorkFailed } from '../work-failed.ts'
import { pathKey, shown } from './entry.ts'

/** Something found below a root. */
export interface Found {
  /** Relative to the root. */
  readonly path: Buffer
  /** How to open it, as long as the walk stands there. */
  readonly access: Buffer
  readonly stats: BigIntStats
}

/** What a walk leaves out, and what it tells. */
export interface WalkOptions {
  /** Relative paths; whatever is below is left out too. */
  readonly exclude: readonly string[]
  /** Something was listed by its folder and gone when it was looked at. */
  readonly onVanished: (path: Buffer) => void
}

/**
 * Everything below `root` except the root itself, folders before what is in them, names in the order of their bytes.
 * Links are not followed: on Linux not even one that takes the place of a folder during the walk, because each folder
 * is entered through the descriptor that was checked.
 *
 * @throws WorkFailed naming the path that cannot be read
 */
export function* walk(root: string, options: WalkOptions): Generator<Found, void, void> {
  const excluded = new Set(
    options.exclude.map((path) => pathKey(Buffer.from(path.replace(/\/+$/, '')))),
  )
  yield* walkFolder(Buffer.from(root), Buffer.alloc(0))

  function* walkFolder(access: Buffer, path: Buffer): Generator<Found, void, void> {
    const isRoot = path.length === 0
    const descriptor = reach(
      () => openSync(access, FOLDER | (isRoot ? 0 : constants.O_NOFOLLOW)),
      path,
      !isRoot,
    )
    if (descriptor === null) return
    try {
      const base =
        process.platform === 'linux' ? Buffer.from(`/proc/self/fd/${descriptor}`) : access
      const names = reach(() => readdirSync(base, { encoding: 'buffer' }), path, false) ?? []
      for (const name of names.sort((a, b) => a.compare(b))) {
        const inner = isRoot ? name : Buffer.concat([path, SLASH, name])
        if (excluded.has(pathKey(inner))) continue
        const entry = Buffer.concat([base, SLASH, name])
        const stats = reach(() => lstatSync(entry, { bigint: true }), inner, true)
        if (stats === null) continue
        yield { path: inner, access: entry, stats }
        if (stats.isDirectory()) yield* walkFolder(entry, inner)
      }
    } finally {
      closeSync(descriptor)
    }
  }

  function reach<Result>(look: () => Result, path: Buffer, mayVanish: boolean): Result | null {
    try {
      return look()
    } catch (error) {
      // ELOOP and ENOTDIR: a link or a file took the folder's place after it was listed.
      if (mayVanish && GONE.has(codeOf(error))) {
        options.onVanished(path)
        return null
      }
      throw unreadable(path, error)
    }
  }
}

/** What an error of the system means for a backup: the path and its code, nothing of the content. */
export function unreadable(path: Buffer, error: unknown): WorkFailed {
  const name = path.length === 0 ? 'the folder itself' : shown(path)
  const code = codeOf(error)
  return new WorkFailed(
    'executor',
    `cannot read ${name}: ${typeof code === 'string' ? code : String(error)}`,
    {
      cause: error,
    },
  )
}

/** Codes of something that is no longer what its folder listed. */
export const GONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ELOOP', 'ENOTDIR'])

const SLASH = Buffer.from('/')
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY
