import {
  attentionKindNames,
  attentionKinds,
  mendings,
  severities,
  type AttentionKind,
  type MendingId,
} from '@erp-steward/contracts/attention'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Language } from '@erp-steward/service-kit/language'
import type { AttentionCount, AttentionItem } from '@erp-steward/service-kit/attention'

/** Whoever tells of a matter. */
export type Teller = ServiceName | 'gateway'

export interface ToldItem extends AttentionItem {
  readonly service: Teller
}

const rankOf = (names: readonly string[], name: string) => names.indexOf(name)

/** The worst first: by severity, then by kind, then the oldest. */
export function worstFirst(items: readonly ToldItem[]): ToldItem[] {
  return items.toSorted(
    (a, b) =>
      rankOf(severities, a.severity) - rankOf(severities, b.severity) ||
      rankOf(attentionKindNames, a.kind) - rankOf(attentionKindNames, b.kind) ||
      Date.parse(a.since) - Date.parse(b.since) ||
      (a.subject < b.subject ? -1 : 1),
  )
}

/** Counts of several services as one, in the order of the list. */
export function addUp(counts: readonly AttentionCount[]): AttentionCount[] {
  const sums = new Map<string, AttentionCount>()
  for (const each of counts) {
    const key = `${each.severity} ${each.kind}`
    const sum = sums.get(key)
    sums.set(
      key,
      sum === undefined
        ? each
        : {
            ...sum,
            count: sum.count + each.count,
            since: Date.parse(each.since) < Date.parse(sum.since) ? each.since : sum.since,
          },
    )
  }
  return [...sums.values()].toSorted(
    (a, b) =>
      rankOf(severities, a.severity) - rankOf(severities, b.severity) ||
      rankOf(attentionKindNames, a.kind) - rankOf(attentionKindNames, b.kind),
  )
}

/** The words of a kind in a language. */
export function wordsOf(kind: AttentionKind, language: Language) {
  const { title, remedy } = attentionKinds[kind]
  return { title: title[language], remedy: remedy[language] }
}

/** The operation that mends a matter, as it is called: `POST /v1/tickets/<id>/resolve`. */
export function mendingOf({
  mending,
  service,
  subject,
  target,
}: Pick<ToldItem, 'mending' | 'service' | 'subject' | 'target'>) {
  const { method, path } = mendings[mending]
  return {
    operationId: operationIdOf(mending, service),
    method,
    path: path
      .replace('{service}', service)
      .replace('{id}', () => encodeURIComponent(target ?? subject)),
  }
}

/** `replay{Service}DeadLetter` of `identity` is `replayIdentityDeadLetter`. */
export function operationIdOf(mending: MendingId, service: Teller): string {
  const pascal = service.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())
  return mending.replace('{Service}', pascal)
}
