import { isBilingual, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { FastifyRequest } from 'fastify'

export type Language = 'en' | 'zh-CN'

/** The language to answer in, from `Accept-Language`: Chinese if it ranks before English, else English. */
export function languageOf({ headers }: Pick<FastifyRequest, 'headers'>): Language {
  const ranked = (headers['accept-language'] ?? '')
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';')
      const quality = parameters.find((parameter) => parameter.trim().startsWith('q='))
      return { tag, quality: quality === undefined ? 1 : Number(quality.split('=')[1]) }
    })
    .filter(({ tag, quality }) => quality > 0 && (tag.startsWith('zh') || tag.startsWith('en')))
    .sort((a, b) => b.quality - a.quality)
  return ranked[0]?.tag.startsWith('zh') === true ? 'zh-CN' : 'en'
}

/** A value as it is when each text in it is in one language. */
export type Told<Value> = Value extends Bilingual
  ? string
  : Value extends Date
    ? Value
    : Value extends object
      ? { [Name in keyof Value]: Told<Value[Name]> }
      : Value

/** A value with each text in it in the language asked for. */
export function inLanguage<Value>(value: Value, language: Language): Told<Value>
export function inLanguage(value: unknown, language: Language): unknown {
  if (isBilingual(value)) return value[language]
  if (Array.isArray(value)) return value.map((item: unknown) => inLanguage(item, language))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const members = Object.entries(value).map(([name, member]) => [
    name,
    inLanguage<unknown>(member, language),
  ])
  return Object.fromEntries(members) as unknown
}
