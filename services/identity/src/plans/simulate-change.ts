import type { Act } from '@erp-steward/contracts/act'
import { about, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import { keepIf } from '@erp-steward/service-kit/keep-if'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountChangeEntity, AccountChangeView } from '../accounts/account-change.ts'
import { AccountEntity, AccountStatus } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { AccessGrantEntity, GrantKind, GrantName, GrantSource } from '../grants/access-grant.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { PositionEntity } from '../organisation/position.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { ProvisioningTaskEntity, TaskView } from '../provisioning/provisioning-task.ts'
import { openTask } from '../provisioning/sealed-task.ts'
import { ViolatedPair, violatedPairs } from '../sod/violations-of.ts'

const SimulatedGrant = Type.Object(
  { kind: GrantKind, name: GrantName, source: GrantSource },
  { title: 'SimulatedGrant' },
)

const SimulatedTask = Type.Object(
  {
    kind: TaskView.properties.kind,
    call: TaskView.properties.call,
    notBefore: TaskView.properties.notBefore,
  },
  { title: 'SimulatedTask' },
)

/** What a change of a person would do, though nothing of it was kept. */
export const SimulationView = Type.Object(
  {
    personId: nullable(Uuid, 'Whom it is about; null: who would join, and has no id yet.'),
    effectiveOn: about(LocalDate, 'The day as of which it was tried.'),
    account: nullable(
      Type.Object(
        {
          userName: Type.String({ description: 'How its owner signs in, and the EBS user.' }),
          before: nullable(AccountStatus, 'Its state now; null: there is none.'),
          after: AccountStatus,
        },
        { title: 'SimulatedAccount' },
      ),
      'The account afterwards; null: the person would have none.',
    ),
    grantsBegun: Type.Array(SimulatedGrant, { description: 'What would begin at once.' }),
    grantsEnded: Type.Array(SimulatedGrant, { description: 'What would end.' }),
    waiting: Type.Array(AccountChangeView.properties.kind, {
      description:
        'What would wait for an approval, by kind of account change: `grant-position` gives the rights of the position.',
    }),
    incompatible: Type.Array(ViolatedPair, {
      description:
        'Incompatible duties that the rights of the position make with what would still be held, those under an exception included.',
    }),
    tasksDropped: Type.Array(TaskView.properties.kind, {
      description: 'Calls that wait and EBS would no longer get.',
    }),
    tasks: Type.Array(SimulatedTask, {
      description:
        'Calls that EBS would get, in their order; initial passwords are not among them.',
    }),
  },
  { title: 'PersonChangeSimulation' },
)
export type Simulation = Static<typeof SimulationView>

/** One change of the life of a person, done as on a day. */
export interface SimulatedChange {
  /** `null`: who joins. */
  readonly personId: string | null
  readonly effectiveOn: string
  /** Does it, and answers whom it was about. */
  readonly apply: (tx: EntityManager, act: Act) => Promise<Pick<Person, 'id'>>
}

/**
 * Does a change by the rules and the register of now, looks what became of it, and takes everything back. What would be refused
 * is refused.
 *
 * @throws Problem whatever `apply` throws
 */
export function simulateChange(
  db: Pick<EntityManager, 'transaction'>,
  { personId, effectiveOn, apply }: SimulatedChange,
  act: Act,
): Promise<Simulation> {
  const simulate = async (tx: EntityManager): Promise<Simulation> => {
    const before = personId === null ? nothing : await stateOf(tx, personId)
    const { id } = await apply(tx, act)
    const after = await stateOf(tx, id)
    const { account } = after
    const position = await positionOf(tx, id)
    return {
      personId,
      effectiveOn,
      account:
        account === null
          ? null
          : {
              userName: openUserName(tx, account),
              before: before.account?.status ?? null,
              after: account.status,
            },
      grantsBegun: missingIn(after.grants, before.grants),
      grantsEnded: missingIn(before.grants, after.grants),
      waiting: missingIn(after.changes, before.changes).map(({ kind }) => kind),
      incompatible:
        position === null
          ? []
          : (await violatedPairs(tx, [{ personId: id, items: itemsOf(position) }], act.now)).map(
              // Who would join has no id that anybody could ask for.
              (pair) => ({ ...pair, personId }),
            ),
      tasksDropped: missingIn(openOf(before), openOf(after)).map(({ kind }) => kind),
      tasks: missingIn(after.tasks, before.tasks).map((task) => openTask(tx, task)),
    }
  }
  return keepIf(db, simulate, () => false)
}

type State = Awaited<ReturnType<typeof stateOf>>

const nothing: State = { account: null, grants: [], changes: [], tasks: [] }

/** Of somebody what a change may touch. */
async function stateOf(tx: EntityManager, personId: string) {
  const account = await tx.findOneBy(AccountEntity, { personId })
  const accountId = account?.id
  const subjects = [personId, ...(accountId === undefined ? [] : [accountId])]
  const [grants, changes, tasks] = await Promise.all([
    tx
      .createQueryBuilder(AccessGrantEntity, 'held')
      .where('held.personId = :personId and held.endedAt is null', { personId })
      .orderBy('held.kind')
      .addOrderBy('held.name')
      .getMany(),
    tx
      .createQueryBuilder(AccountChangeEntity, 'change')
      .where(`change.status = 'pending' and change.subjectId = any(:subjects)`, { subjects })
      .getMany(),
    accountId === undefined
      ? []
      : tx.find(ProvisioningTaskEntity, { where: { accountId }, order: { seq: 'ASC' } }),
  ])
  return { account, grants, changes, tasks }
}

const openOf = ({ tasks }: State) =>
  tasks.filter(({ status }) => status !== 'done' && status !== 'superseded')

const missingIn = <Row extends { readonly id: string }>(
  rows: readonly Row[],
  others: readonly Row[],
): Row[] => {
  const known = new Set(others.map(({ id }) => id))
  return rows.filter(({ id }) => !known.has(id))
}

/** The position of somebody who belongs to the company. */
async function positionOf(tx: EntityManager, id: string) {
  const person = await tx.findOneByOrFail(PersonEntity, { id })
  return person.active ? tx.findOneBy(PositionEntity, { id: person.positionId }) : null
}
