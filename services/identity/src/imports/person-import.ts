import type { Act } from '@erp-steward/contracts/act'
import { EntitySchema } from 'typeorm'
import type { ImportOutcome } from './rules/import-row.ts'

export const importStates = ['running', 'done', 'stopped'] as const
export type ImportState = (typeof importStates)[number]

/** A list that a job takes in, part by part. */
export interface PersonImport {
  id: string
  dryRun: boolean
  /** The unit of a caller whose range is a unit; `null` for the company. */
  unitId: string | null
  /** As whom the job acts: who sent the list. */
  act: Omit<Act, 'now'>
  /** Revocation epoch of the token that the list came with. */
  epoch: number
  /** `stopped`: who sent the list lost the right to before its end. */
  state: ImportState
  rows: number
  rowsDone: number
  parts: number
  partsDone: number
  counts: Record<ImportOutcome, number>
  askedAt: Date
  endedAt: Date | null
}

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

export const PersonImportEntity = new EntitySchema<PersonImport>({
  name: 'PersonImport',
  tableName: 'person_import',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'person_import_pkey' },
    dryRun: { type: 'boolean', name: 'dry_run' },
    unitId: { type: 'uuid', name: 'unit_id', nullable: true },
    act: { type: 'jsonb' },
    epoch: { type: 'integer' },
    state: { type: 'text' },
    rows: { type: 'integer' },
    rowsDone: { type: 'integer', name: 'rows_done' },
    parts: { type: 'integer' },
    partsDone: { type: 'integer', name: 'parts_done' },
    counts: { type: 'jsonb' },
    askedAt: { type: 'timestamptz', name: 'asked_at' },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
  checks: [
    {
      name: 'person_import_state_check',
      expression: `state in ('running', 'done', 'stopped')`,
    },
  ],
  indices: [{ name: 'person_import_by_age', columns: ['askedAt', 'id'] }],
})

const importId = (table: string) => ({
  name: `${table}_import_id_fkey`,
  target: 'person_import',
  columnNames: ['import_id'],
  referencedColumnNames: ['id'],
  onDelete: 'CASCADE' as const,
})

/** Rows of a list that are not taken in yet, sealed together. */
export interface PersonImportPart {
  importId: string
  /** Counts from 0. */
  part: number
  /** JSON of `ReadRow[]`. */
  sealed: string
}

export const PersonImportPartEntity = new EntitySchema<PersonImportPart>({
  name: 'PersonImportPart',
  tableName: 'person_import_part',
  columns: {
    importId: {
      type: 'uuid',
      name: 'import_id',
      primary: true,
      primaryKeyConstraintName: 'person_import_part_pkey',
    },
    part: {
      type: 'integer',
      primary: true,
      primaryKeyConstraintName: 'person_import_part_pkey',
    },
    sealed: { type: 'text' },
  },
  checks: [{ name: 'person_import_part_sealed_check', expression: `sealed ${SEALED}` }],
  foreignKeys: [importId('person_import_part')],
})

/** What is to be said of a row of a list: that it was refused, or what it most likely does not mean. */
export interface PersonImportNote {
  /** A bigint, which PostgreSQL hands over as text. */
  seq: string
  importId: string
  /** JSON of `ImportNote`. */
  sealed: string
}

/** As it is sealed and shown. */
export interface ImportNote {
  /** `null` for the list as a whole. */
  readonly row: number | null
  readonly kind: 'refused' | 'warned'
  readonly employeeNumber: string | null
  readonly code: string
  readonly detail: string
}

export const PersonImportNoteEntity = new EntitySchema<PersonImportNote>({
  name: 'PersonImportNote',
  tableName: 'person_import_note',
  columns: {
    seq: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'person_import_note_pkey',
    },
    importId: { type: 'uuid', name: 'import_id' },
    sealed: { type: 'text' },
  },
  checks: [{ name: 'person_import_note_sealed_check', expression: `sealed ${SEALED}` }],
  indices: [{ name: 'person_import_note_by_import', columns: ['importId', 'seq'] }],
  foreignKeys: [importId('person_import_note')],
})
