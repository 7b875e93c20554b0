import type { Bilingual } from '@erp-steward/contracts/bilingual'
import { nullable } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { Language } from './language.ts'

/**
 * A text as a row in JSON keeps it: in both languages where the product said it, as it is where a person wrote it, or where
 * it was kept before both languages were. `inLanguage` makes it what a caller reads.
 */
export const StoredText = Type.Unsafe<string | Bilingual>({})
export type StoredText = string | Bilingual

/** Member of a row, beside `text`: the same in Chinese; null where a person wrote it, or where none was kept. */
export const InChinese = nullable(Type.String())

/** The two columns of a text. */
export const textColumns = (text: StoredText) =>
  typeof text === 'string'
    ? { text, textInChinese: null }
    : { text: text.en, textInChinese: text['zh-CN'] }

/** A row with its text in the language asked for. */
export const withTextIn = <Row extends { text: string; textInChinese: string | null }>(
  row: Row,
  language: Language,
): Row => (language === 'zh-CN' ? { ...row, text: row.textInChinese ?? row.text } : row)
