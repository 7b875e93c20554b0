import type { Bilingual } from '@erp-steward/contracts/bilingual'
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

export const ImportOutcome = Type.Enum(
  ['created', 'moved', 'changed', 'left', 'unchanged', 'refused'],
  {
    title: 'ImportOutcome',
    description: '`left`: the leave took effect; `unchanged`: the register says so already.',
  },
)
export type ImportOutcome = Static<typeof ImportOutcome>

/** Rows by outcome. */
export const ImportCounts = Type.Object(
  {
    created: Type.Integer({ description: 'People taken in.' }),
    moved: Type.Integer({ description: 'People with another place.' }),
    changed: Type.Integer({ description: 'People changed otherwise.' }),
    left: Type.Integer({ description: 'People whose leave took effect.' }),
    unchanged: Type.Integer({ description: 'Rows that say what is so already.' }),
    refused: Type.Integer({ description: 'Rows that were refused.' }),
  },
  { title: 'ImportCounts', description: 'Rows by what became of them.' },
)
export type ImportCounts = Static<typeof ImportCounts>

/** No row yet, by outcome. */
export const noOutcomes = (): ImportCounts => ({
  created: 0,
  moved: 0,
  changed: 0,
  left: 0,
  unchanged: 0,
  refused: 0,
})

/** What became of one row. */
export const RowResult = Type.Object(
  {
    row: Type.Integer({ description: 'Counts from 1 for the first row of data.' }),
    employeeNumber: nullable(Type.String(), 'Of the row; null where it could not be read.'),
    outcome: ImportOutcome,
    errors: Type.Array(
      Type.Object(
        {
          code: Type.String({ description: 'Code of the problem.' }),
          detail: Type.String({ description: 'What was wrong, for people.' }),
        },
        { title: 'ImportError' },
      ),
      { description: 'Why it was refused; empty otherwise.' },
    ),
  },
  { title: 'ImportRowResult' },
)
/** In both languages until the caller is told of it. */
export type RowResult = Omit<Static<typeof RowResult>, 'errors'> & {
  readonly errors: { code: string; detail: Bilingual }[]
}

/** What a list most likely does not mean; nothing is refused for it. */
export const ImportWarning = Type.Object(
  {
    row: nullable(Type.Integer(), 'Counts from 1; null for the list as a whole.'),
    code: Type.Enum(['encoding-guessed', 'number-without-zeros', 'zeros-lost'], {
      description:
        '`encoding-guessed`: nothing named the character set; `number-without-zeros`: a sheet keeps it as a number; `zeros-lost`: zeros in front are most likely missing.',
    }),
    detail: Type.String({ description: 'What was seen, for people.' }),
  },
  { title: 'ImportWarning' },
)
/** In both languages until the caller is told of it. */
export type ImportWarning = Omit<Static<typeof ImportWarning>, 'detail'> & {
  readonly detail: Bilingual
}

/** A row as it was read: its members, or why it cannot be used. */
export type ReadRow =
  | { readonly row: number; readonly value: ImportRow }
  | { readonly row: number; readonly employeeNumber: string | null; readonly fault: Bilingual }
