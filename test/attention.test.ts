import { expect, test } from '@jest/globals'
import { mendings, type MendingId } from '@erp-steward/contracts/attention'
import { serviceNames } from '@erp-steward/contracts/services'
import { operationIdOf } from '@erp-steward/gateway/attention/rules/merge-attention'
import { openApiDocuments } from '../scripts/generated-documents.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>
}

test('what mends a matter is an operation of that name, method and path, of each service that may name it', async () => {
  const documented = new Map([['readHealth', 'GET /health']])
  for (const text of (await openApiDocuments()).values())
    for (const [path, methods] of Object.entries((JSON.parse(text) as Document).paths))
      for (const [method, { operationId }] of Object.entries(methods))
        documented.set(
          operationId,
          `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{id}')}`,
        )
  for (const [id, { method, path }] of Object.entries(mendings))
    for (const service of id.includes('{Service}') ? serviceNames : (['gateway'] as const))
      expect([id, documented.get(operationIdOf(id as MendingId, service))]).toEqual([
        id,
        `${method} ${path.replace('{service}', service)}`,
      ])
})
