import type { ControlState } from '@erp-steward/contracts/assessment-events'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Clause } from '@erp-steward/regulation/clause'
import { HEARD_WITHIN_MS, type Control, type Effect, type Texts } from './control.ts'
import { addPeriod } from '@erp-steward/regulation/add-period'

/** The newest fact of a clause, key and effect. */
export interface LatestFact {
  readonly key: string
  readonly effect: Effect
  readonly at: Date
  /** When a breach is past, a proof serves no more, or what is expected is due. */
  readonly endsAt: Date | null
}

/** What a person stated; only the newest observation of a clause counts. */
export interface LatestRecord {
  readonly observedAt: Date
  readonly validUntil: Date
}

/** Why a clause is in its state; a closed list, put into words where it is read. */
export type Reason =
  | { readonly code: 'context' }
  | { readonly code: 'proven' }
  | { readonly code: 'recorded' }
  | { readonly code: 'never-proven' }
  | { readonly code: 'not-built' }
  | { readonly code: 'record-missing' }
  | { readonly code: 'record-expired' }
  | { readonly code: 'open-breaches'; readonly count: number }
  | { readonly code: 'open-risks'; readonly count: number }
  | { readonly code: 'sources-silent'; readonly count: number }
  | { readonly code: 'service-silent'; readonly service: string }
  | { readonly code: 'keys-unproven'; readonly count: number }
  | { readonly code: 'parts-unproven'; readonly parts: readonly Texts[] }
  | { readonly code: 'proof-old' }

/** The state of a clause at an instant, and what it rests on. */
export interface Verdict {
  readonly state: ControlState
  readonly reason: Reason
  /** Since when, as far as the facts tell; `null` where nothing ever happened. */
  readonly since: Date | null
  readonly lastProofAt: Date | null
  /** Last instant at which what proves the clause now still does; `null` where nothing does, or time does not end it. */
  readonly freshUntil: Date | null
}

export interface Evidence {
  readonly clause: Pick<Clause, 'mode'>
  /** `null` where nothing proves the clause yet. */
  readonly control: Control | null
  readonly facts: readonly LatestFact[]
  readonly record: LatestRecord | null
  /** When each service was last heard. */
  readonly heardAt: ReadonlyMap<string, Date>
  /** How old a proof may be, as ISO 8601 durations to be added up; empty where age does not matter. */
  readonly freshFor: readonly string[]
}

/**
 * The state of a clause at `now`: broken before silent before at risk before old before kept.
 *
 * Where the product has nothing that could prove a clause and no person's word either, it is not covered; a clause of mode P
 * is a person's to prove, so there the word is missing. Silence is never kept: neither of a source, nor of a service, nor of a key that was to be proven. An instant that is
 * exactly the limit still counts. Source: architecture of the evidence; ADR 0022.
 */
export function controlState(evidence: Evidence, now: Date): Verdict {
  const { clause, control, record } = evidence
  if (clause.mode === 'C') return verdict('not-applicable', { code: 'context' })
  const recorded = fromRecord(record, now)
  if (control === null) return recorded ?? unrecorded(clause.mode, record)
  const proven = fromFacts(control, evidence, now)
  // A person's word stands in for a missing proof, never against a breach.
  return proven.state === 'stale' && recorded !== null ? recorded : proven
}

/** A key of a clause with its newest facts. */
interface Key {
  readonly key: string
  readonly at: (effect: Effect) => Date | undefined
  readonly endsAt: (effect: Effect) => Date | null
}

/** An open breach: since when, and by which effect of its key. */
export interface OpenBreach {
  readonly key: string
  readonly effect: 'breaks' | 'expects'
  readonly at: Date
}

/** Breaches of a clause that are open at `now`, duties that are past their time among them, by key, oldest first. */
export function openBreaches(facts: readonly LatestFact[], now: Date): readonly OpenBreach[] {
  return breachesOf(liveKeys(facts), now)
}

function breachesOf(keys: readonly Key[], now: Date): readonly OpenBreach[] {
  const broken = open(keys, 'breaks', 'mends', now)
  return [
    ...broken.map((breach) => ({ ...breach, effect: 'breaks' as const })),
    ...overdue(keys, now).map((breach) => ({ ...breach, effect: 'expects' as const })),
  ].sort((a, b) => a.at.getTime() - b.at.getTime())
}

function fromFacts(control: Control, { facts, heardAt, freshFor }: Evidence, now: Date): Verdict {
  const keys = liveKeys(facts)
  // A duty with a time of its own is judged by that time; its proof need not be renewed.
  const lasting = control.scope === 'each' ? keys.filter((key) => dueOf(key) === null) : keys
  const proof = latest(lasting.flatMap((key) => key.at('proves') ?? []))
  const limits = proofLimits(lasting, freshFor)
  const parts = control.requires.map(({ key, what }) => ({
    what,
    limits: proofLimits(
      keys.filter((each) => each.key === key || each.key.startsWith(`${key}/`)),
      freshFor,
    ),
  }))
  const limit = earliest([
    ...(control.scope === 'each' ? bounded(limits) : lastOf(limits)),
    ...parts.flatMap((part) => lastOf(part.limits)),
  ])
  const heardUntil = control.collectors.map((service) => ({
    service,
    at: heardUntilOf(service, heardAt),
  }))
  const freshUntil = earliest([
    ...(limit === undefined ? [] : [limit]),
    ...heardUntil.flatMap(({ at }) => at ?? []),
  ])
  const rest = { lastProofAt: proof ?? null, freshUntil: proof ? (freshUntil ?? null) : null }

  const breaches = breachesOf(keys, now)
  if (breaches[0])
    return {
      state: 'broken',
      reason: { code: 'open-breaches', count: breaches.length },
      since: breaches[0].at,
      ...rest,
    }
  const silent = open(keys, 'silences', 'speaks', now)
  if (silent[0])
    return {
      state: 'stale',
      reason: { code: 'sources-silent', count: silent.length },
      since: silent[0].at,
      ...rest,
    }
  if (!proof) return verdict('stale', { code: 'never-proven' })
  const unheard = heardUntil.find(({ at }) => at === null || at < now)
  if (unheard)
    return {
      state: 'stale',
      reason: { code: 'service-silent', service: unheard.service },
      since: unheard.at,
      ...rest,
    }
  const missing = parts.filter((part) => part.limits.length === 0)
  if (missing.length > 0)
    return {
      state: 'stale',
      reason: { code: 'parts-unproven', parts: missing.map(({ what }) => what) },
      since: null,
      ...rest,
    }
  const unproven = keys.filter(
    (key) => key.at('expects') && dueOf(key) === null && !key.at('proves'),
  )
  if (unproven.length > 0)
    return {
      state: 'stale',
      reason: { code: 'keys-unproven', count: unproven.length },
      since: earliest(unproven.flatMap((key) => key.at('expects') ?? [])) ?? null,
      ...rest,
    }
  if (limit !== undefined && limit < now)
    return { state: 'stale', reason: { code: 'proof-old' }, since: limit, ...rest }
  const risks = open(keys, 'at-risk', 'mends', now)
  if (risks[0])
    return {
      state: 'at-risk',
      reason: { code: 'open-risks', count: risks.length },
      since: risks[0].at,
      ...rest,
    }
  const ended = keys.flatMap((key) => [key.at('mends') ?? [], key.at('speaks') ?? []].flat())
  const since = latest(ended) ?? earliest(keys.flatMap((key) => key.at('proves') ?? []))
  return { state: 'kept', reason: { code: 'proven' }, since: since ?? null, ...rest }
}

/** Until when each proven key serves; `null`: without end. */
function proofLimits(keys: readonly Key[], freshFor: readonly string[]): readonly (Date | null)[] {
  return keys.flatMap((key) => {
    const at = key.at('proves')
    if (at === undefined) return []
    const ends = key.endsAt('proves')
    const limits = [
      ...(freshFor.length === 0 ? [] : [freshFor.reduce(addPeriod, at)]),
      ...(ends === null ? [] : [ends]),
    ]
    return [earliest(limits) ?? null]
  })
}

function bounded(limits: readonly (Date | null)[]): readonly Date[] {
  return limits.flatMap((limit) => limit ?? [])
}

/** The last of the limits, none where one proof serves without end. */
function lastOf(limits: readonly (Date | null)[]): readonly Date[] {
  const last = limits.includes(null) ? undefined : latest(bounded(limits))
  return last === undefined ? [] : [last]
}

/** By when what is expected of a key is due. */
function dueOf(key: Key): Date | null {
  return key.at('expects') === undefined ? null : key.endsAt('expects')
}

/** Keys whose duty is past its time and neither done nor taken back since it was stated. */
function overdue(keys: readonly Key[], now: Date) {
  return keys.flatMap((key) => {
    const stated = key.at('expects')
    const due = dueOf(key)
    if (stated === undefined || due === null || due >= now) return []
    const ended = latest([key.at('proves') ?? [], key.at('mends') ?? []].flat())
    return ended !== undefined && ended >= stated ? [] : [{ key: key.key, at: due }]
  })
}

function fromRecord(record: LatestRecord | null, now: Date): Verdict | null {
  if (record === null || record.observedAt > now || record.validUntil < now) return null
  const { observedAt, validUntil } = record
  return {
    state: 'recorded-by-person',
    reason: { code: 'recorded' },
    since: observedAt,
    lastProofAt: observedAt,
    freshUntil: validUntil,
  }
}

function unrecorded(mode: Clause['mode'], record: LatestRecord | null): Verdict {
  if (record === null)
    return mode === 'P'
      ? verdict('stale', { code: 'record-missing' })
      : verdict('not-covered', { code: 'not-built' })
  return {
    state: 'stale',
    reason: { code: 'record-expired' },
    since: record.validUntil,
    lastProofAt: record.observedAt,
    freshUntil: record.validUntil,
  }
}

/** Keys with what was stated of them since they were last retired, if ever; one that is stated anew counts again. */
function liveKeys(facts: readonly LatestFact[]): readonly Key[] {
  const retirements = new Map(
    facts.flatMap(({ key, effect, at }) => (effect === 'retires' ? [[key, at] as const] : [])),
  )
  return [...Map.groupBy(facts, ({ key }) => key)].flatMap(([key, rows]) => {
    const retired = latest([key, ...key.split('/')].flatMap((part) => retirements.get(part) ?? []))
    const live = rows.filter(({ at }) => retired === undefined || at > retired)
    if (live.length === 0) return []
    const byEffect = new Map(live.map((row) => [row.effect, row]))
    return [
      {
        key,
        at: (effect: Effect) => byEffect.get(effect)?.at,
        endsAt: (effect: Effect) => byEffect.get(effect)?.endsAt ?? null,
      },
    ]
  })
}

/**
 * Keys with a `bad` fact that no `good` one of the same instant or later ended. What is noticed and done in one act has
 * one instant: the ticket taken late, whose clock was found to have run out by taking it.
 */
function open(keys: readonly Key[], bad: Effect, good: Effect, now: Date) {
  return keys
    .flatMap((key) => {
      const at = key.at(bad)
      const ended = key.at(good)
      const past = key.endsAt(bad)
      if (at === undefined || (ended !== undefined && ended >= at)) return []
      return past !== null && past < now ? [] : [{ key: key.key, at }]
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime())
}

function heardUntilOf(service: ServiceName, heardAt: ReadonlyMap<string, Date>): Date | null {
  const at = heardAt.get(service)
  return at === undefined ? null : new Date(at.getTime() + HEARD_WITHIN_MS)
}

function verdict(state: ControlState, reason: Reason): Verdict {
  return { state, reason, since: null, lastProofAt: null, freshUntil: null }
}

function latest(dates: readonly Date[]): Date | undefined {
  return dates.reduce<Date | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined)
}

function earliest(dates: readonly Date[]): Date | undefined {
  return dates.reduce<Date | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined)
}
