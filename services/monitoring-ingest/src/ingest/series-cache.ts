import type { ActiveThreshold } from '../thresholds/active-thresholds.ts'

/** A series that has its row. */
export interface KnownSeries {
  /** `bigint`, as text. */
  readonly id: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  /** The thresholds that watch it, at one revision of them. */
  watch: { readonly revision: string; readonly thresholds: readonly ActiveThreshold[] } | null
}

/** What a series takes beside its labels, in bytes: map entries and objects, roughly. */
const OVERHEAD_BYTES = 300

/** The labels are kept twice: as sent, in the key, and read. */
const bytesOf = (key: string) => OVERHEAD_BYTES + 2 * key.length

/**
 * Series by source and raw label bytes, so that a known series costs one look-up. Bounded in bytes, for labels may be
 * 40 kB long: the oldest makes room.
 *
 * Only what is committed may be put in; a row rolled back would be remembered for ever.
 */
export class SeriesCache {
  readonly #bySource = new Map<string, Map<string, KnownSeries>>()
  readonly #capacityBytes: number
  #bytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
  }

  of(sourceId: string): ReadonlyMap<string, KnownSeries> {
    return this.#ofSource(sourceId)
  }

  put(sourceId: string, key: string, series: KnownSeries): void {
    const known = this.#ofSource(sourceId)
    if (!known.has(key)) this.#bytes += bytesOf(key)
    known.set(key, series)
    while (this.#bytes > this.#capacityBytes) this.#dropOne()
  }

  #ofSource(sourceId: string): Map<string, KnownSeries> {
    let known = this.#bySource.get(sourceId)
    if (known === undefined) {
      known = new Map()
      this.#bySource.set(sourceId, known)
    }
    return known
  }

  /** Takes from the largest source, so that an explosion of one does not push out the others. */
  #dropOne(): void {
    let largest: Map<string, KnownSeries> | undefined
    for (const known of this.#bySource.values())
      if (largest === undefined || known.size > largest.size) largest = known
    const oldest = largest?.keys().next().value
    if (largest === undefined || oldest === undefined) return
    largest.delete(oldest)
    this.#bytes -= bytesOf(oldest)
  }
}
