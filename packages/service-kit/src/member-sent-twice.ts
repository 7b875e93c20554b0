/**
 * How many members the objects of a well-formed JSON text have at most, those sent twice counted twice: what a value such
 * as `"note":` in quotes looks like is counted, too.
 */
export function mostMembers(text: string): number {
  let members = 0
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    let before = at - 1
    while (isSpace(text.charCodeAt(before))) before -= 1
    if (text.charCodeAt(before) === QUOTE) members += 1
  }
  return members
}

/**
 * JSON pointer (RFC 6901, as a URI fragment) to the first member of a well-formed JSON text that its object has already;
 * `null` without one. Names are compared as they read, not as they are escaped.
 */
export function memberSentTwice(text: string): string | null {
  const open: Level[] = []
  for (let at = 0; at < text.length; at += 1) {
    const level = open.at(-1)
    const sign = text.charAt(at)
    if (sign === '{') open.push({ names: new Set(), step: '' })
    else if (sign === '[') open.push({ names: null, step: 0 })
    else if (sign === '}' || sign === ']') open.pop()
    else if (sign === ',' && typeof level?.step === 'number') level.step += 1
    else if (sign === '"') {
      const end = afterString(text, at)
      if (level?.names instanceof Set && isBeforeColon(text, end)) {
        level.step = JSON.parse(text.slice(at, end)) as string
        if (level.names.has(level.step)) return `#${open.map(({ step }) => stepOf(step)).join('')}`
        level.names.add(level.step)
      }
      at = end - 1
    }
  }
  return null
}

/** An object or a list on the way through a text; a list has no names. */
interface Level {
  readonly names: Set<string> | null
  /** Name of the member or index of the item that is being read. */
  step: string | number
}

const stepOf = (step: string | number) =>
  `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** Where the string that begins at `start` is over. */
function afterString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}

function isBeforeColon(text: string, end: number): boolean {
  let at = end
  while (isSpace(text.charCodeAt(at))) at += 1
  return text.charCodeAt(at) === COLON
}

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
