import type { ServiceName } from '@erp-steward/contracts/services'
import type { ParameterKey } from '@erp-steward/regulation/parameters'

/**
 * What a fact does to a clause:
 *
 * - `expects`: there is something now that must be proven, a registered target for example;
 * - `proves`: the duty was done, or the software did what the clause asks of it;
 * - `breaks`, `at-risk`: it was not, or may not be; ended by `mends` of the same key, or after `lasts`;
 * - `silences`, `speaks`: the collector of the key fell silent, is heard again;
 * - `retires`: the key is gone, and with it each key that has it as a part between slashes; they count no longer.
 */
export const effects = [
  'expects',
  'proves',
  'breaks',
  'mends',
  'at-risk',
  'silences',
  'speaks',
  'retires',
] as const
export type Effect = (typeof effects)[number]

/** A value of a payload that decides whether a rule is meant. */
export type Scalar = string | boolean | null

/** One way in which events of a type touch a clause. */
export interface Touch {
  readonly event: string
  readonly effect: Effect
  /** What the fact is about, `{targetId}` or `{ticketId}/restore`; `''` is the clause as a whole. */
  readonly key: string
  /** Members of the payload by path, `leave.withinTarget`, with the values of which one is met; `!` before: none is. */
  readonly when: Readonly<Record<string, readonly Scalar[]>>
  /** ISO 8601 duration after which a breach or risk that nothing can undo is past; `null`: until it is mended. */
  readonly lasts: string | null
  /** Why the event counts although it does not list the clause; `null` where it lists it. */
  readonly why: string | null
  /** Member with the month that a proof is about: it is as old as the end of that month, however late it was made. */
  readonly month: string | null
}

/**
 * How old the last proof may be; `null` where only a need makes a proof (no leaver this month is not a fault), so that
 * the age of the proof says nothing and hearing the services that would state it says all.
 */
export type FreshFor =
  | { readonly parameter: ParameterKey; readonly plus: string; readonly reason: string }
  | { readonly duration: string; readonly reason: string }
  | null

/** A clause, what proves it and for how long. */
export interface Control {
  readonly clauseId: string
  /** One sentence on what is looked at. */
  readonly looksAt: { readonly 'zh-CN': string; readonly en: string }
  /** `each`: every key that is expected or was proven must stay proven; `any`: one proof serves the clause. */
  readonly scope: 'each' | 'any'
  readonly freshFor: FreshFor
  /** Services whose facts decide; one that has not been heard for `HEARD_WITHIN_MS` makes the clause stale. */
  readonly collectors: readonly ServiceName[]
  readonly touches: readonly Touch[]
}

/**
 * How long a service may be unheard, in milliseconds: it says every hour that it runs, and may miss that twice.
 */
export const HEARD_WITHIN_MS = 3 * 3_600_000
