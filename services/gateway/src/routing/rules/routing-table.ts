import type { ServiceName, ServiceProfile } from '@erp-steward/contracts/services'

/** Answers which service a path belongs to: the longest prefix wins, and prefixes end at a segment's end. */
export type RoutingTable = (path: string) => ServiceName | undefined

/** @throws Error if two services claim one prefix, for then the order of start would decide who gets the request */
export function createRoutingTable(
  profiles: readonly Pick<ServiceProfile, 'name' | 'prefixes'>[],
): RoutingTable {
  const owners = new Map<string, ServiceName>()
  for (const { name, prefixes } of profiles)
    for (const prefix of prefixes) {
      const other = owners.get(prefix)
      if (other !== undefined)
        throw new Error(
          `The prefix ${prefix} is claimed by ${other} and by ${name}. Take it from one of them in contracts/services.ts.`,
        )
      owners.set(prefix, name)
    }
  return (path) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const owner = owners.get(path.slice(0, end))
      if (owner !== undefined) return owner
    }
    return undefined
  }
}
