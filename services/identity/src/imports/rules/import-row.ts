import { Code, LocalDate, nullable } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { UserName } from '../../accounts/account-change.ts'
import { Birthday, Email, EmployeeNumber, PersonName } from '../../people/person-values.ts'

/** One row of a list of people, in the words of the columns. */
export const ImportRow = Type.Object(
  {
    employeeNumber: EmployeeNumber,
    name: PersonName,
    unitCode: Code,
    departmentCode: Code,
    positionCode: Code,
    email: Type.Optional(nullable(Email)),
    /** A list without the column keeps what is known, unlike an empty field. */
    birthday: Type.Optional(nullable(Birthday)),
    leaveOn: Type.Optional(nullable(LocalDate)),
    accountUserName: Type.Optional(nullable(UserName)),
  },
  { additionalProperties: false },
)
export type ImportRow = Static<typeof ImportRow>

export const importColumns = Object.keys(ImportRow.properties)

/** Columns that every list has; the others may be missing. */
export const mandatoryColumns: readonly string[] = ImportRow.required

export const importOutcomes = [
  'created',
  'moved',
  'changed',
  'left',
  'unchanged',
  'refused',
] as const
export type ImportOutcome = (typeof importOutcomes)[number]

/** No row yet, by outcome. */
export const noOutcomes = (): Record<ImportOutcome, number> => ({
  created: 0,
  moved: 0,
  changed: 0,
  left: 0,
  unchanged: 0,
  refused: 0,
})

/** What became of one row. */
export interface RowResult {
  /** Counts from 1 for the first row of data. */
  readonly row: number
  readonly employeeNumber: string | null
  readonly outcome: ImportOutcome
  readonly errors: { readonly code: string; readonly detail: string }[]
}

export const importWarnings = ['encoding-guessed', 'number-without-zeros', 'zeros-lost'] as const

/** What a list most likely does not mean; nothing is refused for it. */
export interface ImportWarning {
  /** `null` for the list as a whole. */
  readonly row: number | null
  readonly code: (typeof importWarnings)[number]
  readonly detail: string
}

/** A row as it was read: its members, or why it cannot be used. */
export type ReadRow =
  | { readonly row: number; readonly value: ImportRow }
  | { readonly row: number; readonly employeeNumber: string | null; readonly fault: string }
