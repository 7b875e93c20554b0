/**
 * What differs between two lists, each a line of JSON per name: `name: why`, in the order of names. `compared` counts
 * the names of the first list.
 */
export function differencesOf(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { readonly compared: number; readonly differences: string[] } {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  const differences = names.flatMap((name) => {
    const was = before.get(name)
    const is = after.get(name)
    if (was === is) return []
    if (was === undefined) return [`${name}: was not in the backup`]
    if (is === undefined) return [`${name}: did not come back`]
    return [`${name}: ${membersThatDiffer(was, is)}`]
  })
  return { compared: before.size, differences }
}

function membersThatDiffer(was: string, is: string): string {
  const before = JSON.parse(was) as Record<string, unknown>
  const after = JSON.parse(is) as Record<string, unknown>
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((member) => before[member] !== after[member])
    .map((member) => `${member} is ${text(after[member])} instead of ${text(before[member])}`)
    .join(', ')
}

const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
