import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { PasswordPolicy } from './password-policy.ts'

/** The two sets of rules that contradict each other: what is in force keeps both never. */
export type Standard = PasswordPolicy['profile']

/** Where the rules in force ask for something else than a standard does. */
export interface Deviation {
  readonly standard: Standard
  readonly rule: 'length' | 'composition' | 'change' | 'history'
  readonly asks: Bilingual
  readonly inForce: Bilingual
  readonly reason: Bilingual
}

const DAY_MS = 86_400_000
/** Of usual practice at level 3. Source: defaults 2.9, S53a and S53b. */
const LEVEL_3 = { users: 8, administrators: 12, classes: 4, days: 90, history: 5 } as const
/** Where a password is the only factor, and with a second one. Source: SP 800-63B-4, 3.1.1.2. */
const NIST = { alone: 15, besideSecond: 8 } as const

/**
 * All deviations from both standards of the rules in force for users or administrators.
 *
 * Source: GB/T 22239-2019, 8.1.4.1 a, with the numbers of defaults 2.9; NIST SP 800-63B-4, 3.1.1.2; anchors 5.2.
 */
export function deviationsOf(
  policy: PasswordPolicy,
  whom: 'users' | 'administrators',
): Deviation[] {
  return [...fromLevel3(policy, whom), ...fromNist(policy)]
}

function fromLevel3(
  { minLength, classes, history, maxAgeMs }: PasswordPolicy,
  whom: 'users' | 'administrators',
): Deviation[] {
  const standard = 'gbt22239-level3'
  const deviations: Deviation[] = []
  const choice = said('The parameters of this site say so.', '由本单位参数规定。')
  if (minLength < LEVEL_3[whom])
    deviations.push({
      ...{ standard, rule: 'length', reason: choice },
      asks: said(
        `At least ${String(LEVEL_3[whom])} characters.`,
        `至少 ${String(LEVEL_3[whom])} 个字符。`,
      ),
      inForce: said(`${String(minLength)} characters.`, `${String(minLength)} 个字符。`),
    })
  if (classes < LEVEL_3.classes)
    deviations.push({
      ...{ standard, rule: 'composition', reason: choice },
      asks: said(
        `All ${String(LEVEL_3.classes)} classes of characters.`,
        `全部 ${String(LEVEL_3.classes)} 类字符。`,
      ),
      inForce: said(`${String(classes)} classes.`, `${String(classes)} 类字符。`),
    })
  if (maxAgeMs === null || maxAgeMs > LEVEL_3.days * DAY_MS)
    deviations.push({
      ...{ standard, rule: 'change' },
      asks: said(
        `A change every ${String(LEVEL_3.days)} days.`,
        `每 ${String(LEVEL_3.days)} 天更换一次。`,
      ),
      inForce: changeOf(maxAgeMs),
      reason:
        maxAgeMs === null
          ? said(
              'The profile follows NIST, which forbids changes by age.',
              '所选规则集遵循 NIST，不得按期强制更换。',
            )
          : choice,
    })
  if (history < LEVEL_3.history)
    deviations.push({
      ...{ standard, rule: 'history', reason: choice },
      asks: said(
        `None of the last ${String(LEVEL_3.history)} passwords.`,
        `不得为最近 ${String(LEVEL_3.history)} 个密码。`,
      ),
      inForce: said(
        `None of the last ${String(history)}.`,
        `不得为最近 ${String(history)} 个密码。`,
      ),
    })
  return deviations
}

function fromNist({ minLength, classes, maxAgeMs }: PasswordPolicy): Deviation[] {
  const standard = 'nist-800-63b-4'
  const deviations: Deviation[] = []
  if (minLength < NIST.alone)
    deviations.push({
      ...{ standard, rule: 'length' },
      asks: said(
        `At least ${String(NIST.alone)} characters, or ${String(NIST.besideSecond)} with a second factor.`,
        `至少 ${String(NIST.alone)} 个字符；启用第二验证因素时为 ${String(NIST.besideSecond)} 个字符。`,
      ),
      inForce: said(`${String(minLength)} characters.`, `${String(minLength)} 个字符。`),
      reason: said(
        'The regulation leaves the number to the company, and usual practice at level 3 is shorter.',
        '制度由企业规定位数，等级保护三级的通行做法较短。',
      ),
    })
  if (classes > 0)
    deviations.push({
      ...{ standard, rule: 'composition' },
      asks: said('No rule about kinds of characters.', '不得规定字符类别。'),
      inForce: said(
        `${String(classes)} of upper case, lower case, digit, special.`,
        `大写、小写、数字、特殊字符中 ${String(classes)} 类。`,
      ),
      reason: said(
        'A-2.2.4 asks for letters, digits and special characters.',
        'A-2.2.4 要求包含字母、数字和特殊字符。',
      ),
    })
  if (maxAgeMs !== null)
    deviations.push({
      ...{ standard, rule: 'change' },
      asks: said(
        'No change by age, only on a sign of compromise.',
        '不得按期强制更换，仅在有泄露迹象时更换。',
      ),
      inForce: changeOf(maxAgeMs),
      reason: said(
        'GB/T 22239-2019, 8.1.4.1 asks for regular changes.',
        'GB/T 22239-2019 第 8.1.4.1 条要求定期更换。',
      ),
    })
  return deviations
}

function changeOf(maxAgeMs: number | null): Bilingual {
  if (maxAgeMs === null) return said('Never for its age.', '不因使用时间而更换。')
  const days = String(Math.round((maxAgeMs / DAY_MS) * 100) / 100)
  return said(`After ${days} days.`, `${days} 天后更换。`)
}
