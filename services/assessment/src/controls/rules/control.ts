import type { ServiceName } from '@erp-steward/contracts/services'
import type { ParameterKey } from '@erp-steward/regulation/parameters'

/**
 * What a fact does to a clause:
 *
 * - `expects`: there is something now that must be proven, a registered target for example; with `due`, proven by then:
 *   past its time it is a breach until a proof or a mend of the same key that is not older. The key is of that one duty
 *   (a task, a round): stated anew under the same key it would get a new time. Mends are read once and forgotten, so
 *   duties that are many end by `mends`, beside a proof of the clause as a whole;
 * - `proves`: the duty was done, or the software did what the clause asks of it; with `lasts`, for that long only;
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
export type Scalar = string | number | boolean | null

/** A sentence in both languages. */
export interface Texts {
  readonly 'zh-CN': string
  readonly en: string
}

/** One way in which events of a type touch a clause. */
export interface Touch {
  readonly event: string
  readonly effect: Effect
  /** What the fact is about, `{targetId}` or `{ticketId}/restore`; `''` is the clause as a whole. */
  readonly key: string
  /** Members of the payload by path, `leave.withinTarget`, with the values of which one is met; `!` before: none is. */
  readonly when: Readonly<Record<string, readonly Scalar[]>>
  /**
   * ISO 8601 duration after which a breach or risk that nothing can undo is past, or a proof serves no more; `null`:
   * until it is mended, or as long as `freshFor` of the control.
   */
  readonly lasts: string | null
  /** Of what is expected: the member with the instant by which, or an ISO 8601 duration from now; `null`: from now on. */
  readonly due: string | null
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

/** One of the proofs without which a clause is not kept. */
export interface Requirement {
  /** The key of the proof, or its first parts between slashes: `delivery` is met by `delivery/{ticketId}`. */
  readonly key: string
  readonly what: Texts
}

/** A clause, what it demands, what proves it and for how long. */
export interface Control {
  readonly clauseId: string
  /** What must be true now for the clause to be kept. */
  readonly demand: Texts
  /** The facts that show it. */
  readonly proof: Texts
  /** What must turn it. */
  readonly counterExample: Texts
  /** `each`: every key that is expected or was proven must stay proven; `any`: one proof serves the clause. */
  readonly scope: 'each' | 'any'
  /** Proofs that are needed whatever was expected, each of them fresh; empty where one proof of any key serves. */
  readonly requires: readonly Requirement[]
  readonly freshFor: FreshFor
  /** Services whose facts decide; one that has not been heard for `HEARD_WITHIN_MS` makes the clause stale. */
  readonly collectors: readonly ServiceName[]
  readonly touches: readonly Touch[]
}

/**
 * How long a service may be unheard, in milliseconds: it says every hour that it runs, and may miss that twice.
 */
export const HEARD_WITHIN_MS = 3 * 3_600_000
