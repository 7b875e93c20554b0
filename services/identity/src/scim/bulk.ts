import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { FastifyError } from 'fastify'
import { problemOf } from '@erp-steward/service-kit/problem-details'
import { scimError, scimStatusOf } from '@erp-steward/service-kit/scim-errors'
import type { Language } from '@erp-steward/service-kit/language'
import type { Json } from './rules/attribute.ts'
import { bulkOrder, referencesIn, resolved, type BulkOperation } from './rules/bulk.ts'
import { isObject } from './rules/read-resource.ts'
import { patched } from './rules/patch.ts'
import { ENTERPRISE_USER, User } from './user-resource.ts'
import { changeUser, createUser, deleteUser, type Writer, type Written } from './write-user.ts'

/** What became of one operation. */
type Outcome = Readonly<Record<string, unknown>>

interface Bulk {
  readonly operations: readonly BulkOperation[]
  /** After so many refusals the rest is left undone; `null`: never. */
  readonly failOnErrors: number | null
}

/**
 * Does operations one after the other, each in a transaction of its own: what is done stays, whatever becomes of the next. An
 * operation comes after those that it refers to. People who are each other's managers are taken in first and told of their
 * managers then. Source: RFC 7644, 3.7.
 *
 * @returns outcomes of those that were tried, in the order in which they were sent
 */
export async function doBulk(
  writer: Writer,
  { operations, failOnErrors }: Bulk,
  language: Language,
  log: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  const ids = new Map<string, string>()
  const outcomes = new Map<number, Outcome>()
  /** Managers that are not there yet, by the id of whom they manage. */
  const managers: { readonly at: number; readonly id: string; readonly name: string }[] = []
  let refusals = 0
  const mayGoOn = () => failOnErrors === null || refusals < failOnErrors
  const refuse = (at: number, operation: BulkOperation, error: unknown) => {
    refusals += 1
    const problem = problemOf(error as FastifyError)
    // What is no refusal of ours is told as any other failure: what was done before stays done.
    if (problem.status >= 500) log(error)
    const { location } = outcomes.get(at) ?? {}
    outcomes.set(at, {
      ...asked(operation),
      // Somebody who is there, but without what was to be added.
      ...(location !== undefined && { location }),
      status: String(scimStatusOf(problem)),
      response: scimError(problem, problem.detail[language]),
    })
  }
  const isToCome = (name: string, at: number) => {
    const other = operations.findIndex(({ bulkId }) => bulkId === name)
    return other !== at && operations[other]?.method === 'POST' && !outcomes.has(other)
  }
  for (const at of bulkOrder(operations)) {
    const operation = operations[at]
    if (operation === undefined || !mayGoOn()) continue
    try {
      const ready = resolved(operation, ids)
      const { doable, manager } = withoutManagerToCome(ready, (name) => isToCome(name, at))
      assertResolved(doable)
      const { outcome, id } = await doOne(writer, doable)
      outcomes.set(at, outcome)
      if (id !== null && operation.bulkId !== null) ids.set(operation.bulkId, id)
      if (id !== null && manager !== null) managers.push({ at, id, name: manager })
    } catch (error) {
      refuse(at, operation, error)
    }
  }
  for (const { at, id, name } of managers) {
    const operation = operations[at]
    if (operation === undefined) continue
    try {
      const managerId = ids.get(name)
      if (managerId === undefined) throw unresolved(name)
      const written = await changeUser(writer, id, undefined, (user) => ({
        ...user,
        [ENTERPRISE_USER]: {
          ...(Object(user[ENTERPRISE_USER]) as Json),
          manager: { value: managerId },
        },
      }))
      outcomes.set(at, outcomeOf(operation, written, 201))
    } catch (error) {
      refuse(at, operation, error)
    }
  }
  return [...outcomes].sort(([a], [b]) => a - b).map(([, outcome]) => outcome)
}

/** A new user without the manager, where that one is another new user of the same request who is not there yet. */
function withoutManagerToCome(
  operation: BulkOperation,
  isToCome: (name: string) => boolean,
): { readonly doable: BulkOperation; readonly manager: string | null } {
  const { method, data } = operation
  const enterprise = isObject(data) ? data[ENTERPRISE_USER] : undefined
  if (method !== 'POST' || !isObject(data) || !isObject(enterprise))
    return { doable: operation, manager: null }
  const [name] = referencesIn({ path: '', data: enterprise.manager })
  if (name === undefined || !isToCome(name)) return { doable: operation, manager: null }
  const { manager: _, ...rest } = enterprise
  return { doable: { ...operation, data: { ...data, [ENTERPRISE_USER]: rest } }, manager: name }
}

async function doOne(
  writer: Writer,
  operation: BulkOperation,
): Promise<{ outcome: Outcome; id: string | null }> {
  const { method, data, version } = operation
  const id = userIn(operation)
  if (method === 'POST') {
    const written = await createUser(writer, data)
    const made = Object(written.user) as { id?: unknown }
    return {
      outcome: outcomeOf(operation, written, 201),
      id: typeof made.id === 'string' ? made.id : null,
    }
  }
  const tag = version ?? undefined
  if (method === 'DELETE') {
    await deleteUser(writer, id, tag)
    const location = `${writer.base}/Users/${id}`
    return { outcome: { ...asked(operation), location, status: '204' }, id: null }
  }
  const wanted = (user: Json) =>
    method === 'PUT' ? (Object(data) as Json) : patched(User, user, data)
  const written = await changeUser(writer, id, tag, wanted)
  return { outcome: outcomeOf(operation, written, 200), id }
}

/** @throws Problem `scim-path-refused` for what is no user, or none that can be written like this */
function userIn({ method, path }: BulkOperation): string {
  const [, id = ''] = /^\/Users(?:\/([^/?]+))?$/.exec(path) ?? [null, null]
  const isFitting = path === '/Users' ? method === 'POST' : method !== 'POST' && id !== null
  if (!isFitting || (path !== '/Users' && (id === null || id === '')))
    throw new Problem(
      'scim-path-refused',
      said(`There is no ${method} ${path} here.`, `此处没有 ${method} ${path}。`),
    )
  return id ?? ''
}

const asked = ({ method, bulkId }: BulkOperation) => ({
  method,
  ...(bulkId !== null && { bulkId }),
})

function outcomeOf(operation: BulkOperation, { user, waits }: Written, done: 200 | 201): Outcome {
  const { location, version } = Object(user?.meta) as { location?: unknown; version?: unknown }
  return {
    ...asked(operation),
    // Of a request that waits the address is the one of the request, as `Location` is of a single one.
    location: waits ?? location,
    ...(typeof version === 'string' && { version }),
    status: String(waits === null ? done : 202),
  }
}

/** @throws Problem `scim-value-refused` for a name that stands for nobody */
function assertResolved(operation: BulkOperation): void {
  const [name] = referencesIn(operation)
  if (name !== undefined) throw unresolved(name)
}

const unresolved = (name: string) =>
  new Problem(
    'scim-value-refused',
    said(`bulkId:${name} stands for nobody.`, `bulkId:${name} 没有对应的用户。`),
  )
