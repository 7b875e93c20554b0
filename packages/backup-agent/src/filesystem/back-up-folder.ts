import type { Source } from '@erp-steward/contracts/agent-protocol'
import { intend, type Done, type Of, type Work } from '../assignments.ts'
import { sealInto } from '../seal/compressed.ts'
import { objectPath } from '../store/store.ts'
import { assertFree, writeObject } from '../store/write-object.ts'
import { FOLDER_TOOL } from '../version.ts'
import { asLine, refuse } from '../work-failed.ts'
import { packFolder, type Packed } from './pack-folder.ts'
import { allowedFolder } from './source-folder.ts'

/**
 * Saves a folder as one sealed object and proves it: written, brought to the disk, read anew to its end.
 *
 * @throws WorkFailed
 */
export async function backUpFolder(
  assignment: Of<'backup'>,
  source: Extract<Source, { executor: 'filesystem' }>,
  work: Work,
): Promise<Done<'backed-up'>> {
  const { config, log } = work.place
  const key = config.keys.get(assignment.keyId)
  if (key === undefined) refuse(`key ${assignment.keyId} is not in the settings of this agent`)
  const { into } = assignment
  const path = objectPath(config.sites, into.siteCode, into.objectName)
  const folder = allowedFolder(source.path, source.exclude, {
    sources: config.sources,
    ownFolders: [...config.sites.values(), config.scratch],
  })
  assertFree(path)
  intend(work.place, assignment, { object: into })

  const dataAt = new Date()
  let packed: Packed | undefined
  work.progress.phase = 'saving'
  const { writtenDigest, read } = await writeObject(
    path,
    config.keys,
    work,
    () => (work.progress.phase = 'reading again'),
    async (write) => {
      const { stream, packed: end } = packFolder(folder, source.exclude)
      await sealInto(stream, { id: assignment.keyId, bytes: key }, 'tar', write, work.signal)
      packed = await end
    },
  )
  if (packed === undefined) throw new Error('The object was written without an end.')
  const { changed, vanished, special } = packed
  if (changed.length + vanished.length + special.length > 0)
    log.warn(
      { assignmentId: assignment.assignmentId, ...firstOf({ changed, vanished, special }) },
      'the folder was not still',
    )
  return {
    outcome: 'backed-up',
    fencingToken: assignment.fencingToken,
    storedBytes: read.storedBytes,
    writtenDigest,
    readDigest: read.digest,
    finding: read.finding === null ? null : asLine(read.finding, 2_000),
    tool: toolOf(packed),
    dataAt: dataAt.toISOString(),
    manifestDigest: packed.manifestDigest,
    items: packed.items,
    sourceBytes: packed.sourceBytes,
  }
}

function toolOf({ changed, vanished, special }: Packed): string {
  const remarks = [
    ...(changed.length > 0 ? [`${changed.length} changed while read`] : []),
    ...(vanished.length > 0 ? [`${vanished.length} vanished`] : []),
    ...(special.length > 0 ? [`${special.length} special left out`] : []),
  ]
  return [FOLDER_TOOL, ...remarks].join('; ')
}

function firstOf(names: Record<string, readonly string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(names).map(([what, paths]) => [
      what,
      { count: paths.length, first: paths.slice(0, 20) },
    ]),
  )
}
