import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Code } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { GrantKind, GrantName } from '../../grants/access-grant.ts'

/** A pair of duties in the order in which it is kept: the first is the lesser text. */
export const SodPair = Type.Object(
  {
    first: Type.String({ ...Code, description: 'Code of a duty.' }),
    second: Type.String({ ...Code, description: 'Code of a duty that nobody holds beside it.' }),
  },
  { title: 'SodPair', additionalProperties: false },
)
export type SodPair = Static<typeof SodPair>

const words = (what: string) =>
  Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    description: `What people call it, ${what}.`,
  })

export const SodDuty = Type.Object(
  {
    code: Type.String({ ...Code, description: 'What pairs and carriers call it.' }),
    title: Type.Object(
      { en: words('in English'), 'zh-CN': words('in Chinese') },
      { description: 'What people call it.', additionalProperties: false },
    ),
  },
  { title: 'SodDuty', additionalProperties: false },
)

export const SodCarrier = Type.Object(
  {
    kind: GrantKind,
    name: GrantName,
    duty: Type.String({ ...Code, description: 'Code of a duty that its holders have.' }),
  },
  { title: 'SodCarrier', additionalProperties: false },
)

/** What the duties are, which may not meet in one person, and which grants carry them. Source: defaults 2.8. */
export const SodRules = Type.Object(
  {
    duties: Type.Array(SodDuty, { maxItems: 2_000, description: 'Every duty, once.' }),
    pairs: Type.Array(SodPair, {
      maxItems: 5_000,
      description: 'Pairs of duties that one person may not hold, each once, in any order.',
    }),
    carriers: Type.Array(SodCarrier, {
      maxItems: 5_000,
      description: 'Which roles and responsibilities carry which duty; one may carry several.',
    }),
  },
  {
    title: 'SodRules',
    description: 'Duties, which of them may not meet in one person, and what carries them.',
    additionalProperties: false,
  },
)
export type SodRules = Static<typeof SodRules>

export const inPairOrder = ({ first, second }: SodPair): SodPair =>
  first < second ? { first, second } : { first: second, second: first }

/** Where in the rules something is wrong, as a JSON pointer, and what. */
export interface RuleFault {
  readonly pointer: string
  readonly detail: Bilingual
}

/** What contradicts itself in the rules; at most 20 faults. */
export function faultsOf({ duties, pairs, carriers }: SodRules): RuleFault[] {
  const known = new Set(duties.map(({ code }) => code))
  const unknown = (code: string) => said(`There is no duty ${code}.`, `没有职责 ${code}。`)
  const twice = said('It is there twice.', '出现了两次。')
  const faults: RuleFault[] = []
  const seen = new Set<string>()
  const once = (key: string, pointer: string) => {
    if (seen.has(key)) faults.push({ pointer, detail: twice })
    seen.add(key)
  }
  for (const [at, { code }] of duties.entries()) once(`duty ${code}`, `#/duties/${String(at)}`)
  for (const [at, pair] of pairs.entries()) {
    const pointer = `#/pairs/${String(at)}`
    const { first, second } = inPairOrder(pair)
    once(`pair ${first} ${second}`, pointer)
    if (first === second)
      faults.push({
        pointer,
        detail: said('A duty forbids itself.', '职责与自身互斥。'),
      })
    for (const code of [pair.first, pair.second])
      if (!known.has(code)) faults.push({ pointer, detail: unknown(code) })
  }
  for (const [at, { kind, name, duty }] of carriers.entries()) {
    const pointer = `#/carriers/${String(at)}`
    once(`carrier ${kind} ${name} ${duty}`, pointer)
    if (!known.has(duty)) faults.push({ pointer, detail: unknown(duty) })
  }
  return faults.slice(0, 20)
}
