import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { syncFolder } from './sync-folder.ts'
import { codeOf, refuse, WorkFailed } from '../work-failed.ts'

/** Folders of the stores by the codes of their sites. */
export type Sites = ReadonlyMap<string, string>

/** Whether the folder of a site is there. It is never made: a missing one may be a disk that is not mounted. */
export function isReachable(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Where an object lies. @throws WorkFailed when the site is not ours or away, or the name would leave the store. */
export function objectPath(sites: Sites, siteCode: string, objectName: string): string {
  const folder = sites.get(siteCode)
  if (folder === undefined) refuse(`site ${siteCode} is not among the sites of this agent`)
  const parts = objectName.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  if (!isPlain || objectName.includes('\0') || objectName.endsWith('.part'))
    refuse('the object name is not a plain path below the store')
  if (!isReachable(folder))
    throw new WorkFailed('executor', `the store of site ${siteCode} is not there: is it mounted?`)
  const path = join(folder, ...parts)
  assertBelow(folder, dirname(path), siteCode)
  return path
}

/** Makes the folders of an object below its store, so that they survive a power cut. */
export function makeFolders(path: string): void {
  const first = mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (let folder = dirname(path); first !== undefined; folder = dirname(folder)) {
    syncFolder(dirname(folder))
    if (folder === first || folder === dirname(folder)) return
  }
}

// A link inside the store could lead out of it.
function assertBelow(store: string, folder: string, siteCode: string): void {
  const root = realpathSync(store)
  for (let at = folder; at.length >= store.length; at = dirname(at)) {
    try {
      const real = realpathSync(at)
      if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return
      refuse(`a link leads out of the store of site ${siteCode}`)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}
