import { serviceNames, services } from '@erp-steward/contracts/services'
import type { ApiDocument, Examples } from './play.ts'

/** The files that hold the examples of each service, by path from the root; operations of the gateway are its own. */
export function recordings(examples: Examples, document: ApiDocument): Map<string, string> {
  const byOwner = new Map<string, Record<string, object>>()
  for (const [path, item] of Object.entries(document.paths))
    for (const { operationId } of Object.values(item)) {
      const own = examples.get(operationId)
      if (own === undefined) continue
      const owner = ownerOf(path)
      byOwner.set(owner, { ...byOwner.get(owner), [operationId]: Object.fromEntries(own) })
    }
  return new Map(
    [...byOwner].map(([owner, held]) => [
      `services/${owner}/src/examples.json`,
      `${JSON.stringify(held, withoutReferences, 2)}\n`,
    ]),
  )
}

/** Readers of the document follow each member of this name, also within an example: SCIM's links to groups are left out. */
const withoutReferences = (name: string, value: unknown) => (name === '$ref' ? undefined : value)

function ownerOf(path: string): string {
  const owner = serviceNames.find((name) =>
    services[name].prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
  )
  return owner ?? 'gateway'
}
