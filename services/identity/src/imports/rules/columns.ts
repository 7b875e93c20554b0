import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { importColumns, mandatoryColumns } from './import-row.ts'

/** What personnel systems in China write above the columns. */
const CHINESE: Readonly<Record<string, readonly string[]>> = {
  employeeNumber: ['工号', '员工号', '员工编号', '职工号', '人员编号', '人员编码'],
  name: ['姓名', '员工姓名', '人员姓名'],
  unitCode: ['单位编码', '单位代码', '公司编码', '公司代码'],
  departmentCode: ['部门编码', '部门代码'],
  positionCode: ['岗位编码', '岗位代码', '职位编码', '职位代码'],
  email: ['邮箱', '电子邮箱', '电子邮件', '邮件地址'],
  birthday: ['生日', '出生日期'],
  leaveOn: ['离职日期'],
  accountUserName: ['账号', '帐号', '用户名', 'EBS用户名'],
}

/** Stands for a column that is not read. */
const IGNORED = '-'

/**
 * What `columns` of a request says: `工作证号:employeeNumber,备注:-` reads one column as the number and leaves the other out.
 *
 * @throws Problem `validation-failed` for a member that there is not
 */
export function columnMapping(columns: string | undefined): ReadonlyMap<string, string> {
  const pairs = (columns ?? '').split(',').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const at = pair.lastIndexOf(':')
      const [header, member] = [plain(pair.slice(0, at)), pair.slice(at + 1).trim()]
      if (member !== IGNORED && !importColumns.includes(member)) {
        const known = importColumns.join(', ')
        const detail = said(
          `There is no column ${member}; there are ${known}, and - for one that is not read.`,
          `没有列 ${member}；可用的有 ${known}，以及表示不读取的 -。`,
        )
        throw new Problem('validation-failed', detail, {
          errors: [{ parameter: 'columns', detail }],
        })
      }
      return [header, member]
    }),
  )
}

/**
 * The member that each column is, `null` for one that is not read: by the mapping, by its own name, or by what it is called
 * in Chinese.
 *
 * @throws Problem `import-unreadable` when a column is unknown, missing or there twice
 */
export function membersOfHeader(
  header: readonly string[],
  mapping: ReadonlyMap<string, string>,
): (string | null)[] {
  const found = header.map((title) => mapping.get(plain(title)) ?? memberOf(title))
  const unknown = header.filter((_, at) => found[at] === undefined)
  const members = found.map((member) => (member === IGNORED ? null : (member ?? null)))
  const read = members.filter((member) => member !== null)
  const missing = mandatoryColumns.filter((column) => !read.includes(column))
  if (missing.length > 0 || unknown.length > 0 || new Set(read).size !== read.length)
    throw new Problem('import-unreadable', headerFault(missing, unknown))
  return members
}

function headerFault(missing: readonly string[], unknown: readonly string[]): Bilingual {
  const mandatory = mandatoryColumns.join(', ')
  const others = importColumns.filter((column) => !mandatoryColumns.includes(column)).join(', ')
  const lacking = missing.join(', ')
  const strange = unknown.join(', ').slice(0, 500)
  return said(
    `The header must name each of ${mandatory} once and may name ${others}, in these words, in Chinese or by \`columns\`; ` +
      `missing: ${lacking || 'none'}; unknown: ${strange || 'none'}.`,
    `表头须包含 ${mandatory} 各一次，并可包含 ${others}；可用这些名称、中文名称或 \`columns\` 指定；` +
      `缺少：${lacking || '无'}；未知：${strange || '无'}。`,
  )
}

function memberOf(title: string): string | undefined {
  const wanted = plain(title)
  return importColumns.find(
    (member) => member === wanted || CHINESE[member]?.includes(wanted) === true,
  )
}

/** Without the space and the width that people type differently. */
const plain = (title: string) => title.normalize('NFKC').replace(/\s+/gu, '')
