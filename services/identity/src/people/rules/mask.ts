/** What is left of a name for whoever may not read it: `张*`, `Z*`. */
export function maskedName(name: string): string {
  return `${first(name)}*`
}

/** `a***@example.test`: enough to tell whether an address is there and whose mail server it is at. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return `${first(email)}***${at < 0 ? '' : email.slice(at)}`
}

/** `****-**-**`: that a birthday is known. */
export const MASKED_BIRTHDAY = '****-**-**'

/** `***1234`: the last four characters, and never more than half of the number. */
export function maskedNumber(number: string): string {
  const shown = Math.min(4, Math.floor(number.length / 2))
  return `***${shown === 0 ? '' : number.slice(-shown)}`
}

/** The first character, a rare one of two code units too. */
const first = (text: string) => /^./su.exec(text)?.[0] ?? ''
