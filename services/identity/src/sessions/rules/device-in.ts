/** Programs by what only they, or they first, say of themselves: Edge and Opera call themselves Chrome, too, and Chrome Safari. */
const programs = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['WeChat', /\bMicroMessenger\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS)\//],
  ['Safari', /\bVersion\/\S+ (?:Mobile\/\S+ )?Safari\//],
  ['curl', /^curl\//],
] as const
/** An iPhone says that it is like Mac OS X, an Android telephone that it is a Linux. */
const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['HarmonyOS', /\bHarmonyOS\b/],
  ['Windows', /\bWindows NT\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

/**
 * Program and system in what a program says of itself, `Firefox, Windows`, for people to know their devices by; nothing is
 * decided by it, for anybody can say anything. `null` when it tells neither.
 */
export function deviceIn(userAgent: string | null): string | null {
  const said = userAgent ?? ''
  const named = [programs, systems].flatMap(
    (known) => known.find(([, sign]) => sign.test(said))?.[0] ?? [],
  )
  return named.length === 0 ? null : named.join(', ')
}
