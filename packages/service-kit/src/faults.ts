import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { ProblemFault } from '@erp-steward/contracts/problems/problem-members'
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import type { Language } from './language.ts'

/** Most faults that an answer lists; who sends more mends these first. */
const MOST_FAULTS = 20
/** Values in a request up to which all its faults are looked for; each could be a fault, and a fault costs memory. */
const MOST_VALUES = 5_000
/** Longest value in characters that a fault repeats. */
const LONGEST_SHOWN = 60

/**
 * A check that stops at the first fault where all is well or much is sent, and names every fault of a small request.
 * It is compiled for the first request: compiling those of every operation would be half of a start.
 *
 * `Fastify` reads the faults from the function itself.
 */
export function checkOf(quick: Ajv, thorough: Ajv, schema: object): FaultCheck {
  let isValid: ValidateFunction | null = null
  let findAll: ValidateFunction | null = null
  const check: FaultCheck = (data) => {
    isValid ??= quick.compile(schema)
    if (isValid(data)) return true
    check.errors = isValid.errors ?? null
    if (!isSmall(data)) return false
    findAll ??= thorough.compile(schema)
    if (!findAll(data)) check.errors = findAll.errors ?? null
    return false
  }
  return check
}

/** As Fastify calls a check and asks it why it failed. */
export interface FaultCheck {
  (data: unknown): boolean
  errors?: ErrorObject[] | null
}

function isSmall(data: unknown): boolean {
  let left = MOST_VALUES
  const count = (value: unknown): boolean => {
    left -= 1
    if (left < 0) return false
    return typeof value !== 'object' || value === null || Object.values(value).every(count)
  }
  return count(data)
}

/** What the validator found in one part of a request (`body`, `params`, `querystring`, `headers`), in words. */
export function faultsOf(errors: readonly ErrorObject[], part: string): readonly ProblemFault[] {
  const told = new Map<string, ProblemFault>()
  for (const error of withoutOtherBranches(errors).filter(isWorthTelling)) {
    const fault = faultOf(error, part)
    told.set(`${fault.pointer ?? fault.parameter ?? ''} ${fault.detail.en}`, fault)
  }
  return [...told.values()].slice(0, MOST_FAULTS)
}

/** A pattern beside a format says no more to people than the format does. */
const isWorthTelling = (error: ErrorObject, _: number, all: readonly ErrorObject[]) =>
  error.keyword !== 'pattern' ||
  !all.some(
    ({ keyword, instancePath }) => keyword === 'format' && instancePath === error.instancePath,
  )

/**
 * Errors without those of the branches of a union that the value was not meant to be.
 *
 * A union fails with the errors of all its branches. Meant is the branch whose tag fits, else the one whose type does.
 * Where no branch has the tag, one fault lists the tags.
 */
function withoutOtherBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const union = errors.find(({ keyword }) => keyword === 'anyOf')
  if (union === undefined) return errors
  const inside = (error: ErrorObject) =>
    error !== union &&
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    error.instancePath.startsWith(union.instancePath)
  const branches = Map.groupBy(errors.filter(inside), (error) =>
    error.schemaPath
      .slice(union.schemaPath.length + 1)
      .split('/', 1)
      .join(),
  )
  const others = errors.filter((error) => error !== union && !inside(error))
  return withoutOtherBranches([...others, ...meant([...branches.values()], union)])
}

function meant(branches: readonly ErrorObject[][], union: ErrorObject): readonly ErrorObject[] {
  const isOtherType = (error: ErrorObject) =>
    error.keyword === 'type' && error.instancePath === union.instancePath
  const isOtherTag = ({ keyword }: ErrorObject) => keyword === 'const'
  const ofType = branches.filter((branch) => !branch.some(isOtherType))
  const ofTag = ofType.filter((branch) => !branch.some(isOtherTag))
  const [closest] = ofTag.toSorted((a, b) => a.length - b.length)
  if (closest !== undefined) return closest
  const [tag] = ofType.map((branch) => branch.find(isOtherTag))
  if (tag !== undefined) {
    const allowed = ofType.flatMap((branch) =>
      branch.filter(isOtherTag).map(({ schema }): unknown => schema),
    )
    return [{ ...tag, keyword: 'enum', params: { allowedValues: [...new Set(allowed)] } }]
  }
  const types = branches.flatMap((branch) =>
    branch.filter(isOtherType).map(({ schema }): unknown => schema),
  )
  return [{ ...union, keyword: 'type', params: { type: [...new Set(types.flat())] } }]
}

function faultOf(error: ErrorObject, part: string): ProblemFault {
  const params = error.params as Record<string, unknown>
  const member = params.additionalProperty ?? params.missingProperty
  const path =
    typeof member === 'string'
      ? `${error.instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`
      : error.instancePath
  const words = wordsOf(error, params)
  if (part !== 'body') {
    const parameter = path.replace(/^\//, '')
    return { parameter, detail: sentence(said(parameter, parameter), words) }
  }
  const subject = path === '' ? said('The body', '请求正文') : said(path, path)
  return { pointer: `#${path}`, detail: sentence(subject, words) }
}

const sentence = (subject: Bilingual, words: Bilingual): Bilingual =>
  said(`${subject.en} ${words.en}.`, `${subject['zh-CN']} ${words['zh-CN']}。`)

/** What is wrong, as the end of a sentence that begins with the name of the member. */
function wordsOf(error: ErrorObject, params: Record<string, unknown>): Bilingual {
  const { keyword, data } = error
  const limit = String(params.limit)
  switch (keyword) {
    case 'required':
      return { en: 'is missing', 'zh-CN': '缺失' }
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema?.properties ?? {}) as object).join(', ')
      return known === ''
        ? { en: 'is not known; none is taken here', 'zh-CN': '未知；此处不接受任何此类内容' }
        : { en: `is not known; known are: ${known}`, 'zh-CN': `未知；可用的有：${known}` }
    }
    case 'enum':
    case 'const': {
      const allowed = keyword === 'enum' ? (params.allowedValues as unknown[]) : [error.schema]
      const list = allowed.map((value) => JSON.stringify(value)).join(', ')
      return {
        en: `must be ${allowed.length > 1 ? `one of ${list}` : list}${shown(data, '; it is ')}`,
        'zh-CN': `必须是${allowed.length > 1 ? `下列之一：${list}` : ` ${list}`}${shown(data, '；现为 ')}`,
      }
    }
    case 'type': {
      const types = [params.type].flat().map(String)
      return {
        en: `must be ${types.map((type) => TYPES.en[type] ?? type).join(' or ')}, not ${TYPES.en[typeOf(data)] ?? ''}`,
        'zh-CN': `必须是${types.map((type) => TYPES['zh-CN'][type] ?? type).join('或')}，不能是${TYPES['zh-CN'][typeOf(data)] ?? ''}`,
      }
    }
    case 'format': {
      const format = String(params.format)
      return {
        en: `must be ${FORMATS.en[format] ?? `a ${format}`}${shown(data, '; it is ')}`,
        'zh-CN': `必须是${FORMATS['zh-CN'][format] ?? ` ${format}`}${shown(data, '；现为 ')}`,
      }
    }
    case 'minimum':
      return {
        en: `must be at least ${limit}${shown(data, '; it is ')}`,
        'zh-CN': `不得小于 ${limit}${shown(data, '；现为 ')}`,
      }
    case 'maximum':
      return {
        en: `must be at most ${limit}${shown(data, '; it is ')}`,
        'zh-CN': `不得大于 ${limit}${shown(data, '；现为 ')}`,
      }
    case 'exclusiveMinimum':
      return {
        en: `must be more than ${limit}${shown(data, '; it is ')}`,
        'zh-CN': `必须大于 ${limit}${shown(data, '；现为 ')}`,
      }
    case 'exclusiveMaximum':
      return {
        en: `must be less than ${limit}${shown(data, '; it is ')}`,
        'zh-CN': `必须小于 ${limit}${shown(data, '；现为 ')}`,
      }
    case 'multipleOf':
      return {
        en: `must be a multiple of ${String(params.multipleOf)}`,
        'zh-CN': `必须是 ${String(params.multipleOf)} 的倍数`,
      }
    case 'minLength':
      return { en: `must have at least ${limit} characters`, 'zh-CN': `至少 ${limit} 个字符` }
    case 'maxLength':
      return { en: `must have at most ${limit} characters`, 'zh-CN': `最多 ${limit} 个字符` }
    case 'minItems':
      return { en: `must have at least ${limit} items`, 'zh-CN': `至少 ${limit} 项` }
    case 'maxItems':
      return { en: `must have at most ${limit} items`, 'zh-CN': `最多 ${limit} 项` }
    case 'uniqueItems':
      return { en: 'must not have an item twice', 'zh-CN': '不得有重复项' }
    case 'minProperties':
      return {
        en: `must have at least ${limit} member${limit === '1' ? '' : 's'}`,
        'zh-CN': `至少 ${limit} 个成员`,
      }
    case 'pattern':
      return {
        en: `must fit the pattern ${String(params.pattern)}`,
        'zh-CN': `必须符合格式 ${String(params.pattern)}`,
      }
    default:
      return { en: error.message ?? 'is not valid', 'zh-CN': `无效（${error.message ?? keyword}）` }
  }
}

/**
 * The refused value after a connecting word. Only where few values are allowed or their form is public: a text under a
 * pattern or a length may be a secret.
 */
function shown(data: unknown, connecting: string): string {
  const text = JSON.stringify(data) as string | undefined
  const isScalar = typeof data !== 'object' || data === null
  return isScalar && text !== undefined && text.length <= LONGEST_SHOWN
    ? `${connecting}${text}`
    : ''
}

function typeOf(data: unknown): string {
  if (data === null) return 'null'
  if (Array.isArray(data)) return 'array'
  return typeof data
}

const TYPES: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
    null: 'null',
  },
  'zh-CN': {
    string: '文本',
    number: '数字',
    integer: '整数',
    boolean: '布尔值（true 或 false）',
    object: '对象',
    array: '列表',
    null: ' null',
  },
}

const FORMATS: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    uuid: 'a UUID in small letters',
    date: 'a date like 2026-11-30',
    'date-time': 'an instant with an offset, like 2026-11-30T08:00:00+08:00',
    email: 'a mail address',
    uri: 'an absolute URL',
  },
  'zh-CN': {
    uuid: '小写的 UUID',
    date: '日期，例如 2026-11-30',
    'date-time': '带时区的时刻，例如 2026-11-30T08:00:00+08:00',
    email: '邮件地址',
    uri: '完整的 URL',
  },
}
