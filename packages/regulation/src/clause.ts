import { Type, type Static } from 'typebox'
import Value from 'typebox/value'
import rows from './clauses.json' with { type: 'json' }

/** Form of a clause id: regulation letter, chapter, section, item. Ids are never renumbered. */
export const ClauseId = Type.String({ pattern: '^[AB]-\\d{1,2}(\\.\\d{1,2}){0,3}$' })
export type ClauseId = Static<typeof ClauseId>

/**
 * Who keeps a clause: E the software enforces it, D the software detects or measures, W a person acts and the software
 * drives flow and clock, P only a person can do it and records evidence, C context without a duty.
 */
export const ClauseMode = Type.Enum(['E', 'D', 'W', 'P', 'C'], {
  title: 'ClauseMode',
  description:
    'Who keeps a clause: `E` the software enforces it, `D` the software detects or measures, `W` a person acts and the software ' +
    'drives flow and clock, `P` only a person can do it and records evidence, `C` context without a duty.',
})
export type ClauseMode = Static<typeof ClauseMode>

/** One duty of the two regulations, as numbered in the control catalogue. */
export const Clause = Type.Object(
  {
    id: ClauseId,
    regulation: Type.Union([Type.Literal('A'), Type.Literal('B')]),
    section: Type.String({
      minLength: 1,
      description: 'Heading above the clause, zh-CN and English.',
    }),
    mode: ClauseMode,
    service: Type.String({ minLength: 1, description: 'Owning service, or "all".' }),
    summary: Type.String({ minLength: 1, description: 'The duty in English.' }),
    original: Type.String({ minLength: 1, description: 'The words of the regulation, zh-CN.' }),
    enforcement: Type.String({ minLength: 1, description: 'What the software must do.' }),
    evidence: Type.String({ minLength: 1, description: 'Which record proves that it was done.' }),
  },
  { additionalProperties: false },
)
export type Clause = Readonly<Static<typeof Clause>>

/**
 * Checks a clause table and returns it typed.
 *
 * @throws RangeError if the table is no array, a row has the wrong form, an id occurs twice, or an id does not start with its regulation
 */
export function checkedClauses(table: unknown): readonly Clause[] {
  if (!Array.isArray(table)) throw new RangeError('The clause table is not an array')
  const seen = new Set<string>()
  return table.map((row: unknown, index) => {
    if (!Value.Check(Clause, row)) {
      const faults = Value.Errors(Clause, row).map((e) => `${e.instancePath} ${e.message}`)
      throw new RangeError(`Clause in row ${index}: ${faults.join('; ')}`)
    }
    if (seen.has(row.id)) throw new RangeError(`Clause ${row.id} occurs twice`)
    if (!row.id.startsWith(`${row.regulation}-`))
      throw new RangeError(`Clause ${row.id} is filed under regulation ${row.regulation}`)
    seen.add(row.id)
    return row
  })
}

/** Every clause of both regulations, in the order of the text. */
export const clauses: readonly Clause[] = checkedClauses(rows)

const byId = new Map(clauses.map((clause) => [clause.id, clause]))

/** The clause with this id, or undefined when the catalogue has none. */
export function clauseById(id: string): Clause | undefined {
  return byId.get(id)
}

/** Whether the catalogue has a clause with this id. */
export function isClauseId(id: string): boolean {
  return byId.has(id)
}
