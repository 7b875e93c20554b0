import type { ControlState } from '@erp-steward/contracts/assessment-events'
import type { EventDefinition } from '@erp-steward/contracts/event'
import { parameterByKey, type ParameterKey } from '@erp-steward/regulation/parameters'
import type { Static } from 'typebox'
import { controlState } from '../../src/controls/rules/control-state.ts'
import { register } from '../../src/controls/rules/register/all.ts'
import { newestFacts, touchedBy } from '../../src/controls/rules/touched-by.ts'

/** A Monday noon in UTC: the instant at which states are read unless a test says otherwise. */
export const NOON = new Date('2026-03-09T12:00:00.000Z')
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** An instant relative to NOON, in milliseconds. */
export const noon = (ms = 0) => new Date(NOON.getTime() + ms)

/** An event of a play: what was said, and when. */
export interface Said {
  readonly definition: EventDefinition
  readonly data: object
  readonly at: Date
}

/**
 * An event as the register sees it, an hour before NOON unless said otherwise. Only members that the register reads need
 * be given: keys, conditions and instants.
 */
export const said = <Definition extends EventDefinition>(
  definition: Definition,
  data: Partial<Static<Definition['payload']>> = {},
  ms = -HOUR,
): Said => ({ definition, data, at: noon(ms) })

/**
 * The state of a clause after the events were said, in any order, with every service heard and parameters as shipped.
 *
 * `kept` must be the answer where everything it demands is true, and never where the counter-example was said.
 */
export function stateAfter(clauseId: string, events: readonly Said[], ms = 0): ControlState {
  const control = register.find((each) => each.clauseId === clauseId)
  if (control === undefined) throw new Error(`${clauseId} has no control`)
  const facts = events.flatMap(({ definition, data, at }, place) =>
    touchedBy(
      [control],
      {
        specversion: '1.0',
        id: `00000000-0000-4000-8000-${String(place).padStart(12, '0')}`,
        source: `/${control.collectors[0] ?? ''}`,
        type: definition.type,
        subject: 'subject',
        time: at.toISOString(),
        datacontenttype: 'application/json',
        actor: 'service:test',
        actingrole: 'SERVICE',
        clauseids: '',
        requestid: '00000000-0000-4000-8000-000000000000',
        traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
        data,
      },
      at,
    ),
  )
  const now = noon(ms)
  const evidence = {
    clause: { mode: 'E' as const },
    control,
    facts: newestFacts(facts),
    record: null,
    heardAt: new Map<string, Date>(control.collectors.map((service) => [service, now])),
    freshFor: freshnessOf(control.freshFor),
  }
  return controlState(evidence, now).state
}

function freshnessOf(
  freshFor:
    | { readonly parameter: ParameterKey; readonly plus: string }
    | { readonly duration: string }
    | null,
): readonly string[] {
  if (freshFor === null) return []
  if ('duration' in freshFor) return [freshFor.duration]
  const shipped = parameterByKey(freshFor.parameter).default
  if (typeof shipped !== 'string') throw new RangeError(`${freshFor.parameter} is no duration`)
  return [shipped, freshFor.plus]
}
