import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Report } from '@erp-steward/contracts/agent-protocol'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { isSameProcess, ProcessMark } from './process-mark.ts'
import { partOf } from './store/write-object.ts'
import { objectPath, type Sites } from './store/store.ts'
import { syncFolder } from './store/sync-folder.ts'

/** What the agent is making for an assignment, written down before it is begun. */
const Note = Type.Object({
  assignmentId: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
  /** `working`: nobody was told of it. `reporting`: the service may know of it, so it stays until that is known. */
  state: Type.Enum(['working', 'reporting']),
  object: Type.Union([
    Type.Object({ siteCode: Type.String(), objectName: Type.String() }),
    Type.Null(),
  ]),
  /** Folder of a restore below the scratch place. */
  folder: Type.Union([Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' }), Type.Null()]),
  /** Database of a restore. */
  database: Type.Union([Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' }), Type.Null()]),
  /** Process groups that work on it. */
  children: Type.Array(ProcessMark),
  /** What is told of it, while `reporting`. */
  report: Type.Optional(Report),
})
export type Note = Static<typeof Note>

const note = Compile(Note)

/** Removes the database that was made for an assignment. */
export type DropDatabase = (name: string, assignmentId: string) => Promise<void>

/** The notes of unfinished work, in `<scratch>/.agent`: after a crash they tell what to remove. */
export interface Notes {
  /** Writes a note so that it outlives a crash. */
  write(note: Note): void
  read(assignmentId: string): Note | null
  all(): Note[]
  /** The work is done and known to the service: it stays. */
  forget(assignmentId: string): void
  /** Removes what was made, then the note. @throws when something cannot be removed; the note stays. */
  undo(note: Note): Promise<void>
}

/** Notes in a folder that is made when missing. */
export function openNotes(scratch: string, sites: Sites, dropDatabase: DropDatabase): Notes {
  const folder = join(scratch, '.agent')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fileOf = (assignmentId: string) => join(folder, `${assignmentId}.json`)

  const read = (assignmentId: string): Note | null => {
    try {
      const value: unknown = JSON.parse(readFileSync(fileOf(assignmentId), 'utf8'))
      return note.Check(value) ? value : null
    } catch {
      // Never written, or cut off before it had its name.
      return null
    }
  }
  const forget = (assignmentId: string) => {
    rmSync(fileOf(assignmentId), { force: true })
    syncFolder(folder)
  }
  return {
    read,
    forget,
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => read(name.slice(0, -'.json'.length)) ?? []),
    write(written) {
      const file = fileOf(written.assignmentId)
      const descriptor = openSync(`${file}.new`, 'w', 0o600)
      try {
        writeFileSync(descriptor, JSON.stringify(written))
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      renameSync(`${file}.new`, file)
      syncFolder(folder)
    },
    async undo(undone) {
      for (const child of undone.children) if (isSameProcess(child)) endGroup(child.pid)
      if (undone.object !== null) {
        const path = objectPath(sites, undone.object.siteCode, undone.object.objectName)
        rmSync(partOf(path), { force: true })
        rmSync(path, { force: true })
      }
      if (undone.folder !== null) removeTree(join(scratch, undone.folder))
      if (undone.database !== null) await dropDatabase(undone.database, undone.assignmentId)
      forget(undone.assignmentId)
    },
  }
}

/** Ends a process group at once; one that has ended is fine. */
export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone.
  }
}

/** Removes a folder with all below, folders that may not be written included. */
export function removeTree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return
  try {
    rmSync(path, { recursive: true })
  } catch {
    openFolders(Buffer.from(path))
    rmSync(path, { recursive: true, force: true })
  }
}

function openFolders(path: Buffer): void {
  if (!lstatSync(path).isDirectory()) return
  chmodSync(path, 0o700)
  for (const name of readdirSync(path, { encoding: 'buffer' }))
    openFolders(Buffer.concat([path, Buffer.from('/'), name]))
}
