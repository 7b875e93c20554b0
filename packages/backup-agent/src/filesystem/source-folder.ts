import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { codeOf, refuse, WorkFailed } from '../work-failed.ts'

/** What must hold for a folder that is to be backed up. */
export interface SourceRules {
  /** Allowed roots, absolute. */
  readonly sources: readonly string[]
  /** Folders of the stores and the scratch place, which no backup may swallow. */
  readonly ownFolders: readonly string[]
}

/**
 * The real folder behind a source's path, links resolved.
 *
 * @throws WorkFailed `refused` when it is not within an allowed root or holds a store that is not excluded
 */
export function allowedFolder(
  path: string,
  exclude: readonly string[],
  { sources, ownFolders }: SourceRules,
): string {
  const real = realFolder(path)
  const roots = sources.flatMap((root) => realOrNone(root))
  if (!roots.some((root) => isWithin(root, real)))
    refuse(`${path} is not within the allowed sources of this agent`)
  for (const name of exclude)
    if (isAbsolute(name) || name.split('/').includes('..'))
      refuse(`the exclusion ${name} is not a path below the source`)
  const left = exclude.map((name) => name.replace(/\/+$/, ''))
  for (const own of ownFolders.flatMap((folder) => realOrNone(folder))) {
    const inside = relative(real, own)
    const isLeftOut = left.some((name) => inside === name || inside.startsWith(`${name}/`))
    if (isWithin(real, own) && !isLeftOut)
      refuse(`${path} holds ${own}, a place of the agent itself: exclude it`)
    if (isWithin(own, real)) refuse(`${path} lies in ${own}, a place of the agent itself`)
  }
  return real
}

function realFolder(path: string): string {
  try {
    const real = realpathSync(path)
    if (statSync(real).isDirectory()) return real
  } catch (error) {
    const code = codeOf(error)
    throw new WorkFailed(
      'executor',
      `cannot read ${path}: ${typeof code === 'string' ? code : 'unknown'}`,
    )
  }
  return refuse(`${path} is not a folder`)
}

function realOrNone(path: string): string[] {
  try {
    return [realpathSync(path)]
  } catch {
    // A root that is not there allows nothing.
    return []
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}
