import type { Act } from '@erp-steward/contracts/act'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Compile } from 'typebox/compile'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import { isReservedUserName } from '../accounts/rules/user-name.ts'
import { EbsFindingEntity, openFound, type EbsFinding, type FoundUser } from './ebs-finding.ts'
import { matchPerson, type Candidate, type Match } from './rules/match-person.ts'

/** An unknown user of EBS, and whose it is. */
export interface MatchedUser extends Match {
  readonly findingId: string
  readonly userName: string
}

const name = Compile(UserName)

/**
 * Looks for the people of unknown users by employee number and mail address: those whose case is open, in the order of
 * their ids. Two users of one person are nobody's.
 */
export async function matchUsers(
  tx: EntityManager,
  { after, limit }: { readonly after: string | null; readonly limit: number },
  { now }: Act,
): Promise<MatchedUser[]> {
  const query = tx
    .createQueryBuilder(EbsFindingEntity, 'finding')
    .where(`finding.kind = 'unknown-account' and finding.state = 'open'`)
    .andWhere('(finding.ignoredUntil is null or finding.ignoredUntil <= :now)', { now })
    .orderBy('finding.id')
    .limit(limit)
  if (after !== null) query.andWhere('finding.id > :after', { after })
  const users = (await query.getMany()).map((finding) => userOf(tx, finding))
  const candidates = await candidatesOf(tx, users)
  const matched = users.map(({ findingId, user }) => {
    const usable = name.Check(user.userName) && !isReservedUserName(user.userName)
    const match = matchPerson(candidates.get(findingId) ?? [], usable)
    return { findingId, userName: user.userName, ...match }
  })
  const times = Map.groupBy(matched, ({ personId }) => personId)
  return matched.map((each) =>
    each.outcome === 'matched' && (times.get(each.personId)?.length ?? 0) > 1
      ? { ...each, outcome: 'ambiguous' }
      : each,
  )
}

interface OpenUser {
  readonly findingId: string
  readonly user: FoundUser
}

function userOf(tx: EntityManager, finding: EbsFinding): OpenUser {
  const user = openFound(tx, finding)
  if (user === null) throw new TypeError(`finding ${finding.id} names no user`)
  return { findingId: finding.id, user }
}

async function candidatesOf(
  tx: EntityManager,
  users: readonly OpenUser[],
): Promise<Map<string, Candidate[]>> {
  const { lookup } = personalDataOf(tx)
  const asked = users.map(({ findingId, user: { employeeNumber, email } }) => ({
    id: findingId,
    number: employeeNumber === null ? null : lookup('employee-number', employeeNumber),
    email: email === null ? null : lookup('email', email),
  }))
  const found: (Candidate & { findingId: string })[] = await tx.query(
    `select asked.id as "findingId", person.id as "personId",
            case when employee_number_lookup = asked.number then 'employee-number' else 'email' end as by,
            exists (select from account where person_id = person.id) as "hasAccount"
       from json_to_recordset($1) as asked (id uuid, number text, email text)
       join person on active and (employee_number_lookup = asked.number or email_lookup = asked.email)`,
    [JSON.stringify(asked)],
  )
  return Map.groupBy(found, ({ findingId }) => findingId)
}
