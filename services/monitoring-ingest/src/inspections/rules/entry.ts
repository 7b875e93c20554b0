import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { breachOf, type AlertLevel } from '../../alerts/rules/alert-machine.ts'
import type { ResolvedLimits } from './judge.ts'

/** Unit of a number; `up` is 1 for running and 0 for not. */
export type Unit = 'percent' | 'hours' | 'minutes' | 'seconds' | 'milliseconds' | 'count' | 'up'

/** One answer of a choice, and how grave it is; `null` is a good one. */
export interface Option {
  readonly value: string
  readonly title: Bilingual
  readonly level: AlertLevel | null
}

/** What a person may enter for an item. */
export type Entry =
  | { readonly type: 'number'; readonly unit: Unit }
  | { readonly type: 'choice'; readonly options: readonly Option[] }
  | { readonly type: 'text' }

const NUMBER = /^\d{1,12}(\.\d{1,6})?$/

/** What is wrong with an entered value, as a sentence; `null` when it fits. */
export function entryFault(entry: Entry, value: string): Bilingual | null {
  switch (entry.type) {
    case 'number': {
      if (!NUMBER.test(value))
        return said(
          `Enter a number (${entry.unit}), without its unit.`,
          `请填写数字（${entry.unit}），不含单位。`,
        )
      if (entry.unit === 'percent' && Number(value) > 100)
        return said('A share is at most 100 percent.', '比例最多为 100%。')
      return entry.unit === 'up' && value !== '0' && value !== '1'
        ? said('Enter 1 or 0.', '请填写 1 或 0。')
        : null
    }
    case 'choice':
      return entry.options.some((option) => option.value === value)
        ? null
        : said(
            `Choose one of ${entry.options.map((option) => option.value).join(', ')}.`,
            `请选择以下之一：${entry.options.map((option) => option.value).join('、')}。`,
          )
    case 'text':
      return saysSomething(value)
        ? null
        : said('Say in words what was seen.', '请用文字说明所见情况。')
  }
}

/** How grave an entered value is; `null` when it is good, or when only a person can tell. */
export function entryLevel(
  entry: Entry,
  value: string,
  limits: ResolvedLimits | null,
): AlertLevel | null {
  if (entry.type === 'choice')
    return entry.options.find((option) => option.value === value)?.level ?? null
  return entry.type === 'number' && limits !== null ? breachOf(limits, Number(value)) : null
}

/** Whether the value itself tells good from bad, so that nobody need give a verdict. */
export function judgesItself(entry: Entry, limits: ResolvedLimits | null): boolean {
  if (entry.type === 'choice') return true
  return (
    entry.type === 'number' &&
    limits !== null &&
    (limits.warning !== null || limits.critical !== null)
  )
}

/** Whether a text is more than a dot or a key held down: a Chinese character, or two different letters or digits. */
export function saysSomething(text: string): boolean {
  if (/\p{Script=Han}/u.test(text)) return true
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? []).size > 1
}

/** Whether a measured value can be one of the item: a share of 300 percent, or a negative time, says nothing. */
export function isPlausible(entry: Entry, value: number): boolean {
  if (entry.type !== 'number') return false
  return value >= 0 && (entry.unit !== 'percent' || value <= 100)
}
