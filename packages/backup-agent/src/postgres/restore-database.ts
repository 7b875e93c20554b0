import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { intend, type Done, type Of, type Work } from '../assignments.ts'
import { differencesOf } from '../differences.ts'
import { readSealed } from '../seal/compressed.ts'
import { unseal } from '../seal/unseal.ts'
import { objectPath } from '../store/store.ts'
import { asLine, refuse, WorkFailed } from '../work-failed.ts'
import { connect, environmentOf, serverMajor } from './connection.ts'
import { listTables, tablesByName } from './list-tables.ts'
import { readList } from './listed-stream.ts'
import { findPrograms, programsFor, type Programs } from './programs.ts'
import { runProgram } from './run-program.ts'
import { assertNoDatabase, createDatabase, scratchServer } from './scratch-database.ts'
import { tooOld } from './probe.ts'

/**
 * Restores a database under a name of its own on the server for restores, counts its tables anew and compares them
 * with the list in the backup, whose digest must be the one that the backup was reported with.
 *
 * The database stays for people; the agent removes only what it has not finished.
 *
 * @throws WorkFailed
 */
export async function restoreDatabase(
  assignment: Of<'restore'>,
  work: Work,
): Promise<Done<'restored'>> {
  const { config } = work.place
  const { copy, scratchName, manifestDigest } = assignment
  const path = objectPath(config.sites, copy.siteCode, copy.objectName)
  const server = scratchServer(config)
  const programs = await programsOf(work)
  await assertNoDatabase(config, scratchName)
  intend(work.place, assignment, { database: scratchName })
  await createDatabase(config, scratchName, assignment.assignmentId)

  work.progress.phase = 'restoring'
  let saved = ''
  await readSealed(
    unseal(path, config.keys, { content: 'pg_dump', digest: copy.digest }, work),
    async (plain) => {
      const { list, body } = await readList(plain)
      saved = list
      const restore = runProgram(
        programs.restore,
        // Owners and grants name roles that the server for restores need not have.
        [
          '--exit-on-error',
          '--no-owner',
          '--no-privileges',
          '--no-password',
          `--dbname=${scratchName}`,
        ],
        environmentOf(server.url, scratchName),
        assignment,
        work,
      )
      restore.child.stdout.resume()
      // A program that refuses stops reading; what it said tells more than the broken pipe.
      await pipeline(body, restore.child.stdin).catch(async (error: unknown) => {
        await restore.ended
        throw error
      })
      await restore.ended
    },
    work.signal,
  )
  if (createHash('sha256').update(saved).digest('hex') !== manifestDigest)
    throw new WorkFailed('digest', 'the list in the backup is not the one that was reported for it')

  work.progress.phase = 'comparing'
  const list = await tablesIn(server, scratchName, work.signal)
  const { compared, differences } = differencesOf(tablesByName(saved), tablesByName(list))
  return {
    outcome: 'restored',
    fencingToken: assignment.fencingToken,
    manifestDigest: createHash('sha256').update(list).digest('hex'),
    compared,
    differences: differences.slice(0, 20).map((line) => asLine(line, 500)),
    scratch: `database ${scratchName} on connection ${server.name}`,
  }
}

async function programsOf({ place: { config } }: Work): Promise<Programs> {
  const server = scratchServer(config)
  const client = await connect(server.name, server.url)
  try {
    const found = await findPrograms(config.programFolders)
    const major = await serverMajor(client)
    return programsFor(major, found) ?? refuse(`${server.name}: ${tooOld(major, found)}`)
  } finally {
    await client.end()
  }
}

async function tablesIn(
  server: { readonly name: string; readonly url: string },
  database: string,
  signal: AbortSignal,
): Promise<string> {
  const client = await connect(server.name, server.url, database)
  const hangUp = () => {
    client.end().catch(() => undefined)
  }
  signal.addEventListener('abort', hangUp)
  try {
    return await listTables(client, signal)
  } finally {
    signal.removeEventListener('abort', hangUp)
    await client.end().catch(() => undefined)
  }
}
