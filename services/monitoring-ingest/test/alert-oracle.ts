import { breachOf, type AlertLevel, type AlertRule } from '../src/alerts/rules/alert-machine.ts'

/** A transition as both sides tell it. */
export interface Told {
  readonly kind: 'pending' | 'firing' | 'cleared' | 'resolved'
  readonly level: AlertLevel | null
  readonly atMs: number | null
}

/**
 * What should have been told, found from the whole history each time: no state is carried from sample to sample but
 * what was told before. Slow and plain on purpose.
 */
export class AlertOracle {
  readonly told: Told[] = []
  readonly #accepted: { atMs: number; value: number }[] = []

  observe(rule: AlertRule, atMs: number, value: number): void {
    const newest = this.#accepted.at(-1)
    if (Number.isNaN(value) || (newest !== undefined && atMs <= newest.atMs)) return
    this.#accepted.push({ atMs, value })
    const compared = this.#compared(rule, this.#accepted.length - 1)
    if (compared === null) return
    const breach = breachOf(rule, compared)
    const open = this.#open()
    if (breach === null) {
      if (open === 'pending') this.told.push({ kind: 'cleared', level: this.#level(), atMs })
      const recover = rule.recoverLevel ?? rule.warning ?? rule.critical ?? 0
      const past = rule.comparison === 'above' ? compared < recover : compared > recover
      if (open === 'firing' && past)
        this.told.push({ kind: 'resolved', level: this.#level(), atMs })
      return
    }
    const lasting = (wanted: (level: AlertLevel | null) => boolean) =>
      this.#since(rule, wanted) <= atMs - rule.forMs
    const critical = lasting((level) => level === 'critical')
    if (open === 'firing') {
      if (critical && this.#level() !== 'critical')
        this.told.push({ kind: 'firing', level: 'critical', atMs })
    } else if (lasting((level) => level !== null))
      this.told.push({ kind: 'firing', level: critical ? 'critical' : 'warning', atMs })
    else if (open === null) this.told.push({ kind: 'pending', level: breach, atMs })
  }

  /** The rise per second looks at the sample before. */
  #compared(rule: AlertRule, index: number): number | null {
    const sample = this.#accepted[index]
    if (sample === undefined) return null
    if (rule.transform === 'value') return sample.value
    const before = this.#accepted[index - 1]
    if (before === undefined || !Number.isFinite(before.value) || !Number.isFinite(sample.value))
      return null
    const rise = sample.value < before.value ? sample.value : sample.value - before.value
    return rise / ((sample.atMs - before.atMs) / 1_000)
  }

  /** Since when every compared value up to the newest is as wanted; beyond all time when the newest is not. */
  #since(rule: AlertRule, wanted: (level: AlertLevel | null) => boolean): number {
    let since = Infinity
    for (let index = this.#accepted.length - 1; index >= 0; index -= 1) {
      const compared = this.#compared(rule, index)
      if (compared === null) continue
      if (!wanted(breachOf(rule, compared))) break
      since = this.#accepted[index]?.atMs ?? since
    }
    return since
  }

  #open(): 'pending' | 'firing' | null {
    const kind = this.told.at(-1)?.kind
    return kind === 'pending' || kind === 'firing' ? kind : null
  }

  #level(): AlertLevel | null {
    return this.told.at(-1)?.level ?? null
  }
}
