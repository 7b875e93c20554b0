import { createHash } from 'node:crypto'
import type { Source } from '@erp-steward/contracts/agent-protocol'
import { intend, type Done, type Of, type Work } from '../assignments.ts'
import { sealInto } from '../seal/compressed.ts'
import { objectPath } from '../store/store.ts'
import { assertFree, writeObject } from '../store/write-object.ts'
import { asLine, refuse, WorkFailed } from '../work-failed.ts'
import { connect, environmentOf, serverMajor, urlOf } from './connection.ts'
import { listTables, tablesByName } from './list-tables.ts'
import { writeList } from './listed-stream.ts'
import { tooOld } from './probe.ts'
import { findPrograms, programsFor } from './programs.ts'
import { runProgram } from './run-program.ts'

/**
 * Saves a database as one sealed object: the list of its tables and what `pg_dump` writes, both from one snapshot.
 *
 * @throws WorkFailed
 */
export async function backUpDatabase(
  assignment: Of<'backup'>,
  source: Extract<Source, { executor: 'postgres' }>,
  work: Work,
): Promise<Done<'backed-up'>> {
  const { config } = work.place
  const key = config.keys.get(assignment.keyId)
  if (key === undefined) refuse(`key ${assignment.keyId} is not in the settings of this agent`)
  const { into } = assignment
  const path = objectPath(config.sites, into.siteCode, into.objectName)
  const url = urlOf(config.connections, source.connection)
  assertFree(path)
  const found = await findPrograms(config.programFolders)
  const client = await connect(source.connection, url)
  const hangUp = () => {
    client.end().catch(() => undefined)
  }
  work.signal.addEventListener('abort', hangUp)
  try {
    const major = await serverMajor(client)
    const programs = programsFor(major, found)
    if (programs === null) refuse(`${source.connection}: ${tooOld(major, found)}`)
    intend(work.place, assignment, { object: into })

    await client.query('begin isolation level repeatable read read only')
    const { rows } = await client.query<{ snapshot: string; at: Date }>(
      'select pg_export_snapshot() as snapshot, now() as at',
    )
    const [begun] = rows
    if (begun === undefined) throw new WorkFailed('executor', 'the server gave no snapshot')
    work.progress.phase = 'counting'
    const list = await listTables(client, work.signal)

    work.progress.phase = 'saving'
    let dumpedBytes = 0
    const { writtenDigest, read } = await writeObject(
      path,
      config.keys,
      work,
      () => (work.progress.phase = 'reading again'),
      async (write) => {
        const dump = runProgram(
          programs.dump,
          ['--format=custom', '--compress=0', '--no-password', `--snapshot=${begun.snapshot}`],
          environmentOf(url),
          assignment,
          work,
        )
        const plain = writeList(list, dump.child.stdout, (count) => (dumpedBytes += count))
        const sealed = { id: assignment.keyId, bytes: key }
        await sealInto(plain, sealed, 'pg_dump', write, work.signal)
        await dump.ended
      },
    )
    return {
      outcome: 'backed-up',
      fencingToken: assignment.fencingToken,
      storedBytes: read.storedBytes,
      writtenDigest,
      readDigest: read.digest,
      finding: read.finding === null ? null : asLine(read.finding, 2_000),
      tool: `pg_dump ${programs.version}`,
      dataAt: begun.at.toISOString(),
      manifestDigest: createHash('sha256').update(list).digest('hex'),
      items: tablesByName(list).size,
      sourceBytes: dumpedBytes,
    }
  } finally {
    work.signal.removeEventListener('abort', hangUp)
    await client.end().catch(() => undefined)
  }
}
