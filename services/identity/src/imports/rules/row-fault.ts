import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { TLocalizedValidationError } from 'typebox/error'

/** Most faults of one row that are told. */
const MOST_TOLD = 3

/** The first few things that are wrong with a row, by column, in the words of a list and not of the validator. */
export function rowFault(errors: readonly TLocalizedValidationError[], row: unknown): Bilingual {
  const told = errors.flatMap((error) => wordsOf(error, row)).slice(0, MOST_TOLD)
  return said(told.map(({ en }) => en).join('; '), told.map((words) => words['zh-CN']).join('；'))
}

/** Nothing for what only says that a column which may be empty is not empty either. */
function wordsOf(error: TLocalizedValidationError, row: unknown): Bilingual[] {
  const column = error.instancePath.slice(1)
  const about = (en: string, zh: string) => [
    column === '' ? said(`the row ${en}`, `该行${zh}`) : said(`${column} ${en}`, `${column} ${zh}`),
  ]
  switch (error.keyword) {
    case 'anyOf':
    case 'additionalProperties':
      return []
    case 'boolean':
      return about('is no known column', '不是已知的列')
    case 'required': {
      const lacking = error.params.requiredProperties
      return about(`lacks ${lacking.join(', ')}`, `缺少 ${lacking.join('、')}`)
    }
    case 'type': {
      const { type } = error.params
      if (type === 'null') return []
      if (type === 'object') return about('must be a JSON object', '必须是 JSON 对象')
      const isEmpty = (row as Readonly<Record<string, unknown>>)[column] === null
      return isEmpty ? about('is empty', '不能为空') : about('must be a text', '必须是文本')
    }
    case 'format': {
      const { format } = error.params
      const { en, 'zh-CN': zh } =
        FORMATS[format] ?? said(`of the format ${format}`, ` ${format} 格式`)
      return about(`must be ${en}`, `必须是${zh}`)
    }
    case 'pattern': {
      const pattern = String(error.params.pattern)
      return about(`must fit the pattern ${pattern}`, `必须符合格式 ${pattern}`)
    }
    case 'minLength': {
      const least = String(error.params.limit)
      return about(`must have at least ${least} characters`, `至少 ${least} 个字符`)
    }
    case 'maxLength': {
      const most = String(error.params.limit)
      return about(`must have at most ${most} characters`, `最多 ${most} 个字符`)
    }
    default:
      return about(error.message, `无效（${error.message}）`)
  }
}

const FORMATS: Readonly<Record<string, Bilingual>> = {
  date: said('a date such as 2026-11-30', '日期，例如 2026-11-30'),
  email: said('a mail address', '邮件地址'),
}
