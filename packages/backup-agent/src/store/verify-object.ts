import type { Done, Of, Work } from '../assignments.ts'
import { examine } from '../seal/examine.ts'
import { asLine } from '../work-failed.ts'
import { objectPath } from './store.ts'

/** Reads a stored object to its end: its SHA-256 and, with its key, every frame. @throws WorkFailed when the site is away */
export async function verifyObject(
  assignment: Of<'verify'>,
  work: Work,
): Promise<Done<'verified'>> {
  const { sites, keys } = work.place.config
  const { copy } = assignment
  work.progress.phase = 'reading'
  const path = objectPath(sites, copy.siteCode, copy.objectName)
  const read = await examine(path, keys, copy.digest, work)
  return {
    outcome: 'verified',
    fencingToken: assignment.fencingToken,
    storedBytes: read.storedBytes,
    writtenDigest: null,
    readDigest: read.digest,
    finding: read.finding === null ? null : asLine(read.finding, 2_000),
  }
}
