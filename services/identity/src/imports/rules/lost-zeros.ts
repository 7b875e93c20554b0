/** Most zeros in front that are looked for in the register. */
const MOST_ZEROS = 8

const DIGITS = /^[0-9]+$/

/** The numbers that a number of digits alone may have been before a spreadsheet took the zeros in front away. */
export function withZeros(employeeNumber: string): string[] {
  if (!DIGITS.test(employeeNumber)) return []
  return Array.from({ length: MOST_ZEROS }, (_, at) => '0'.repeat(at + 1) + employeeNumber)
}

/**
 * Which numbers of a list are shorter than most: where numbers are digits alone and more than half have one length, a
 * shorter one has most likely lost zeros in front.
 */
export function shorterThanMost(employeeNumbers: readonly string[]): ReadonlySet<string> {
  const digits = employeeNumbers.filter((number) => DIGITS.test(number))
  const byLength = new Map<number, number>()
  for (const { length } of digits) byLength.set(length, (byLength.get(length) ?? 0) + 1)
  const [usual, times] = [...byLength].sort(([, a], [, b]) => b - a)[0] ?? [0, 0]
  return new Set(
    times * 2 > digits.length && times > 1 ? digits.filter(({ length }) => length < usual) : [],
  )
}
