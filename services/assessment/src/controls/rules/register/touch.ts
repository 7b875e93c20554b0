import type { EventDefinition } from '@erp-steward/contracts/event'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Control, Effect, FreshFor, Scalar, Texts, Touch } from '../control.ts'

type Condition = Partial<Pick<Touch, 'when' | 'lasts' | 'due' | 'why' | 'month'>>

const touch =
  (effect: Effect) =>
  (
    { type }: EventDefinition,
    key = '',
    { when = {}, lasts = null, due = null, why = null, month = null }: Condition = {},
  ) =>
    ({ event: type, effect, key, when, lasts, due, why, month }) satisfies Touch

/** How events touch a clause, by effect: `proves(BackupRunSucceeded, '{targetId}')`. */
export const expects = touch('expects')
export const proves = touch('proves')
export const breaks = touch('breaks')
export const mends = touch('mends')
export const endangers = touch('at-risk')
export const silences = touch('silences')
export const speaks = touch('speaks')
export const retires = touch('retires')

/**
 * A condition that events of one type state again and again: it proves and mends where the member has one of the values,
 * and breaks where it has none. With `lasts` the last word serves for that long, so that silence is never "kept".
 */
export const states = (
  event: EventDefinition,
  key: string,
  member: string,
  values: readonly Scalar[],
  { lasts = null, why = null }: Pick<Condition, 'lasts' | 'why'> = {},
): readonly Touch[] => {
  const when = { [member]: values }
  return [
    proves(event, key, { when, lasts, why }),
    mends(event, key, { when, why }),
    breaks(event, key, { when: { [`!${member}`]: values }, why }),
  ]
}

interface Words {
  readonly zh: string
  readonly en: string
}

interface Row {
  /** What must be true now for the clause to be kept. */
  readonly demand: Words
  /** The facts that show it. */
  readonly proof: Words
  /** What must turn it. */
  readonly counterExample: Words
  /** Services whose facts decide. */
  readonly from: readonly ServiceName[]
  readonly fresh?: FreshFor
  readonly scope?: Control['scope']
  /** Proofs that are needed each, by the first parts of their key. */
  readonly requires?: Readonly<Record<string, Words>>
  readonly touches: readonly Touch[]
}

const texts = ({ zh, en }: Words): Texts => ({ 'zh-CN': zh, en })

/** A row of the register. */
export const control = (
  clauseId: string,
  { fresh = null, scope = 'any', requires = {}, from, touches, ...words }: Row,
): Control => ({
  clauseId,
  demand: texts(words.demand),
  proof: texts(words.proof),
  counterExample: texts(words.counterExample),
  scope,
  requires: Object.entries(requires).map(([key, what]) => ({ key, what: texts(what) })),
  freshFor: fresh,
  collectors: from,
  touches,
})

/** What cannot be undone stays a breach for a month, as long as the score that counts it. Own choice. */
export const PAST = 'P30D'

export const IDENTITY = ['identity'] as const
export const INCIDENT = ['incident-tiering'] as const
export const MONITORING = ['monitoring-ingest'] as const
export const BACKUP = ['backup-orchestration'] as const
export const ASSESSMENT = ['assessment'] as const

export const within = { when: { withinTarget: [true] } }
export const GONE = 'What no longer exists owes nothing.'
