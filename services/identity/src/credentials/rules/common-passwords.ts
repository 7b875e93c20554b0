/** Words that the list of common passwords lacks: the product's and its field's own, and Chinese ones. */
const words = `
  password passwd passw pass pwd mima admin administrator root system sysadmin oracle apps
  applsys manager welcome letmein changeme change changeit default secret login user guest test
  tester demo temp initial init qwerty qwertyuiop qwer qwerasdf asdf asdfgh asdfghjkl zxcv
  zxcvbn zxcvbnm qaz qazwsx qazwsxedc wsx abc abcd abcde abcdef abcdefg aaa iloveyou woaini
  woaini1314 monkey dragon sunshine princess football baseball master shadow superman batman
  trustno hello freedom whatever huawei china zhongguo beijing shanghai taobao wang zhang
  company server database erp steward erpsteward ebs finance security audit spring summer autumn
  winter january december monday friday
`

const known = new Set(words.trim().split(/\s+/))
/** How guessers and guessed alike disguise letters. */
const disguise: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
}

/** Rows of the keyboard and of the digits, both ways. */
const runs = ['1234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'abcdefghijklmnopqrstuvwxyz']

/** Letters of the shortest word of the list that is looked for inside a password; shorter ones come about by chance. */
const SHORTEST_INSIDE = 5

/** Lower case, and letters in place of what disguises them. */
export function undisguised(text: string): string {
  return text.toLowerCase().replaceAll(/./gu, (each) => disguise[each] ?? each)
}

/**
 * Whether the password is on the list, or a word of it with digits and signs around (`P@ssw0rd2026!`, `Charlie#123`), a run of
 * the keyboard, or one character over and over.
 *
 * @param listed common passwords in lower case
 */
export function isCommonPassword(password: string, listed: ReadonlySet<string>): boolean {
  const lower = password.toLowerCase()
  if (/^(.{1,4})\1+$/u.test(lower) || listed.has(lower)) return true
  const letters = lower.replaceAll(/[^a-z]/g, '')
  const trimmed = lower.replaceAll(/^[^a-z@$]+|[^a-z@$]+$/g, '')
  const candidates = [trimmed, undisguised(trimmed)].flatMap((text) => [
    text,
    text.replaceAll(/[^a-z]/g, ''),
  ])
  const isListed = (word: string) => word.length >= SHORTEST_INSIDE && listed.has(word)
  if (candidates.some((candidate) => known.has(candidate) || isListed(candidate))) return true
  const bare = lower.replaceAll(/[^a-z0-9]/g, '')
  return bare.length >= 6 && (isRun(bare) || (isRun(letters) && isRun(bare.replaceAll(/\D/g, ''))))
}

function isRun(text: string): boolean {
  return (
    text.length >= 3 &&
    runs.some((run) => run.includes(text) || Array.from(run).reverse().join('').includes(text))
  )
}
