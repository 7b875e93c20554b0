import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { LabelFault } from './rules/label-set.ts'

export type RefusalReason =
  LabelFault | 'too-old' | 'in-the-future' | 'series-limit' | 'native-histogram'

const IN_CHINESE: Readonly<Record<RefusalReason, string>> = {
  'metric-name-missing': '缺少指标名称',
  'label-name-invalid': '标签名无效',
  'label-repeated': '标签重复',
  'label-value-invalid': '标签值无效',
  'label-value-too-long': '标签值过长',
  'too-many-labels': '标签过多',
  'too-old': '样本过旧',
  'in-the-future': '时间在将来',
  'series-limit': '序列数达到上限',
  'native-histogram': '不接收原生直方图',
}

/** Refused samples named in an answer. */
const NAMED = 10

/** What of a request was refused and why: counted in full, the first few named. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>()
  readonly named: Bilingual[] = []

  /** `series`: the name of the metric, null where it has none; `atMs`: of one sample. */
  add(reason: RefusalReason, series: string | null, count: number, atMs?: number): void {
    if (count === 0) return
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + count)
    if (this.named.length >= NAMED) return
    const [at, when] = atMs === undefined ? ['', ''] : [` at ${atMs}`, `，时间戳 ${atMs}`]
    this.named.push(
      said(
        `${reason}: ${series ?? 'a series'}${at}`,
        `${IN_CHINESE[reason]}：${series ?? '无名序列'}${when}`,
      ),
    )
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** `2 too-old, 1 series-limit`. */
  get summary(): Bilingual {
    const counts = [...this.counts]
    return said(
      counts.map(([reason, count]) => `${String(count)} ${reason}`).join(', '),
      counts.map(([reason, count]) => `${IN_CHINESE[reason]} ${String(count)} 个`).join('，'),
    )
  }
}
