import { tags } from '@erp-steward/contracts/tags'
import type { Described } from './describe-exchange.ts'

/** Names the tags of a document's operations, each with what it is about. */
export function describeTags(document: Described): void {
  const operations = [document.paths, document.webhooks].flatMap((items) =>
    Object.values(items ?? {}).flatMap((item) => Object.values(item)),
  )
  const used = new Set(operations.flatMap((operation) => operation.tags ?? []))
  document.tags = [...used].toSorted().map((name) => {
    const description = tags[name]
    return { name, ...(description !== undefined && { description }) }
  })
}
