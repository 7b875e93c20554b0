import type { ServiceName } from '@erp-steward/contracts/services'
import { isPathOf } from '@erp-steward/service-kit/problem-details'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import type { RoutingTable } from '../routing/rules/routing-table.ts'
import { askForNews, type Upstream } from '../routing/upstreams.ts'
import { HOW_TO_BEGIN } from './how-to-begin.ts'
import { mergeDocuments, OpenApiDocument, type MergedDocument } from './merge-documents.ts'

/** Longest wait for a document in milliseconds. */
const DOCUMENT_MS = 5_000

/** The OpenAPI documents of the services as last read, merged with the gateway's own. */
export interface Catalogue {
  readonly merged: MergedDocument
  /** Methods that the document knows for a path, `HEAD` wherever there is `GET`, sorted. */
  methodsOf(path: string): readonly string[]
  /** Services whose document has never been read. */
  readonly missing: readonly ServiceName[]
  /** Reads every document anew; one that cannot be read stays as it was. */
  refresh(): Promise<void>
}

const isDocument = Compile(OpenApiDocument)

export function createCatalogue(
  upstreams: readonly Upstream[],
  table: RoutingTable,
  own: () => unknown,
  log: Logger,
): Catalogue {
  const read = new Map<ServiceName, OpenApiDocument>()
  const tags = new Map<ServiceName, string | undefined>()
  let merged: MergedDocument | undefined

  function merge(): MergedDocument {
    const ownDocument = own()
    if (!isDocument.Check(ownDocument)) throw new Error('the own document is not OpenAPI')
    return mergeDocuments(
      {
        title: 'ERP Steward',
        version: '1',
        description: HOW_TO_BEGIN,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      [
        { owner: 'gateway', document: ownDocument, routes: (path) => table(path) === undefined },
        ...upstreams.flatMap(({ name }) => {
          const document = read.get(name)
          const routes = (path: string) => table(path) === name
          return document === undefined ? [] : { owner: name, document, routes }
        }),
      ],
    )
  }

  /** Whether there is another document than the one read last. */
  async function readNews(upstream: Upstream): Promise<boolean> {
    const { name } = upstream
    try {
      const news = await askForNews(upstream, '/openapi.json', DOCUMENT_MS, tags.get(name))
      if (news === null) return false
      if (isDocument.Check(news.answer)) {
        read.set(name, news.answer)
        tags.set(name, news.tag)
        return true
      }
      log.error({ upstream: name }, 'its OpenAPI document cannot be read')
    } catch (error) {
      log.debug({ upstream: name, err: error }, 'its OpenAPI document is not there')
    }
    return false
  }

  return {
    get merged() {
      merged ??= merge()
      return merged
    },
    methodsOf(path) {
      merged ??= merge()
      const segments = path.split('/')
      const fitting = Object.entries(merged.document.paths).filter(([pattern]) =>
        isPathOf(pattern.split('/'), segments),
      )
      const methods = fitting.flatMap(([, item]) => Object.keys(item))
      return [
        ...new Set(
          methods.flatMap((name) => (name === 'get' ? ['GET', 'HEAD'] : name.toUpperCase())),
        ),
      ].toSorted()
    },
    get missing() {
      return upstreams.map(({ name }) => name).filter((name) => !read.has(name))
    },
    async refresh() {
      const news = await Promise.all(upstreams.map((upstream) => readNews(upstream)))
      if (merged !== undefined && !news.includes(true)) return
      const before = merged
      merged = merge()
      for (const fault of [...merged.clashes, ...merged.unreachable])
        if (!before?.clashes.includes(fault) && !before?.unreachable.includes(fault))
          log.error({ fault }, 'the OpenAPI documents do not fit together')
    },
  }
}
