import type { Envelope } from '@erp-steward/contracts/event'
import { durationMs } from '@erp-steward/regulation/duration'
import { nextMonth } from '../../months/rules/month.ts'
import type { Control, Effect, Scalar, Touch } from './control.ts'

/** What one fact says of one clause and key. */
export interface ControlFact {
  readonly clauseId: string
  readonly key: string
  readonly effect: Effect
  /** When it was so: the time of the event, by which facts are put in order. */
  readonly at: Date
  /** When a breach or risk that nothing undoes is past, a proof serves no more, or what is expected is due. */
  readonly endsAt: Date | null
  readonly service: string
  readonly unitId: string | null
  readonly eventId: string
  readonly eventType: string
  readonly subject: string
  readonly receivedAt: Date
}

/** What an event says of the clauses of the register, one row per clause, key and effect. */
export function touchedBy(
  register: readonly Control[],
  event: Envelope,
  receivedAt: Date,
): readonly ControlFact[] {
  const facts = new Map<string, ControlFact>()
  for (const { clauseId, touches } of register)
    for (const touch of touches) {
      if (touch.event !== event.type || !isMeant(touch, event.data)) continue
      const { effect } = touch
      const at = instantOf(touch, event)
      const key = keyOf(touch.key, event.data)
      facts.set(`${clauseId} ${effect} ${key}`, {
        clauseId,
        key,
        effect,
        at,
        endsAt: endOf(touch, at, event.data),
        service: event.source.replace(/^\//, ''),
        unitId: textAt(event.data, 'unitId'),
        eventId: event.id,
        eventType: event.type,
        subject: event.subject,
        receivedAt,
      })
    }
  return [...facts.values()]
}

/** When it was so; what is counted by month is no younger than the end of its month. */
function instantOf({ month }: Touch, { time, data }: Envelope): Date {
  const at = new Date(time)
  const text = month === null ? null : textAt(data, month)
  if (text === null) return at
  // In UTC, as the months of a duration are counted.
  const end = new Date(`${nextMonth(text)}-01T00:00:00Z`)
  return end < at ? end : at
}

function endOf({ effect, lasts, due }: Touch, at: Date, data: unknown): Date | null {
  const after = (duration: string) => new Date(at.getTime() + durationMs(duration))
  if (effect !== 'expects') return lasts === null ? null : after(lasts)
  if (due === null) return null
  if (due.startsWith('P')) return after(due)
  const text = textAt(data, due)
  return text === null ? null : new Date(text)
}

/** Of each clause, key and effect the fact that stays: the newest, of equals the one with the higher id. */
export function newestFacts(facts: readonly ControlFact[]): ControlFact[] {
  const kept = new Map<string, ControlFact>()
  for (const fact of facts) {
    const place = `${fact.clauseId} ${fact.effect} ${fact.key}`
    const held = kept.get(place)
    if (held === undefined || isNewer(fact, held)) kept.set(place, fact)
  }
  return [...kept.values()]
}

function isNewer(fact: ControlFact, held: ControlFact): boolean {
  return fact.at.getTime() === held.at.getTime() ? fact.eventId > held.eventId : fact.at > held.at
}

/** The members of the payload that a key names. */
export function membersOf(key: string): readonly string[] {
  return [...key.matchAll(/\{(\w+)\}/g)].map(([, member = '']) => member)
}

function keyOf(template: string, data: unknown): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, member: string) => {
    const value = valueAt(data, member)
    // A member that is `null` is part of the key: the whole company, an IT key user without a module.
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
  })
}

function isMeant({ when }: Touch, data: unknown): boolean {
  return Object.entries(when).every(([path, allowed]) => {
    const negated = path.startsWith('!')
    const value = valueAt(data, negated ? path.slice(1) : path)
    return allowed.includes(value as Scalar) !== negated
  })
}

function valueAt(data: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, member) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, member)
          ? (value as Record<string, unknown>)[member]
          : undefined,
      data,
    )
}

function textAt(data: unknown, member: string): string | null {
  const value = valueAt(data, member)
  return typeof value === 'string' ? value : null
}
