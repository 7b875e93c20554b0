import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { intend, type Done, type Of, type Work } from '../assignments.ts'
import { asLine, codeOf, WorkFailed } from '../work-failed.ts'
import { objectPath } from './store.ts'
import { assertFree, writeObject } from './write-object.ts'

/**
 * Brings an object from one site to another, sealed as it is, and reads the copy anew to its end.
 *
 * @throws WorkFailed `digest` when the source is missing or not what was backed up: such a copy would be worth nothing
 */
export async function copyObject(assignment: Of<'copy'>, work: Work): Promise<Done<'copied'>> {
  const { sites, keys } = work.place.config
  const { from, into } = assignment
  const source = objectPath(sites, from.siteCode, from.objectName)
  const path = objectPath(sites, into.siteCode, into.objectName)
  assertFree(path)
  intend(work.place, assignment, { object: into })

  work.progress.phase = 'copying'
  const { writtenDigest, read } = await writeObject(
    path,
    keys,
    work,
    () => (work.progress.phase = 'reading again'),
    async (write) => {
      await pipeline(
        createReadStream(source, { highWaterMark: 1 << 20 }),
        async (bytes: AsyncIterable<Buffer>) => {
          for await (const chunk of bytes) await write(chunk)
        },
        { signal: work.signal },
      ).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
        throw new WorkFailed('digest', `the object is not there at site ${from.siteCode}`)
      })
    },
    from.digest,
  )
  return {
    outcome: 'copied',
    fencingToken: assignment.fencingToken,
    storedBytes: read.storedBytes,
    writtenDigest,
    readDigest: read.digest,
    finding: read.finding === null ? null : asLine(read.finding, 2_000),
  }
}
