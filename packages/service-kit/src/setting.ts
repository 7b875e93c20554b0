import { settingForms } from './setting-forms.ts'

/** What the schema of a setting says of it. */
export interface Setting {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly description?: string
  readonly default?: string | number | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  /** It holds a secret, or may hold one, as a URL with a password does: its value is never shown. */
  readonly writeOnly?: boolean
}

/**
 * What a setting may be, in words; `text` where only its description says more.
 *
 * @param mark how each of some fixed words is written, for a page that sets them apart
 */
export function rangeOf(
  { type, enum: words, format, minimum, maximum, minLength }: Setting,
  mark: (word: string) => string = (word) => word,
): string {
  if (words !== undefined) return words.map((word) => mark(String(word))).join(' ')
  if (minimum !== undefined && maximum !== undefined)
    return `${type === 'integer' ? 'whole number ' : ''}${minimum} to ${maximum}`
  const form = format === undefined ? undefined : settingForms[format]
  if (form !== undefined) return form.words
  return minLength === undefined ? 'text' : `text of at least ${minLength} characters`
}

/** Longest value that a fault repeats, in characters. */
const SHOWN = 80

/** Why a value is refused: the value, unless it may be a secret, and what it may be. */
export function refusalOf(name: string, setting: Setting, value: string): string {
  const cut = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value
  const shown = setting.writeOnly === true ? 'something else (not shown)' : JSON.stringify(cut)
  const range = rangeOf(setting)
  const words = setting.enum === undefined ? range.replace(/^whole/, 'a whole') : `one of ${range}`
  return `${name} is ${shown}, and must be ${words}: ${describe(setting)}`
}

/** Why a setting that has no default is asked for. */
export function lackOf(name: string, setting: Setting): string {
  return `${name} is missing: ${describe(setting)}`
}

function describe({ description }: Setting): string {
  return description ?? 'see the service README'
}
