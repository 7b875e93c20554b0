import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Instant, Line, Uuid } from '@erp-steward/contracts/values'
import { ClauseId, isClauseId } from '@erp-steward/regulation/clause'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { userNameLookup } from '../accounts/sealed-user-name.ts'

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

/** Which facts of the ledger are meant, all members together; `from` counts, `to` does not. */
export const RecordFilter = Type.Object({
  eventId: Type.Optional(about(Uuid, 'The fact that this event stated.')),
  subject: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^\\u0000]*$',
      description: 'Id of what the fact is about.',
    }),
  ),
  actor: Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: `^(?:${ID}|source:${ID}|service:[a-z-]+|host:[^\\u0000-\\u001f]+|anonymous)$`,
      description:
        'Who acted: id of an account or client, `service:<name>`, `source:<id>` of monitoring, `host:<user>` at the host, or `anonymous`.',
    }),
  ),
  userName: Type.Optional(
    about(Line(100), 'Who acted, by user name in any case; one that nobody has is refused.'),
  ),
  type: Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: '^[a-z]+\\.[a-z-]+\\.[a-z-]+\\.v[1-9][0-9]*$',
      description: 'Type of the event with its version, `identity.account.created.v1`.',
    }),
  ),
  clause: Type.Optional(
    Type.String({
      ...ClauseId,
      description: 'Facts that prove this clause, `A-2.1.4`.',
    }),
  ),
  from: Type.Optional(about(Instant, 'Recorded at this instant or later.')),
  to: Type.Optional(about(Instant, 'Recorded before this instant.')),
})
export type RecordFilter = Static<typeof RecordFilter>

/** A filter as a condition on `audit_record`, with the values of its `$1`, `$2` and so on. */
export interface RecordCondition {
  readonly text: string
  readonly values: readonly unknown[]
  /** Who acted, by id also where a user name was given. */
  readonly actor?: string | undefined
}

/**
 * What PostgreSQL is asked. A filter that no fact can meet is refused: an empty answer would say that nothing happened.
 *
 * @throws Problem `clause-unknown`, `validation-failed` for a user name that nobody has, and for a time that ends before
 *   it begins
 */
export async function conditionOf(
  tx: EntityManager,
  { eventId, subject, actor, userName, type, clause, from, to }: RecordFilter,
): Promise<RecordCondition> {
  const conditions: string[] = ['true']
  const values: unknown[] = []
  const where = (condition: string, value: unknown) => {
    if (value === undefined) return
    values.push(value)
    conditions.push(condition.replace('?', `$${String(values.length)}`))
  }
  where('event_id = ?', eventId)
  where('subject = ?', subject)
  const acting = await actorOf(tx, actor, userName)
  where('actor = ?', acting)
  where('type = ?', type)
  if (clause !== undefined) where('type = any(?)', typesProving(clause))
  if (from !== undefined && to !== undefined && instant(from) >= instant(to))
    throw refused(
      'to',
      said(
        'The time ends before it begins: `to` must be later than `from`.',
        '时间段的结束早于开始：`to` 须晚于 `from`。',
      ),
    )
  where('recorded_at >= ?', from && instant(from))
  where('recorded_at < ?', to && instant(to))
  return { text: conditions.join(' and '), values, actor: acting }
}

async function actorOf(
  tx: EntityManager,
  actor: string | undefined,
  userName: string | undefined,
): Promise<string | undefined> {
  if (userName === undefined) return actor
  const [account]: { id: string }[] = await tx.query(
    'select id from account where user_name_lookup = $1',
    [userNameLookup(tx, userName)],
  )
  if (account === undefined)
    throw refused(
      'userName',
      said(`Nobody has the user name ${userName}.`, `没有用户名为 ${userName} 的账号。`),
    )
  if (actor !== undefined && actor !== account.id)
    throw refused(
      'userName',
      said(
        `${userName} is another account than the actor ${actor}.`,
        `${userName} 与操作者 ${actor} 不是同一账号。`,
      ),
    )
  return account.id
}

function typesProving(clause: string): string[] {
  if (!isClauseId(clause))
    throw new Problem(
      'clause-unknown',
      said(
        'Clauses are named like A-2.1.4; docs/regulation has them all.',
        '条款的编号形如 A-2.1.4；全部列于 docs/regulation。',
      ),
    )
  return eventCatalog.filter(({ clauses }) => clauses.includes(clause)).map(({ type }) => type)
}

/** RFC 3339 takes small letters too. */
const instant = (text: string) => new Date(text.toUpperCase())

function refused(parameter: string, detail: Bilingual): Problem {
  return new Problem('validation-failed', detail, { errors: [{ parameter, detail }] })
}
