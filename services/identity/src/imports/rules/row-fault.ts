import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { TLocalizedValidationError } from 'typebox/error'

/** The first few things that are wrong with a row, by column. */
export function rowFault(errors: readonly TLocalizedValidationError[]): Bilingual {
  const told = errors.slice(0, 3)
  return said(
    told.map((error) => `${columnOf(error) || 'row'} ${error.message}`).join('; '),
    told.flatMap((error) => chineseOf(error)).join('；'),
  )
}

const columnOf = ({ instancePath }: TLocalizedValidationError) => instancePath.slice(1)

/** Without what only says that a column which may be empty is not empty either. */
function chineseOf(error: TLocalizedValidationError): string[] {
  const column = columnOf(error)
  const about = (words: string) => [column === '' ? `该行${words}` : `${column} ${words}`]
  switch (error.keyword) {
    case 'anyOf':
    case 'additionalProperties':
      return []
    case 'boolean':
      return about('不是已知的列')
    case 'required':
      return about(`缺少 ${error.params.requiredProperties.join('、')}`)
    case 'type': {
      const { type } = error.params
      if (type === 'null') return []
      return about(type === 'object' ? '必须是 JSON 对象' : '必须是文本')
    }
    case 'format':
      return about(FORMATS[error.params.format] ?? `必须符合格式 ${error.params.format}`)
    case 'pattern':
      return about(`必须符合格式 ${String(error.params.pattern)}`)
    case 'minLength':
      return about(`至少 ${String(error.params.limit)} 个字符`)
    case 'maxLength':
      return about(`最多 ${String(error.params.limit)} 个字符`)
    default:
      return about(`无效（${error.message}）`)
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '必须是日期，例如 2026-11-30',
  email: '必须是邮件地址',
}
