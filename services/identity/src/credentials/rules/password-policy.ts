import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { isCommonPassword, undisguised } from './common-passwords.ts'

/** The rules a password was or is to be checked against, with the parameter versions that made them. */
export interface PasswordPolicy {
  readonly profile: 'gbt22239-level3' | 'nist-800-63b-4'
  /** In code points. */
  readonly minLength: number
  /** How many of upper, lower, digit, special; 0 only in rules of the past. */
  readonly classes: number
  /** How many earlier passwords may not return; 0 only in rules of the past. */
  readonly history: number
  /** Milliseconds in which no earlier password may return; 0: the number alone. Absent in rules of the past. */
  readonly historyAgeMs?: number
  /** Milliseconds after which it must be changed; `null` where the profile forbids to ask for it. */
  readonly maxAgeMs: number | null
  readonly versions: Readonly<Record<string, number>>
}

export interface PasswordFault {
  readonly rule:
    | 'too-short'
    | 'too-long'
    | 'classes'
    | 'contains-user-name'
    | 'company-word'
    | 'common'
    | 'used-before'
  readonly detail: Bilingual
}

/** What nobody may choose, whatever the rules. */
export interface BlockList {
  /** Common passwords in lower case. */
  readonly listed: ReadonlySet<string>
  readonly companyWords: readonly string[]
}

/** Code points of the longest password taken. ASVS 6.2.9 asks for 64 at least; the rest is room for phrases. */
export const LONGEST_PASSWORD = 256
/** Shortest user name that a password may not contain; shorter ones would forbid single letters. */
const SHORTEST_NAME = 3

/**
 * What is wrong with a password, as it was typed: nothing is trimmed, folded or cut off. Whether it was used before
 * is asked elsewhere, that needs the hashes.
 *
 * Source, defaults 2.9; the block list is ASVS 6.2.4, 6.2.11, SP 800-63B-4, 3.1.1.2.
 */
export function passwordFaults(
  password: string,
  userName: string,
  policy: PasswordPolicy,
  { listed, companyWords }: BlockList,
): PasswordFault[] {
  const length = Array.from(password).length
  const faults: PasswordFault[] = []
  if (length < policy.minLength)
    faults.push({
      rule: 'too-short',
      detail: said(
        `At least ${String(policy.minLength)} characters are needed.`,
        `至少需要 ${String(policy.minLength)} 个字符。`,
      ),
    })
  if (length > LONGEST_PASSWORD)
    faults.push({
      rule: 'too-long',
      detail: said(
        `At most ${String(LONGEST_PASSWORD)} characters are taken.`,
        `最多 ${String(LONGEST_PASSWORD)} 个字符。`,
      ),
    })
  if (!hasClasses(password, policy.classes))
    faults.push({
      rule: 'classes',
      detail: said(
        `Letters, digits and special characters are needed, ${String(policy.classes)} of the classes upper case, lower case, digit, special.`,
        `须包含字母、数字和特殊字符，且在大写字母、小写字母、数字、特殊字符中至少包含 ${String(policy.classes)} 类。`,
      ),
    })
  if (userName.length >= SHORTEST_NAME && password.toUpperCase().includes(userName.toUpperCase()))
    faults.push({
      rule: 'contains-user-name',
      detail: said('The user name may not be part of it.', '不得包含用户名。'),
    })
  const plain = undisguised(password)
  if (companyWords.some((word) => plain.includes(undisguised(word))))
    faults.push({
      rule: 'company-word',
      detail: said('A word of the company may not be part of it.', '不得包含本单位用词。'),
    })
  if (isCommonPassword(password, listed))
    faults.push({
      rule: 'common',
      detail: said('It is on the list of common passwords.', '它在常用密码列表中。'),
    })
  return faults
}

/** Letters without case, such as Chinese characters, count as special: no guesser's word list of ASCII has them. */
function hasClasses(password: string, wanted: number): boolean {
  const upper = /\p{Lu}/u.test(password)
  const lower = /\p{Ll}/u.test(password)
  const digit = /\p{Nd}/u.test(password)
  const special = /[^\p{Lu}\p{Ll}\p{Nd}]/u.test(password)
  const held = [upper, lower, digit, special].filter(Boolean).length
  // Three classes still mean letters, digits and specials. Source.
  return held >= wanted && (upper || lower) && digit && special
}

/** Whether the password must be changed at `now`; from the first instant after its full life on. */
export function isOverdue(setAt: Date, policy: Pick<PasswordPolicy, 'maxAgeMs'>, now: Date) {
  return policy.maxAgeMs !== null && now.getTime() - setAt.getTime() >= policy.maxAgeMs
}

/** Whether a password that was taken under `held` might not be taken under the rules in force: it must be changed. */
export function isWeaker(
  held: Pick<PasswordPolicy, 'minLength' | 'classes'>,
  inForce: Pick<PasswordPolicy, 'minLength' | 'classes'>,
): boolean {
  return held.minLength < inForce.minLength || held.classes < inForce.classes
}
