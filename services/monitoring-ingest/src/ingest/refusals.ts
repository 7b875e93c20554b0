import type { LabelFault } from './rules/label-set.ts'

export type RefusalReason =
  LabelFault | 'too-old' | 'in-the-future' | 'series-limit' | 'native-histogram'

/** Refused samples named in an answer. */
const NAMED = 10

/** What of a request was refused and why: counted in full, the first few named. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>()
  readonly named: string[] = []

  add(reason: RefusalReason, series: string, count: number): void {
    if (count === 0) return
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + count)
    if (this.named.length < NAMED) this.named.push(`${reason}: ${series}`)
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** `2 too-old, 1 series-limit`. */
  get summary(): string {
    return [...this.counts].map(([reason, count]) => `${String(count)} ${reason}`).join(', ')
  }
}
