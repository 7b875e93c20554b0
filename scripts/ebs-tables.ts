import { ProvisioningKind } from '@erp-steward/identity/provisioning/provisioning-task'
import {
  addResponsibility,
  addRole,
  createUser,
  enableUser,
  endDateUser,
  endResponsibility,
  endRole,
  resetPassword,
  setProfileOption,
  updateUser,
  type EbsRequest,
} from '@erp-steward/identity/provisioning/rules/ebs-request'
import { MOST_ATTEMPTS, nextTryAt } from '@erp-steward/identity/provisioning/rules/retry'

const BEGIN =
  '<!-- ebs tasks: written by `npm run generate` from services/identity/src/provisioning -->'
const END = '<!-- end of ebs tasks -->'

type Language = 'en' | 'zh-CN'
type Texts = Readonly<Record<Language, string>>

const user = {
  userName: 'ZHANGW',
  name: '张伟',
  employeeNumber: 'E0001',
  email: 'zhangw@example.test',
}
const clerk = { application: 'SQLGL', key: 'GL_CLERK', securityGroup: 'STANDARD' }
const ROLE = 'UMX|XX_CLERK'
const [BEGINS, ENDS] = ['2026-12-01', '2027-03-31']

/** One task of each kind, as the queue makes it. */
const examples: readonly EbsRequest[] = [
  createUser(user, BEGINS, 90),
  updateUser({ ...user, email: null }),
  enableUser(user.userName, BEGINS),
  endDateUser(user.userName, ENDS),
  addResponsibility(user.userName, clerk, BEGINS),
  endResponsibility(user.userName, clerk, ENDS),
  addRole(user.userName, ROLE, BEGINS),
  endRole(user.userName, ROLE, ENDS),
  resetPassword(user.userName),
  setProfileOption('SIGNON_PASSWORD_LENGTH', '8'),
]

/** When a task of a kind comes. */
const occasions: Readonly<Record<ProvisioningKind, Texts>> = {
  'create-user': {
    en: 'a joiner; who comes back and was never created',
    'zh-CN': '入职；返岗且 EBS 中从未创建',
  },
  'update-user': { en: 'another name or address; who comes back', 'zh-CN': '姓名或邮箱变更；返岗' },
  'enable-user': { en: 'who comes back; an account unfrozen', 'zh-CN': '返岗；账号解冻' },
  'end-date-user': {
    en: 'a leaver; an account frozen or disabled',
    'zh-CN': '离职；账号冻结或停用',
  },
  'add-responsibility': {
    en: 'a joiner; a mover, once approved; a position with new rights',
    'zh-CN': '入职；调岗（审批后）；岗位权限增加',
  },
  'end-responsibility': {
    en: 'a mover or leaver; a position with fewer rights',
    'zh-CN': '调岗或离职；岗位权限减少',
  },
  'add-role': { en: 'as a responsibility', 'zh-CN': '同职责' },
  'end-role': { en: 'as a responsibility', 'zh-CN': '同职责' },
  'reset-password': {
    en: 'the security administrator has a password or a lock in EBS reset',
    'zh-CN': '安全管理员重置 EBS 密码或解除 EBS 中的锁定',
  },
  'set-profile-option': {
    en: 'a difference of kind `profile-option` is restored',
    'zh-CN': '对 `profile-option` 类差异执行 restore',
  },
}

/** Where each member of what is read back lies in EBS. */
const userColumns: Readonly<Record<string, string>> = {
  userName: 'FND_USER.USER_NAME',
  startDate: 'FND_USER.START_DATE',
  endDate: 'FND_USER.END_DATE',
  description: 'FND_USER.DESCRIPTION',
  emailAddress: 'FND_USER.EMAIL_ADDRESS',
  passwordDate: 'FND_USER.PASSWORD_DATE',
}
const responsibilityColumns: Readonly<Record<string, string>> = {
  userName: 'FND_USER.USER_NAME',
  application: 'FND_APPLICATION.APPLICATION_SHORT_NAME',
  responsibilityKey: 'FND_RESPONSIBILITY.RESPONSIBILITY_KEY',
  securityGroup: 'FND_SECURITY_GROUPS.SECURITY_GROUP_KEY',
  endDate: 'FND_USER_RESP_GROUPS_DIRECT.END_DATE',
}
const roleColumns: Readonly<Record<string, string>> = {
  userName: 'WF_LOCAL_USER_ROLES.USER_NAME',
  roleName: 'WF_LOCAL_USER_ROLES.ROLE_NAME',
  endDate: 'WF_LOCAL_USER_ROLES.EXPIRATION_DATE',
}

const profileColumns: Readonly<Record<string, string>> = {
  profileOption: 'FND_PROFILE_OPTIONS.PROFILE_OPTION_NAME',
  value: 'FND_PROFILE_OPTION_VALUES.PROFILE_OPTION_VALUE',
}

const words = {
  when: { en: 'When', 'zh-CN': '何时产生' },
  call: { en: 'Call', 'zh-CN': '调用' },
  argument: { en: 'argument', 'zh-CN': '参数' },
  example: { en: 'example', 'zh-CN': '示例' },
  member: { en: 'read back as', 'zh-CN': '回读成员' },
  column: { en: 'from', 'zh-CN': '来源列' },
  expected: { en: 'expected here', 'zh-CN': '本例期望值' },
  tries: {
    en: `Tries: ${MOST_ATTEMPTS} leases in all; after the first failures the task waits for ${pauses('en')}.`,
    'zh-CN': `尝试次数：共 ${MOST_ATTEMPTS} 次租约；各次失败后依次等待 ${pauses('zh-CN')}。`,
  },
} as const satisfies Record<string, Texts>

/** The pauses between tries, in minutes. */
function pauses(language: Language): string {
  const minutes: number[] = []
  for (let attempts = 1; ; attempts += 1) {
    const next = nextTryAt(attempts, new Date(0))
    if (next === null) break
    minutes.push(next.getTime() / 60_000)
  }
  return language === 'en' ? `${minutes.join(', ')} minutes` : `${minutes.join('、')} 分钟`
}

/**
 * A document with one table for each kind of task between its two markers.
 *
 * @throws Error when the markers are not there, or a kind has no example
 */
export function withEbsTasks(document: string, language: Language): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`The document lacks ${BEGIN} or ${END}`)
  const sections = ProvisioningKind.enum.map((kind) => sectionOf(kind, language)).join('\n')
  const tries = words.tries[language]
  return `${document.slice(0, begin + BEGIN.length)}\n\n${sections}\n${tries}\n\n${document.slice(end)}`
}

function sectionOf(kind: ProvisioningKind, language: Language): string {
  const example = examples.find((each) => each.kind === kind)
  if (example === undefined) throw new Error(`${kind} has no example`)
  const { call, expected } = example
  const say = (word: Exclude<keyof typeof words, 'tries'>) => words[word][language]
  return [
    `### \`${kind}\``,
    '',
    `${say('when')}: ${occasions[kind][language]}. ${say('call')}: \`${call.procedure}\``,
    '',
    `| ${say('argument')} | ${say('example')} |`,
    '|---|---|',
    ...Object.entries(call.arguments).map(([name, value]) => `| \`${name}\` | ${code(value)} |`),
    '',
    `| ${say('member')} | ${say('column')} | ${say('expected')} |`,
    '|---|---|---|',
    ...Object.entries(expected).map(
      ([member, value]) => `| \`${member}\` | \`${columnOf(kind, member)}\` | ${code(value)} |`,
    ),
    '',
  ].join('\n')
}

/** @throws Error for a member that nobody has said the column of */
function columnsFor(kind: ProvisioningKind): Readonly<Record<string, string>> {
  if (kind === 'set-profile-option') return profileColumns
  if (kind.endsWith('-responsibility')) return responsibilityColumns
  return kind.endsWith('-role') ? roleColumns : userColumns
}

function columnOf(kind: ProvisioningKind, member: string): string {
  const column = columnsFor(kind)[member]
  if (column === undefined) throw new Error(`${member} of ${kind} has no column`)
  return column
}

const code = (value: string | number | null) =>
  `\`${(value === null ? 'null' : String(value)).replaceAll('|', '\\|')}\``
