import waiting from './not-yet-in-effect.json' with { type: 'json' }
import type { ParameterKey } from './parameters.ts'

const unread = new Set<string>(waiting)

/**
 * Whether code acts on the parameter. One that is defined for a part that is not built yet can be set and changes
 * nothing; the list is written from the sources by `npm run generate`.
 */
export function isInEffect(key: ParameterKey): boolean {
  return !unread.has(key)
}
