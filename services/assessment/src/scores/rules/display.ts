/** Thousandths of a point as points; exact, because a double holds any such decimal closely enough to print it. */
export function points(thousandths: number): number {
  return thousandths / 1_000
}

/**
 * Errors per entries in percent with two decimals, half to even; `null` without entries, since there is no rate then.
 */
export function ratePercent(errors: number, entries: number | null): number | null {
  if (entries === null || entries === 0) return null
  const scaled = BigInt(errors) * 10_000n
  const divisor = BigInt(entries)
  const whole = scaled / divisor
  const twice = (scaled % divisor) * 2n
  const up = twice > divisor || (twice === divisor && whole % 2n === 1n)
  return Number(whole + (up ? 1n : 0n)) / 100
}
