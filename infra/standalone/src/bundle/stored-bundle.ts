import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

/** Where the bundles of a checkout are, each in a folder of its own; `current` names the newest. */
export const BUNDLES = join(ROOT, '.cache', 'host')
const CURRENT = 'current'

/** The host and all that it loads, in one script that is made from the sources. */
export interface StoredBundle {
  readonly folder: string
  /** A function of `exports`, `require` and `module`. */
  readonly script: string
}

/** What a bundle was made from. */
interface Inputs {
  readonly root: string
  /** Signatures by path in the root. */
  readonly files: Readonly<Record<string, string>>
}

export function bundleIn(folder: string): StoredBundle {
  return { folder, script: join(folder, 'host.cjs') }
}

/**
 * The newest bundle, when every file that it was made from is as it was then; else `null`.
 *
 * A source is compared by size, number and the two times that every write changes, one of which nobody can set: reading
 * all of them would take a good part of what the bundle saves.
 */
export function freshBundle(bundles = BUNDLES, root = ROOT): StoredBundle | null {
  try {
    const folder = join(bundles, readFileSync(join(bundles, CURRENT), 'utf8'))
    const inputs = JSON.parse(readFileSync(join(folder, 'inputs.json'), 'utf8')) as Inputs
    if (inputs.root !== root) return null
    for (const [path, signature] of Object.entries(inputs.files))
      if (signatureOf(root, path).text !== signature) return null
    return bundleIn(folder)
  } catch {
    // There is none, or one of another version, or a source has gone.
    return null
  }
}

/** @throws Error when the file is not there */
function signatureOf(root: string, file: string): { text: string; changedAt: number } {
  const { size, ino, mtimeMs, ctimeMs } = statSync(join(root, file))
  // A library is a link to the package manager's store, and its second time changes with each checkout that has it.
  const changedAt = file.startsWith('node_modules/') ? mtimeMs : Math.max(mtimeMs, ctimeMs)
  return { text: [size, ino, mtimeMs, changedAt].join(' '), changedAt }
}

/** The name of the newest bundle's folder, `null` when there is none. */
export function currentName(bundles = BUNDLES): string | null {
  const pointer = join(bundles, CURRENT)
  return existsSync(pointer) ? readFileSync(pointer, 'utf8') : null
}

/** The newest bundle is used no more. */
export function forget(bundles: string): void {
  rmSync(join(bundles, CURRENT), { force: true })
}

/** What says which files libraries are, besides the files themselves: the lock of what is installed. */
const INSTALLED = 'node_modules/.pnpm/lock.yaml'

/**
 * Makes a bundle the one that is used from now on.
 *
 * @param files what it was made from, relative to the root
 * @param began when the making began, in milliseconds since 1970
 * @throws Error when a file was changed since then: nobody knows which of its texts was read
 */
export function store(
  { folder }: StoredBundle,
  files: readonly string[],
  began: number,
  bundles = BUNDLES,
  root = ROOT,
): void {
  const signatures = [INSTALLED, ...files].map((file) => {
    const { text, changedAt } = signatureOf(root, file)
    if (changedAt >= began) throw new Error(`${file} was changed while the bundle was made`)
    return [file, text] as const
  })
  const inputs: Inputs = { root, files: Object.fromEntries(signatures) }
  writeFileSync(join(folder, 'inputs.json'), JSON.stringify(inputs))
  const draft = join(folder, CURRENT)
  writeFileSync(draft, basename(folder))
  renameSync(draft, join(bundles, CURRENT))
}
