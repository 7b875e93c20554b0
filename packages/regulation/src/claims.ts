import { Type, type Static } from 'typebox'
import Value from 'typebox/value'
import rows from '../../../docs/regulation/in-force.json' with { type: 'json' }

const Sentence = Type.String({ minLength: 4 })

/** Form of docs/regulation/in-force.json: by clause, whether it is in force, or what is missing in both languages. */
export const Claims = Type.Record(
  Type.String(),
  Type.Union([
    Type.Literal('in-force'),
    Type.Object(
      {
        partly: Type.Object({ 'zh-CN': Sentence, en: Sentence }, { additionalProperties: false }),
      },
      { additionalProperties: false },
    ),
  ]),
)
export type Claims = Readonly<Static<typeof Claims>>

/** What the product says of a clause. */
export interface ClauseClaim {
  readonly state: 'in-force' | 'partly' | 'not-yet'
  /** What is missing, of a clause that is partly in force. */
  readonly missing: { readonly 'zh-CN': string; readonly en: string } | null
}

/**
 * Checks a table of claims and returns it typed.
 *
 * @throws RangeError if the table has the wrong form
 */
export function checkedClaims(table: unknown): Claims {
  if (!Value.Check(Claims, table))
    throw new RangeError('docs/regulation/in-force.json has no claim by clause id')
  return table
}

/** What the product says of its clauses, by clause id; a clause that is not there is not yet in force. */
export const claims: Claims = checkedClaims(rows)

/** The claim of a clause among claims, those of the product if none are given. */
export function claimOf(clauseId: string, among: Claims = claims): ClauseClaim {
  const claim = Object.hasOwn(among, clauseId) ? among[clauseId] : undefined
  if (claim === undefined) return { state: 'not-yet', missing: null }
  return claim === 'in-force'
    ? { state: claim, missing: null }
    : { state: 'partly', missing: claim.partly }
}
