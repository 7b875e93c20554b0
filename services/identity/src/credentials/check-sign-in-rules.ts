import { SignInRulesChecked } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'

/** The clauses ask for letters, digits and special characters, and for 8 characters. Source. */
const FEWEST_CLASSES = 3
const SHORTEST = 8
/** Minutes after its limit that a session may still be open: it is closed by a job of every minute. */
const SLACK_MINUTES = 5

interface Counts {
  readonly sessionsPastInitial: number
  readonly withoutClasses: number
  readonly tooShort: number
  readonly sessionsPastLimit: number
  readonly administratorsWithoutFactor: number
}

/**
 * Counts what the rules forbid and states it, so that the clauses rest on what is so now and not on what once happened. A
 * password of weaker rules is replaced at the next sign-in; until then it counts.
 */
export const checkSignInRules = defineTask(
  'check-sign-in-rules',
  Type.Object({}),
  async (tx, _, act) => {
    const late = new Date(act.now.getTime() - SLACK_MINUTES * 60_000)
    const [counts]: Counts[] = await tx.query(
      `select
         (select count(*)::integer from session
            join credential on credential.account_id = session.account_id
             and credential.ended_at is null and credential.kind = 'initial'
           where session.ended_at is null and credential.expires_at <= $1) as "sessionsPastInitial",
         (select count(*)::integer from credential join account on account.id = account_id
           where ended_at is null and kind = 'chosen' and status = 'active'
             and (policy ->> 'classes')::integer < $2) as "withoutClasses",
         (select count(*)::integer from credential join account on account.id = account_id
           where ended_at is null and kind = 'chosen' and status = 'active'
             and (policy ->> 'minLength')::integer < $3) as "tooShort",
         (select count(*)::integer from session
           where ended_at is null and least(idle_at, ends_at) <= $1) as "sessionsPastLimit",
         (select count(*)::integer from credential join account on account.id = account_id
           where ended_at is null and kind = 'chosen' and status = 'active' and administrator_role is not null
             and not exists (select from second_factor
                              where second_factor.account_id = account.id
                                and confirmed_at is not null and second_factor.ended_at is null)
         ) as "administratorsWithoutFactor"`,
      [late, FEWEST_CLASSES, SHORTEST],
    )
    if (counts === undefined) throw new TypeError('a count answered no row')
    const fact = { ...counts, checkedAt: act.now.toISOString() }
    await appendEvent(tx, 'identity', SignInRulesChecked, 'sign-in-rules', fact, act)
  },
)
