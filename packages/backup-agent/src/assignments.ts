import type { Assignment, Report } from '@erp-steward/contracts/agent-protocol'
import type { Logger } from 'pino'
import type { AgentConfig } from './config.ts'
import type { Note, Notes } from './notes.ts'

/** An assignment of one kind. */
export type Of<Kind extends Assignment['kind']> = Extract<Assignment, { kind: Kind }>

/** A report on work that was done. */
export type Done<Outcome extends Report['outcome']> = Report & { readonly outcome: Outcome }

/** What is told about work in hand. */
export interface Progress {
  phase: string
  bytesDone: number
}

/** What carries assignments out. */
export interface Workplace {
  readonly config: AgentConfig
  readonly notes: Notes
  readonly log: Logger
}

/** One assignment being worked on. */
export interface Work {
  readonly place: Workplace
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Counts bytes for the heartbeat. */
  readonly onBytes: (count: number) => void
}

/** Notes what is about to be made, on the disk before it begins. */
export function intend(
  { notes }: Workplace,
  { assignmentId }: Assignment,
  made: Partial<Pick<Note, 'object' | 'folder' | 'database' | 'children'>>,
): Note {
  const note: Note = {
    assignmentId,
    state: 'working',
    object: null,
    folder: null,
    database: null,
    children: [],
    ...made,
  }
  notes.write(note)
  return note
}
