/** Words that name a use and no person, in English and in pinyin (测试, 公用, 临时, 管理员, 培训). Own choice. */
const USES = [
  'ADMIN',
  'ADMINISTRATOR',
  'ANONYMOUS',
  'BATCH',
  'CESHI',
  'COMMON',
  'DEFAULT',
  'DEMO',
  'GONGYONG',
  'GUANLIYUAN',
  'GUEST',
  'INTERFACE',
  'LINSHI',
  'OPERATOR',
  'ORACLE',
  'PEIXUN',
  'PUBLIC',
  'SHARE',
  'SHARED',
  'SUPPORT',
  'SYSADMIN',
  'TEMP',
  'TEST',
  'TMP',
  'TRAIN',
  'TRAINING',
  'USER',
]

const GENERIC = new RegExp(`^(${USES.join('|')})[-_. ]?(USER)?[-_. ]?\\d{0,6}$`)

/** Whether a user name tells of no person, so that nobody answers for what is done under it. Sources, defaults 2.8. */
export function isGenericName(userName: string): boolean {
  return GENERIC.test(userName.trim().toUpperCase())
}

/** Users that EBS itself cannot do without: ending one stops the whole system. Source: EBS conventions 4.1. */
const NEEDED: readonly string[] = ['SYSADMIN', 'GUEST']

export function isNeededByEbs(userName: string): boolean {
  return NEEDED.includes(userName.trim().toUpperCase())
}
