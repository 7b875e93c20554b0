import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { EbsCall, EbsState, ProvisioningTask } from './provisioning-task.ts'

/** Arguments of our calls that name a person; all others are dates, codes and flags. */
const PERSONAL_ARGUMENTS: readonly string[] = [
  'x_user_name',
  'username',
  'p_user_name',
  'x_description',
  'x_email_address',
]

/** Members of a state that say nothing about a person; the middleware may send others, and those are sealed. */
const PLAIN_MEMBERS: readonly string[] = [
  'startDate',
  'endDate',
  'application',
  'responsibilityKey',
  'securityGroup',
  'roleName',
  'passwordDate',
  'validity',
  'profileOption',
  'value',
]

/** A call as it is stored: what names a person is sealed for the account. Source. */
export function sealCall(tx: EntityManager, accountId: string, call: EbsCall): EbsCall {
  const { seal } = personalDataOf(tx)
  return mapCall(call, (text) => seal(accountId, 'ebs', text))
}

/** A state in EBS as it is stored and stated. */
export function sealState(tx: EntityManager, accountId: string, state: EbsState): EbsState {
  const { seal } = personalDataOf(tx)
  return mapState(state, (text) => seal(accountId, 'ebs', text))
}

/** What EBS said, which may name the user. */
export function sealMessage(tx: EntityManager, accountId: string, message: string): string {
  return personalDataOf(tx).seal(accountId, 'ebs', message)
}

/** @throws Error if it was sealed under keys that are not configured */
export function openState(tx: EntityManager, accountId: string, state: EbsState): EbsState {
  const { open } = personalDataOf(tx)
  return mapState(state, (text) => open(accountId, 'ebs', text))
}

/**
 * The task with what is sealed in clear, for the middleware and whoever may see it.
 *
 * @throws Error if it was sealed under keys that are not configured
 */
export function openTask<Task extends ProvisioningTask>(tx: EntityManager, task: Task): Task {
  const { open } = personalDataOf(tx)
  return {
    ...mapTask(task, (text) => open(task.accountId, 'ebs', text)),
    // Sealed as the account's own.
    userName: open(task.accountId, 'user-name', task.userName),
  }
}

/** The open task for a caller who may not see what describes a person; the user name stays, for calls go by it. */
export function maskTask<Task extends ProvisioningTask>(task: Task): Task {
  const mask = (text: string) => (text === task.userName ? text : '***')
  return { ...mapTask(task, mask), errorMessage: task.errorMessage }
}

/** The task with every text that is sealed for EBS put through `change`. */
export function mapTask<Task extends ProvisioningTask>(
  task: Task,
  change: (text: string) => string,
): Task {
  const { call, expected, readBack, errorMessage } = task
  return {
    ...task,
    call: mapCall(call, change),
    expected: mapState(expected, change),
    readBack: readBack === null ? null : mapState(readBack, change),
    errorMessage: errorMessage === null ? null : change(errorMessage),
  }
}

function mapCall(call: EbsCall, change: (text: string) => string): EbsCall {
  const given = Object.entries(call.arguments).map(([name, value]) => [
    name,
    PERSONAL_ARGUMENTS.includes(name) && typeof value === 'string' ? change(value) : value,
  ])
  return { ...call, arguments: Object.fromEntries(given) as EbsCall['arguments'] }
}

function mapState(state: EbsState, change: (text: string) => string): EbsState {
  const members = Object.entries(state).map(([name, value]) => [
    name,
    PLAIN_MEMBERS.includes(name) || value === null ? value : change(value),
  ])
  return Object.fromEntries(members) as EbsState
}
