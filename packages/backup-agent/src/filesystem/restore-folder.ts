import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { intend, type Done, type Of, type Work } from '../assignments.ts'
import { differencesOf } from '../differences.ts'
import { readSealed } from '../seal/compressed.ts'
import { unseal } from '../seal/unseal.ts'
import { objectPath } from '../store/store.ts'
import { syncFolder } from '../store/sync-folder.ts'
import { asLine, refuse, WorkFailed } from '../work-failed.ts'
import { linesByPath, listText } from './entry.ts'
import { listFolder } from './list-folder.ts'
import { unpackFolder } from './unpack-folder.ts'

/**
 * Lays a backup into a fresh folder of the scratch place, reads it anew from the disk and compares it with the list in
 * the backup, whose digest must be the one that the backup was reported with.
 *
 * The folder stays for people; the agent removes only what it has not finished.
 *
 * @throws WorkFailed
 */
export async function restoreFolder(
  assignment: Of<'restore'>,
  work: Work,
): Promise<Done<'restored'>> {
  const { config } = work.place
  const { copy, scratchName, manifestDigest } = assignment
  const path = objectPath(config.sites, copy.siteCode, copy.objectName)
  const folder = join(config.scratch, scratchName)
  if (existsSync(folder)) refuse(`${folder} is there already and is not touched`)
  intend(work.place, assignment, { folder: scratchName })
  mkdirSync(folder, { mode: 0o700 })
  syncFolder(config.scratch)

  work.progress.phase = 'restoring'
  let saved = ''
  await readSealed(
    unseal(path, config.keys, { content: 'tar', digest: copy.digest }, work),
    async (plain) => {
      saved = await unpackFolder(folder, plain)
    },
    work.signal,
  )
  if (digestOf(saved) !== manifestDigest)
    throw new WorkFailed('digest', 'the list in the backup is not the one that was reported for it')

  work.progress.phase = 'comparing'
  const list = listText(await listFolder(folder, work.onBytes, work.signal))
  const before = linesByPath(saved)
  const { compared, differences } = differencesOf(before, linesByPath(list))
  return {
    outcome: 'restored',
    fencingToken: assignment.fencingToken,
    manifestDigest: digestOf(list),
    compared: compared - [...before.values()].filter((line) => isFolder(line)).length,
    differences: differences.slice(0, 20).map((line) => asLine(line, 500)),
    scratch: folder,
  }
}

const digestOf = (list: string) => createHash('sha256').update(list).digest('hex')

const isFolder = (line: string) => (JSON.parse(line) as { type: string }).type === 'folder'
