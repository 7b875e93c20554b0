import type { Act } from '@erp-steward/contracts/act'
import type { Bilingual } from '@erp-steward/contracts/bilingual'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { EntitySchema } from 'typeorm'
import { ImportCounts } from './rules/import-row.ts'

export const ImportState = Type.Enum(['checking', 'running', 'done', 'refused', 'stopped'], {
  title: 'PersonImportState',
  description:
    '`checking`: every row is tried first, as `all-or-none` wants; `refused`: one of them was, and nothing was taken in; `stopped`: the tokens of who sent the list became void before its end; what was done stays.',
})

export const ImportMode = Type.Enum(['all-or-none', 'good-rows'], {
  title: 'PersonImportMode',
  description:
    '`all-or-none`: one refused row refuses the list; `good-rows`: the others are taken in.',
})

/** A list that a job takes in, part by part. */
export const ImportView = Type.Object(
  {
    importId: Id,
    mode: ImportMode,
    dryRun: Type.Boolean({ description: 'Whether each part is tried and taken back.' }),
    unitId: nullable(Uuid, 'The unit of a sender whose range is a unit; null: the company.'),
    state: ImportState,
    rows: Type.Integer({ description: 'Rows that were read.' }),
    rowsDone: Type.Integer({
      description: 'Rows that were taken in, found unchanged or refused.',
    }),
    counts: ImportCounts,
    askedBy: Type.String({ description: 'Account or client that sent it.' }),
    askedAt: about(InstantOut, 'When it was sent.'),
    endedAt: nullable(InstantOut, 'When it was done or stopped.'),
  },
  { title: 'PersonImport' },
)

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

export const PersonImportEntity = entityOf(ImportView, {
  table: 'person_import',
  derived: ['importId', 'mode', 'askedBy'],
  kept: {
    id: Uuid,
    /** Whether every row is tried before the first is taken in, and one that is refused refuses the list. */
    allOrNone: Type.Boolean(),
    /** As whom the job acts: who sent the list. */
    act: Type.Unsafe<Omit<Act, 'now'>>({}),
    /** Revocation epoch of the token that the list came with. */
    epoch: Type.Integer(),
    parts: Type.Integer(),
    partsDone: Type.Integer(),
  },
  columns: { allOrNone: { default: false } },
  checks: [
    {
      name: 'person_import_state_check',
      expression: `state in ('checking', 'running', 'done', 'refused', 'stopped')`,
    },
  ],
  indices: [{ name: 'person_import_by_age', columns: ['askedAt', 'id'] }],
})
export type PersonImport = RowOf<typeof PersonImportEntity>

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

/** As callers see it. */
export const ImportNote = Type.Object(
  {
    row: nullable(Type.Integer(), 'Counts from 1; null for the list as a whole.'),
    kind: Type.Enum(['refused', 'warned'], {
      description: '`refused`: nothing was done; `warned`: it most likely means something else.',
    }),
    employeeNumber: nullable(Type.String(), 'Of the row; null where it could not be read.'),
    code: Type.String({ description: 'Code of the problem, or of the warning.' }),
    detail: Type.String({ description: 'What was wrong, for people.' }),
  },
  { title: 'PersonImportNote' },
)
/** As it is sealed: in both languages. A text alone is English, of a release before. */
export type ImportNote = Omit<Static<typeof ImportNote>, 'detail'> & {
  readonly detail: Bilingual | string
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
