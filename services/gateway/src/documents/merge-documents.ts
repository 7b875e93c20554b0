import { isDeepStrictEqual } from 'node:util'
import { SERVERS } from '@erp-steward/service-kit/create-app'
import { Type, type Static } from 'typebox'

const Members = Type.Record(Type.String(), Type.Unknown())

/** As much of an OpenAPI document as merging needs to know. */
export const OpenApiDocument = Type.Object({
  openapi: Type.String(),
  info: Type.Optional(Members),
  paths: Type.Record(Type.String(), Members),
  webhooks: Type.Optional(Type.Record(Type.String(), Members)),
  servers: Type.Optional(Type.Array(Members)),
  tags: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), description: Type.Optional(Type.String()) })),
  ),
  components: Type.Optional(Type.Record(Type.String(), Members)),
})
export type OpenApiDocument = Static<typeof OpenApiDocument>

/** A document and whose it is; `routes` says whether the gateway routes a path to its owner. */
export interface OwnedDocument {
  readonly owner: string
  readonly document: OpenApiDocument
  readonly routes: (path: string) => boolean
}

export interface MergedDocument {
  readonly document: OpenApiDocument
  /** One sentence per clash, naming both owners; the first owner's version is in the document. */
  readonly clashes: readonly string[]
  /** Paths that are documented but that no caller can reach; they are left out. */
  readonly unreachable: readonly string[]
}

/** One OpenAPI 3.1 document of many: the first gives `openapi` and `info`, all give paths, tags and components. */
export function mergeDocuments(
  info: Readonly<Record<string, unknown>>,
  documents: readonly OwnedDocument[],
): MergedDocument {
  const paths = new Map<string, { owner: string; item: Record<string, unknown> }>()
  const operations = new Map<string, string>()
  const components = new Map<string, Map<string, { owner: string; component: unknown }>>()
  const tags = new Map<string, NonNullable<OpenApiDocument['tags']>[number]>()
  const webhooks: [string, Record<string, unknown>][] = []
  const clashes: string[] = []
  const unreachable: string[] = []

  const addPath = (owner: string, path: string, item: Record<string, unknown>) => {
    const other = paths.get(path)
    if (other !== undefined) {
      clashes.push(`The path ${path} is documented by ${other.owner} and by ${owner}.`)
      return
    }
    paths.set(path, { owner, item })
    for (const operation of Object.values(item)) {
      for (const name of tagsOf(operation)) if (!tags.has(name)) tags.set(name, { name })
      const id = operationIdOf(operation)
      if (id === undefined) continue
      const namesake = operations.get(id)
      if (namesake === undefined) operations.set(id, owner)
      else clashes.push(`The operationId ${id} is used by ${namesake} and by ${owner}.`)
    }
  }

  for (const { owner, document, routes } of documents) {
    for (const [path, item] of Object.entries(document.paths))
      if (routes(path)) addPath(owner, path, item)
      else unreachable.push(`${path} of ${owner}`)
    for (const tag of document.tags ?? []) tags.set(tag.name, tag)
    webhooks.push(...Object.entries(document.webhooks ?? {}))
    for (const [kind, ofKind] of Object.entries(document.components ?? {})) {
      const known = components.get(kind) ?? new Map<string, { owner: string; component: unknown }>()
      components.set(kind, known)
      for (const [name, component] of Object.entries(ofKind)) {
        const other = known.get(name)
        if (other === undefined) known.set(name, { owner, component })
        else if (!isDeepStrictEqual(other.component, component))
          clashes.push(`The component ${kind}/${name} differs between ${other.owner} and ${owner}.`)
      }
    }
  }
  return {
    document: {
      openapi: '3.1.0',
      info,
      servers: SERVERS,
      tags: [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tag]) => tag),
      ...(webhooks.length > 0 && { webhooks: sorted(webhooks) }),
      paths: sorted([...paths].map(([path, { item }]) => [path, item])),
      components: sorted(
        [...components].map(([kind, ofKind]) => [
          kind,
          sorted([...ofKind].map(([name, { component }]) => [name, component])),
        ]),
      ),
    },
    clashes,
    unreachable,
  }
}

function tagsOf(operation: unknown): readonly string[] {
  const { tags } = Object(operation) as { tags?: unknown }
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

function operationIdOf(operation: unknown): string | undefined {
  return typeof operation === 'object' &&
    operation !== null &&
    'operationId' in operation &&
    typeof operation.operationId === 'string'
    ? operation.operationId
    : undefined
}

function sorted<Value>(entries: [string, Value][]): Record<string, Value> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
