import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import type { HeldAccount } from '../accounts/lock-account.ts'
import { accessOf, responsibilityName } from '../grants/rules/grant-item.ts'
import { openPerson } from '../people/sealed-person.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { passwordDaysOf } from '../provisioning/queue-access.ts'
import { queueTasks, type EbsTarget } from '../provisioning/queue-tasks.ts'
import { accessDifference, noAccess } from '../provisioning/rules/access-difference.ts'
import {
  addResponsibility,
  addRole,
  createUser,
  enableUser,
  endDateUser,
  endResponsibility,
  endRole,
  setProfileOption,
  updateUser,
  type EbsRequest,
} from '../provisioning/rules/ebs-request.ts'
import { keepDecision, lockFinding, unfit, type HeldFinding } from './decide-finding.ts'
import { openFound, type EbsFinding } from './ebs-finding.ts'
import { profileTargets } from './profile-targets.ts'
import { profileRules } from './rules/profile-option.ts'
import { isNeededByEbs } from './rules/generic-name.ts'
import { wantedUsers } from './wanted-users.ts'

interface Mend {
  readonly id: string
  readonly reason: string
}

/**
 * Ends in EBS what should not be there: the user, or what it was given. A task is queued; the next comparison tells whether
 * it helped.
 *
 * Source, EBS conventions 4.2.
 *
 * @throws Problem as `lockFinding`, `finding-state` also for a kind of which nothing is ended, and for users without whom EBS
 *   does not run
 */
export async function endFinding(
  tx: EntityManager,
  { id, reason }: Mend,
  expected: number,
  act: Act,
): Promise<EbsFinding> {
  const { finding, held } = await lockFinding(tx, id, expected, act)
  const userName = userNameOf(tx, finding)
  const request = endOf(finding, userName, held, chinaDay(act.now))
  if (isNeededByEbs(userName) && request.kind === 'end-date-user')
    throw unfit(said(`EBS does not run without ${userName}.`, `EBS 运行离不开 ${userName}。`))
  await queueTasks(tx, targetOf(tx, finding, userName, held), [request], act)
  return keepDecision(tx, finding, { ...decided('ending'), decision: 'end', reason }, act)
}

/** The call that ends what a finding is about. */
function endOf(
  { kind, holds, name }: EbsFinding,
  userName: string,
  held: HeldAccount | null,
  day: string,
): EbsRequest {
  switch (kind) {
    case 'unapproved-grant':
      return holds === 'ebs-role'
        ? endRole(userName, name ?? '', day)
        : endResponsibility(userName, responsibilityOf(name), day)
    case 'unknown-account':
    case 'not-disabled':
    case 'reopened':
      return endDateUser(userName, day)
    case 'generic-name':
      if (held?.account.status !== 'active') return endDateUser(userName, day)
      throw unfit(
        said(
          'The account is active: have it disabled by an account change.',
          '该账号处于启用状态：请通过账号变更停用。',
        ),
      )
    default:
      throw unfit(said(`Of a ${kind} nothing is ended.`, `${kind} 类差异没有可收回的内容。`))
  }
}

/**
 * Gives EBS again what it lacks and was approved, or sets it as our parameters ask.
 *
 * @throws Problem as `lockFinding`, `finding-state` also for a kind of which nothing is missing, and for what is no longer
 *   approved
 */
export async function restoreFinding(
  tx: EntityManager,
  { id, reason }: Mend,
  expected: number,
  act: Act,
): Promise<EbsFinding> {
  const { finding, held } = await lockFinding(tx, id, expected, act)
  const isOfSite = finding.kind === 'profile-option'
  const requests = isOfSite
    ? [await optionOf(tx, finding, act)]
    : await missingOf(tx, { finding, held }, act)
  const userName = isOfSite ? NO_USER : userNameOf(tx, finding)
  const target = targetOf(tx, finding, userName, held)
  await queueTasks(tx, target, requests, act)
  return keepDecision(tx, finding, { ...decided('restoring'), decision: 'restore', reason }, act)
}

/** In the place of the name of a user, where a task is about none. */
const NO_USER = '-'

/** The call that sets a profile option as our parameters ask now. */
async function optionOf(
  tx: EntityManager,
  { name }: EbsFinding,
  { now }: Act,
): Promise<EbsRequest> {
  const rule = profileRules.find((each) => each.name === name)
  const value = rule?.value(await profileTargets(tx, now)) ?? null
  if (name === null || value === null)
    throw unfit(
      said(
        'Which value it has to have only the site knows: set it in EBS.',
        '其取值只有贵单位知道：请在 EBS 中设置。',
      ),
    )
  return setProfileOption(name, value)
}

async function missingOf(
  tx: EntityManager,
  { finding, held }: HeldFinding,
  act: Act,
): Promise<EbsRequest[]> {
  const { kind, holds, name } = finding
  const userName = userNameOf(tx, finding)
  if (held?.holder === null || held === null || !kind.startsWith('missing-'))
    throw unfit(said(`Of a ${kind} nothing is missing.`, `${kind} 类差异没有缺失的内容。`))
  const wanted = (await wantedUsers(tx, [userNameLookup(tx, userName)], act.now, act.now))
    .values()
    .next()
  const access = wanted.value?.status === 'active' ? wanted.value.access : null
  if (access === null) throw notWanted()
  const day = chinaDay(act.now)
  if (kind === 'missing-account') {
    const user = { ...openPerson(tx, held.holder.person), userName }
    const passwordDays = await passwordDaysOf(tx, held.holder.person.unitId, act)
    const { added } = accessDifference(userName, noAccess, access, day)
    return (await isInEbs(tx, finding))
      ? [enableUser(userName, day), updateUser(user)]
      : [createUser(user, day, passwordDays), ...added]
  }
  const grant = name ?? ''
  if (holds === 'ebs-role') {
    if (!access.ebsRoles.includes(grant)) throw notWanted()
    return [addRole(userName, grant, day)]
  }
  if (!access.responsibilities.map(responsibilityName).includes(grant)) throw notWanted()
  return [addResponsibility(userName, responsibilityOf(grant), day)]
}

const notWanted = () => unfit(said('It is no longer approved.', '该内容已不再获批。'))

/** Whether the upload that showed it last had the user, ended as it may be. */
async function isInEbs(tx: EntityManager, { accountId, seenBy }: EbsFinding): Promise<boolean> {
  const seen: unknown[] = await tx.query(
    'select from ebs_user_seen where account_id = $1 and upload_id = $2',
    [accountId, seenBy],
  )
  return seen.length > 0
}

/** The account; a user of EBS without one is known to the queue by its finding. */
function targetOf(
  tx: EntityManager,
  { id, unitId }: EbsFinding,
  userName: string,
  held: HeldAccount | null,
): EbsTarget {
  if (held !== null) return { account: held.account, unitId: held.owner?.unitId ?? unitId }
  return {
    account: { id, userName: personalDataOf(tx).seal(id, 'user-name', userName) },
    unitId: null,
  }
}

function userNameOf(tx: EntityManager, finding: EbsFinding): string {
  const user = openFound(tx, finding)
  if (user === null)
    throw unfit(
      said(
        'It is about no user: set the profile option in EBS.',
        '该差异不涉及用户：请在 EBS 中修改该配置文件选项。',
      ),
    )
  return user.userName
}

/** @throws TypeError if it is no name of a responsibility */
function responsibilityOf(name: string | null) {
  const [found] = accessOf([{ kind: 'ebs-responsibility', name: name ?? '' }]).responsibilities
  if (found === undefined) throw new TypeError(`${name ?? 'null'} is no responsibility`)
  return found
}

const decided = <State extends 'ending' | 'restoring'>(state: State) => ({
  state,
  ignoredUntil: null,
})
